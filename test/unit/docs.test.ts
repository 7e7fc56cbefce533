import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { costPerThousand, fixedCost, prices, total, use } from '../../local/tools/costs/monthly-cost.js'
import { operationBudgets } from '../../local/tools/costs/operation-budgets.js'
import { commandProblems } from '../support/infra/azure-commands.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const fileExists = (path: string): boolean => existsSync(join(root, path))
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
const workflow = '.github/workflows/ci.yml'
const manifest = JSON.parse(read('package.json')) as { version: string; scripts: Record<string, string> }

/** As GitHub makes anchors of headings. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/`|\[|\]\([^)]*\)|[^\p{L}\p{N} _-]/gu, '')
    .trim()
    .replaceAll(' ', '-')
const anchorsIn = (text: string): string[] =>
  [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => anchorOf(heading))

/** Fenced blocks with their info string. */
const blocks = (text: string): { info: string; lines: string[] }[] =>
  [...text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, info = '', body = '']) => ({
    info,
    lines: body.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
  }))
const withoutBlocks = (text: string): string => text.replace(/^```[\s\S]*?^```$/gm, '')

function linkProblems(page: string, text: string): string[] {
  return [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^https:\/\//.test(target)) return URL.canParse(target) ? [] : [`${page}: ${target} is no address`]
    if (/^[a-z]+:/.test(target)) return [`${page}: ${target} is neither a file nor https`]
    const [path = '', anchor] = target.split('#')
    const file = path === '' ? page : normalize(join(dirname(page), path))
    if (!fileExists(file)) return [`${page}: ${target} leads nowhere`]
    if (anchor !== undefined && !anchorsIn(read(file)).includes(anchor))
      return [`${page}: ${target} has no such section`]
    return []
  })
}

const scriptProblems = (text: string): string[] =>
  [...text.matchAll(/npm (?:run(?: --silent)? )?([a-z][\w:]*)/g)].flatMap(([, name = '']) =>
    ['ci', 'i', 'install'].includes(name) || name in manifest.scripts ? [] : [`no script "${name}"`],
  )

