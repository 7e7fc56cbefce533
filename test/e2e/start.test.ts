import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { apiClient } from '../../local/api-client.js'
import { Browser, textOf } from '../../local/browser.js'
import { startHostChild } from '../../local/host-child.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
/** First of ten ports, another one in each process that runs these tests, below the range of port 0. */
const portOf = (block: number): string => String(12_000 + ((process.pid * 4 + block) % 2_000) * 10)
let child: ChildProcess | undefined
let blocker: Server | undefined

afterEach(async () => {
  child?.kill('SIGKILL')
  await new Promise<void>((resolve) => (blocker ? blocker.close(() => resolve()) : resolve()))
  blocker = undefined
})

function start(...words: string[]): {
  output(): string
  saw(text: string): Promise<void>
  code: Promise<number | null>
} {
  const process_ = spawn(process.execPath, ['dist/local/main.js', ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = process_
  let text = ''
  const waiting: { text: string; resolve(): void }[] = []
  for (const stream of [process_.stdout, process_.stderr])
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      for (const one of waiting) if (text.includes(one.text)) one.resolve()
    })
  const code = new Promise<number | null>((resolve) => process_.once('close', resolve))
  return {
    output: () => text,
    saw: (wanted) =>
      new Promise((resolve, reject) => {
        if (text.includes(wanted)) resolve()
        waiting.push({ text: wanted, resolve })
        void code.then(() => reject(new Error(`ended without "${wanted}":\n${text}`)))
        setTimeout(() => reject(new Error(`waited in vain for "${wanted}":\n${text}`)), 60_000).unref()
      }),
    code,
  }
}

test('REL-31: a taken port is answered with what to do, and nothing is left running', async () => {
  blocker = createServer()
  await new Promise<void>((resolve) => blocker?.listen(Number(portOf(0)), '127.0.0.1', resolve))
  const gateway = start('--port', portOf(0))
  expect(await gateway.code).toBe(1)
  expect(gateway.output()).toContain(`Port ${portOf(0)} is taken`)
  expect(gateway.output()).toContain('npm start -- --port')
})

test('an unknown option is answered with the usage', async () => {
  const gateway = start('--nonsense')
  expect(await gateway.code).toBe(1)
  expect(gateway.output()).toContain('--fresh')
})

