/** Whoever has only the repository can look up everything it cites: ids, decisions, steps of journeys, pages. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const tracked = execFileSync(
  'git',
  ['ls-files', '-z', '--', ...'lib functions local infra test docs README.md CONTRIBUTING.md .github'.split(' ')],
  {
    cwd: root,
    encoding: 'utf8',
  },
)
  .split('\0')
  .filter((file) => /\.(?:ts|mts|mjs|cjs|md|bicep|bicepparam|json|kql|yml)$/.test(file))
const files = tracked
  .filter((file) => file !== 'docs/openapi.json' && file !== 'docs/requirements.md' && !file.endsWith('keys.test.ts'))
  .map((file) => ({ file, text: read(file) }))

/** The first column of every table of docs/requirements.md that says something in its second one. */
const explained = new Set(
  [...read('docs/requirements.md').matchAll(/^\| ([A-Z]+-\d{2,3}|[A-Z]\d{1,2}|field \d{2}|host \d) \| \S.* \|$/gm)].map(
    ([, id = '']) => id,
  ),
)
/** `C2` in a title or in brackets is a finding; elsewhere it may be a cell of a table or a name of anything. */
const citations =
  /\b(?:M-\d{3}|(?:P|SEC|REL)-\d{2}|field \d{2}\b(?=:)|host \d\b(?=:))|(?<=\()[ABCDHNTO]\d{1,2}(?=[),])|(?<=['`"] ?|: )[ABCDHNTO]\d{1,2}(?=: )/g
const cited = (text: string): string[] => [...text.matchAll(citations)].map(([id]) => id)

const journeys = new Map(
  [...read('docs/architecture.md').matchAll(/^(\d)\. \*\*[^*]+\*\* \(`lib\/flows\/[\s\S]*?(?=^\d\. |^## )/gm)].map(
    ([text, number = '']) => [number, text],
  ),
)
const lostSteps = (text: string): string[] =>
  [...text.matchAll(/\bJourney (\d)(?:, step (\d))?/g)]
    .filter(([, journey = '', step]) => {
      const steps = journeys.get(journey)
      return steps === undefined || (step !== undefined && !steps.includes(`step ${step}`))
    })
    .map(([citation]) => citation)

const decisions = new Set(tracked.flatMap((file) => /^docs\/decisions\/0*(\d+)-/.exec(file)?.[1] ?? []))
const lostDecisions = (text: string): string[] =>
  [...text.matchAll(/\bdecisions? (\d{1,2})\b/gi)]
    .filter(([, number = '']) => !decisions.has(number))
    .map(([citation]) => citation)

const everywhere = (find: (text: string) => string[]): string[] =>
  files.flatMap(({ file, text }) => [...new Set(find(text))].map((lost) => `${file}: ${lost}`))

test('every id that code, tests and documents cite is explained in docs/requirements.md', () => {
  const unexplained = (text: string): string[] => cited(text).filter((id) => !explained.has(id))
  expect(explained.size).toBeGreaterThan(300)
  expect(everywhere(unexplained)).toEqual([])
  expect(unexplained("test('M-999: REL-99: C99: x') // SEC-98 (H77), (O1)")).toEqual([
    'M-999',
    'REL-99',
    'C99',
    'SEC-98',
    'H77',
  ])
})

test('every journey, step and decision that is cited is written down', () => {
  expect(journeys.size).toBe(6)
  expect(everywhere(lostSteps)).toEqual([])
  expect(lostSteps('Journey 3, step 6; Journey 3, step 9; Journey 7')).toEqual(['Journey 3, step 9', 'Journey 7'])
  expect(everywhere(lostDecisions)).toEqual([])
  expect(lostDecisions('decision 28, decision 99')).toEqual(['decision 99'])
})

test('every file that the journeys name is there', () => {
  const named = (text: string): string[][] => {
    const folder = /`(lib\/flows\/[a-z]+)\//.exec(text)?.[1] ?? ''
    return [...text.replace(/\(`lib\/flows[^)]*\)/, '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => [
      `${folder}/${name}.ts`,
      `lib/rows/${name}.ts`,
    ])
  }
  const all = [...journeys.values()].flatMap(named).filter(([file]) => !file?.includes('handing-over'))
  expect(all.length).toBeGreaterThan(30)
  expect(all.filter((places) => !places.some((file) => tracked.includes(file)))).toEqual([])
})

test('nothing cites a paper that is not in the repository', () => {
  const papers =
    /\b(?:storage-schema|design|house|requirements|error-catalogue|threats-and-faults|local-realism|real-host|platform(?:-2026)?)\.md\b|\bfacts\/|\bdesign D\d/g
  const lost = (text: string): string[] =>
    [...text.matchAll(papers)].map(([citation]) => citation).filter((citation) => citation !== 'requirements.md')
  expect(everywhere(lost)).toEqual([])
  expect(lost('storage-schema.md, facts/x, design D5')).toEqual(['storage-schema.md', 'facts/', 'design D5'])
})