describe('documents', () => {
  test('every link leads to a file, a section or an https address', () => {
    expect(pages.flatMap((page) => linkProblems(page, read(page)))).toEqual([])
    // The check finds planted mistakes of each kind.
    const planted = '[a](absent.md) [b](#absent) [c](http://x.example) [d](docs/deploy.md#absent)'
    expect(linkProblems('README.md', planted)).toHaveLength(4)
  })

  test('each decision has a number of its own, and says it', () => {
    const decisions = pages.filter((page) => page.startsWith('docs/decisions/'))
    const numbers = decisions.map((page) => Number(/\/(\d{4})-/.exec(page)?.[1]))
    expect(new Set(numbers).size).toBe(numbers.length)
    for (const [at, page] of decisions.entries()) expect(read(page), page).toMatch(new RegExp(`^# ${numbers[at]}\\. `))
  })

  test('every decision that code or a document names is there', () => {
    const named = execFileSync(
      'git',
      ['grep', '-hoE', 'docs/decisions/[a-z0-9-]+\\.md', '--', 'lib', 'functions', 'local', 'docs'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    )
    for (const file of new Set(named.trim().split('\n'))) expect(fileExists(file), file).toBe(true)
  })

  test('every npm script that is named exists', () => {
    for (const page of [...pages, workflow]) expect(scriptProblems(read(page)), page).toEqual([])
    expect(scriptProblems('run `npm run absent`, then npm ci')).toEqual(['no script "absent"'])
  })

  test('blocks that run anywhere name commands that a test runs; blocks for Azure are marked', () => {
    const ran: Record<string, string> = {
      'npm ci': '.ci/run',
      'npm run package': 'test/e2e/package.full.test.ts',
      'npm run preflight -- --settings app.json': 'test/e2e/preflight.full.test.ts',
    }
    for (const page of ['docs/deploy.md', 'docs/day-two.md'])
      for (const { info, lines } of blocks(read(page))) {
        expect(['sh', 'sh azure'], `${page}: ${info}`).toContain(info)
        if (info !== 'sh') continue
        for (const line of lines)
          expect(ran[line] !== undefined && read(ran[line]).includes(line), `${page}: no test runs "${line}"`).toBe(
            true,
          )
      }
  })

  test('commands for Azure exist, have their options, and name files that are there', () => {
    const marked = ['docs/deploy.md', 'docs/day-two.md'].flatMap((page) =>
      blocks(read(page)).flatMap(({ info, lines }) => (info === 'sh azure' ? lines : [])),
    )
    const inWorkflow = [
      ...read(workflow)
        .replace(/\n {10}(?=az |--)/g, ' ')
        .matchAll(/\baz [^\n>]+/g),
    ].map(([line]) => line)
    const inline = pages.flatMap((page) =>
      [...withoutBlocks(read(page)).matchAll(/`(azd? [a-z][^`]*)`/g)].map(([, line = '']) => line),
    )
    const lines = [...marked, ...inWorkflow, ...inline].filter((line) => !line.startsWith('curl '))
    expect(lines.length).toBeGreaterThan(40)
    expect(lines.flatMap((line) => commandProblems(line.trim(), fileExists))).toEqual([])
    expect(commandProblems('az group destroy --name x', fileExists)).toHaveLength(1)
    expect(
      commandProblems('az deployment group create --force --template-file infra/absent.bicep', fileExists),
    ).toEqual(['az deployment group create has no option --force', 'no such file: infra/absent.bicep'])
  })

  test('calls of the API in the documents are routes of the API', () => {
    const { paths } = JSON.parse(read('docs/openapi.json')) as { paths: Record<string, Record<string, unknown>> }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replace(/\{[^}]+\}/g, '{}')}`),
    )
    for (const page of ['docs/deploy.md', 'docs/day-two.md']) {
      const text = read(page)
      const calls = [
        ...[...text.matchAll(/^curl (-X (\w+) )?\{baseUrl\}(\S+)(.*)$/gm)].map(
          ([, , method, path, rest = '']) => `${method ?? (rest.includes(' -d ') ? 'POST' : 'GET')} ${path}`,
        ),
        ...[...text.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/api\/[^`\s?]+)`/g)].map(
          ([, method, path]) => `${method} ${path}`,
        ),
      ]
      expect(calls.length).toBeGreaterThan(3)
      for (const call of calls) expect(routes, `${page}: ${call}`).toContain(call.replace(/\{[^}]+\}/g, '{}'))
    }
  })

  test('the package named is the one this version makes; outputs named are outputs of the deployment', () => {
    const outputs = [...read('infra/main.bicep').matchAll(/^output (\w+) /gm)].map(([, name]) => name)
    for (const page of ['docs/deploy.md', 'docs/day-two.md']) {
      const text = read(page)
      for (const [, version] of text.matchAll(/mailbox-gateway-(\d[\w.-]*)\.zip/g))
        expect(version).toBe(manifest.version)
      for (const name of ['appName', 'baseUrl']) expect(text).toContain(`{${name}}`)
    }
    for (const name of [
      'appName',
      'baseUrl',
      'redirectUri',
      'vaultUri',
      'operatorKeySecretName',
      'outboundAddress',
      'federatedIssuer',
      'federatedSubject',
    ])
      expect(outputs, name).toContain(name)
  })

  test('the cost table multiplies the budgets the tests assert with use and prices', () => {
    const tables = costPerThousand(2).find(({ what }) => what === 'tables')!
    const { mailOut, drain, mailIn, idlePoll, refresh } = operationBudgets
    const perDay =
      use.mailsOutPerDay * mailOut.table +
      (use.mailsOutPerDay / use.mailsPerLane) * drain.table +
      use.mailsInPerDay * mailIn.table +
      use.pollsPerDay * idlePoll.table +
      use.refreshesPerDay * refresh.table
    expect(tables.dollars).toBeCloseTo((perDay * 30 * 1_000 * prices.tablePerMillion) / 1_000_000, 6)
    expect(total(costPerThousand(0.5))).toBeLessThan(total(costPerThousand(2)))
    expect(total(fixedCost(2))).toBeGreaterThan(0)
    const sum = ({ table, queue, blob }: (typeof operationBudgets)['mailOut' | 'mailIn']) => table + queue + blob
    expect([sum(mailOut), sum(mailIn)]).toEqual([14, 8])
  })
})

describe('the workflow', () => {
  const text = read(workflow)

  test('SEC-42: keeps no secret, and only the jobs that reach Azure may ask for a token', () => {
    expect(text).not.toMatch(/secrets\.|password|client-secret|publish-profile/i)
    expect(text).toMatch(/^permissions:\n {2}contents: read$/m)
    const jobs = text.split(/^ {2}(?=[\w-]+:\n {4})/m)
    for (const job of jobs) expect(job.includes('id-token: write')).toBe(job.includes('azure/login@'))
    for (const job of jobs.filter((one) => one.includes('azure/login@'))) expect(job).toMatch(/^ {4}environment: /m)
    for (const [, action] of text.matchAll(/uses: (\S+)/g))
      expect(action).toMatch(/^[\w-]+\/[\w-]+@(v\d+|[0-9a-f]{40})$/)
  })

  test('runs what the project itself runs: install, check, package, the Bicep compiler, what-if, approved deployment', () => {
    for (const step of [
      'npm ci --ignore-scripts',
      'npm run check',
      'npm run package',
      'az bicep build --file infra/main.bicep',
      'az bicep lint --file infra/main.bicep',
      'az deployment group what-if',
      'environment: production',
      'az functionapp deployment source config-zip',
    ])
      expect(text).toContain(step)
  })
})