test('REL-31, N1, N2, N3, N5, N7: npm start prints what a newcomer needs and each step works, state survives, Ctrl-C leaves no process', async () => {
  const state = mkdtempSync(join(tmpdir(), 'gateway-start-'))
  const first = start('--port', portOf(1), '--fresh', '--state', state)
  await first.saw('Ctrl-C')
  const text = first.output()
  for (const wanted of ['/connect/', '/console', '/mail', 'curl -s', 'mbg_~_', '--port']) expect(text).toContain(wanted)
  const command = commandIn(text)
  const key = /Bearer (mbg_demo_\S+?)'/.exec(command)?.[1] ?? ''
  const app = apiClient(`http://localhost:${portOf(1)}`, key)

  // N3: one story about one person: who is connected in step 1 sends in step 2.
  const browser = new Browser()
  const page = await browser.open(/http:\S+\/connect\/\S+/.exec(text)?.[0] ?? '')
  const signIn = await browser.submit(page, 'Continue with Microsoft')
  const connected = await browser.submit(signIn, 'ana@contoso.example', { user: 'ana@contoso.example' })
  expect(textOf(connected.html)).toContain('ana@contoso.example')
  const sent = await paste(command)
  const seen = { timeout: 60_000 }
  const mailOf = (id: string) => app.call<{ state: string; from: string }>('GET', `v1/mails/${id}`)
  await expect.poll(() => mailOf(sent.id), seen).toMatchObject({ state: 'sent', from: 'ana@contoso.example' })
  const webMail = /http:\S+\/mail\/ben@contoso\.example/.exec(text)?.[0] ?? ''
  await expect
    .poll(async () => textOf(await (await fetch(webMail)).text()), seen)
    .toContain('Hello ana@contoso.example')

  // N2: pasted again a second later it is a new mail; with the key of the first one it is the first mail, and the terminal says so.
  const before = Math.floor(Date.now() / 1000)
  await expect.poll(() => Math.floor(Date.now() / 1000)).toBeGreaterThan(before)
  const again = await paste(command)
  expect(again).toMatchObject({ created: true })
  expect(again.id).not.toBe(sent.id)
  const fixed = command.replace(/hello-\$\(date \+%s\)/, 'hello-fixed')
  const [once, twice] = [await paste(fixed), await paste(fixed)]
  expect(twice).toMatchObject({ id: once.id, created: false })
  await first.saw('nothing new was sent')
  // The order below is for the next mail that leaves, so none may be under way.
  for (const { id } of [again, once]) await expect.poll(() => mailOf(id), seen).toMatchObject({ state: 'sent' })

  // N5: what fails is told in the terminal: whose, the code, what to do, where to look.
  const graph = webMail.replace(/\/mail\/.*/, '/__control')
  const order = { fail: { kind: 'send', user: 'ana@contoso.example', status: 403, code: 'ErrorSendAsDenied' } }
  expect((await fetch(graph, { method: 'POST', body: JSON.stringify(order) })).status).toBe(200)
  const refused = await paste(command.replace('$(date +%s)', 'refused'))
  await first.saw(`console/mails/${refused.id}`)
  const line =
    first
      .output()
      .split('\n')
      .find((one) => one.includes(refused.id)) ?? ''
  expect(line).toMatch(/^ {2}! mail (refused|waits) · ana@contoso\.example · graph_errorsendasdenied → \S.*\. {2}http/)
  expect(first.output().slice(text.length)).not.toMatch(/mbg_|Bearer|demo-password/)

  // N7: preflight finds what start wrote.
  const preflight = await run(process.execPath, ['dist/local/tools/preflight/main.js', ...preflightWords(text)])
  expect(preflight.stdout).toContain(join(state, 'local.settings.json'))
  expect(preflight.stdout).toMatch(/ 0 fail/)

  // A second start harms neither the running gateway nor what it keeps.
  const beside = (...words: string[]) =>
    spawnSync(process.execPath, ['dist/local/main.js', '--fresh', '--state', state, ...words], { encoding: 'utf8' })
  expect(beside('--port', portOf(1))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(`${portOf(1)} to .* is taken`),
  })
  expect(beside('--port', portOf(2))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`at port ${portOf(1)}`),
  })
  child?.kill('SIGINT')
  expect(await first.code).toBe(0)

  // N1: the second start says what is true now, and its command works without another sign-in.
  const second = start('--port', portOf(1), '--state', state)
  await second.saw('Ctrl-C')
  expect(second.output()).toContain('Ana is connected')
  expect(second.output()).not.toContain('/connect/')
  expect(commandIn(second.output())).toBe(command)
  expect(await paste(command)).toMatchObject({ state: 'queued' })
  const pids = descendants(child?.pid ?? 0)
  expect(pids.length).toBeGreaterThan(1)
  child?.kill('SIGINT')
  expect(await second.code).toBe(0)
  for (const pid of pids) expect(alive(pid), `process ${pid} is left`).toBe(false)
}, 180_000)

const run = promisify(execFile)
const commandIn = (text: string): string => /curl -s .*$/m.exec(text)?.[0] ?? ''
const preflightWords = (text: string): string[] => / -- (--settings \S+)/.exec(text)?.[1]?.split(' ') ?? []

/** What a person does with the printed command. */
async function paste(command: string): Promise<{ id: string; state: string; created: boolean }> {
  return JSON.parse((await run('bash', ['-c', command])).stdout)
}

function descendants(parent: number): number[] {
  let children = ''
  try {
    children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8')
  } catch {
    return []
  }
  return children
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .flatMap((pid) => [pid, ...descendants(pid)])
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('REL-31: --without-app leaves room for Core Tools: the services answer, and the written settings run the app', async () => {
  const state = mkdtempSync(join(tmpdir(), 'without-app-'))
  const services = start('--without-app', '--port', portOf(3), '--state', state)
  await services.saw(`npm run start:func -- --port ${portOf(3)}`)
  const { Values } = JSON.parse(readFileSync(join(state, 'local.settings.json'), 'utf8')) as {
    Values: Record<string, string>
  }
  expect(Values['FUNCTIONS_WORKER_RUNTIME']).toBe('node')
  const health = `${Values['PUBLIC_BASE_URL']}/api/health`
  await expect(fetch(health)).rejects.toThrow()
  const host = await startHostChild({ root, settings: { ...Values, HOST_PORT: portOf(3) } })
  try {
    expect((await fetch(health)).status).toBe(200)
  } finally {
    await host.stop()
    child?.kill('SIGTERM')
    expect(await services.code).toBe(0)
    rmSync(state, { recursive: true, force: true })
  }
}, 180_000)

test('start:func without Core Tools or settings says what to do', () => {
  const { status, stderr } = spawnSync(process.execPath, ['local/start-func.mjs'], { cwd: root, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/azure-functions-core-tools@4|npm start -- --without-app/)
})
