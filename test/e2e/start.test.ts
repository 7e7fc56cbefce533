import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'
import { apiClient } from '../../local/api-client.js'
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

test('REL-31: npm start prints what a newcomer needs, its curl command sends a mail, state survives, Ctrl-C leaves no process', async () => {
  const state = mkdtempSync(join(tmpdir(), 'gateway-start-'))
  const first = start('--port', portOf(1), '--fresh', '--state', state)
  await first.saw('Ctrl-C')
  const text = first.output()
  for (const wanted of ['/connect/', '/console', '/mail', 'curl -s', 'mbg_~_']) expect(text).toContain(wanted)
  const command = /curl -s .*$/m.exec(text)?.[0] ?? ''
  const key = /Bearer (mbg_demo_\S+?)'/.exec(command)?.[1] ?? ''
  const accepted = JSON.parse(execFileSync('bash', ['-c', command], { encoding: 'utf8' })) as { id: string }
  const app = apiClient(`http://localhost:${portOf(1)}`, key)
  await expect
    .poll(() => app.call<{ state: string }>('GET', `v1/mails/${accepted.id}`), { timeout: 20_000 })
    .toMatchObject({ state: 'sent' })
  // A second start harms neither the running gateway nor what it keeps.
  const again = (...words: string[]) =>
    spawnSync(process.execPath, ['dist/local/main.js', '--fresh', '--state', state, ...words], { encoding: 'utf8' })
  expect(again('--port', portOf(1))).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(`${portOf(1)} to .* is taken`),
  })
  expect(again('--port', portOf(2))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining(`at port ${portOf(1)}`),
  })
  child?.kill('SIGINT')
  expect(await first.code).toBe(0)

  const second = start('--port', portOf(1), '--state', state)
  await second.saw('Ctrl-C')
  expect(second.output()).toContain(key)
  const pids = descendants(child?.pid ?? 0)
  expect(pids.length).toBeGreaterThan(1)
  child?.kill('SIGINT')
  expect(await second.code).toBe(0)
  for (const pid of pids) expect(alive(pid), `process ${pid} is left`).toBe(false)
}, 60_000)

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
}, 120_000)

test('start:func without Core Tools or settings says what to do', () => {
  const { status, stderr } = spawnSync(process.execPath, ['local/start-func.mjs'], { cwd: root, encoding: 'utf8' })
  expect(status).toBe(1)
  expect(stderr).toMatch(/azure-functions-core-tools@4|npm start -- --without-app/)
})
