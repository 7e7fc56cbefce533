/** K2: `npm start` in a fresh clone until the mail of the printed command is sent; then once more on what it left. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { apiClient } from '../../local/api-client.js'
import { walkMicrosoft } from '../../local/demo.js'
import { type BenchRow, figure, rounded } from './measure.js'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../../', import.meta.url))
const sources = [
  'functions',
  'host.json',
  'lib',
  'local',
  'package.json',
  'test/bench',
  'test/support',
  'tsconfig.json',
]

export async function benchFirstStart(rounds: number): Promise<BenchRow> {
  const first: number[] = []
  const warm: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const folder = await mkdtemp(join(tmpdir(), 'fresh-clone-'))
    try {
      for (const source of sources) await cp(join(root, source), join(folder, source), { recursive: true })
      await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
      first.push(await untilSent(folder))
      warm.push(await untilSent(folder))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
  const subject = figure(first)
  const again = figure(warm)
  return {
    id: 'K2',
    workload:
      '`npm start` on a fresh clone, packages installed, until a mailbox is connected by the printed link and the mail of the printed command is sent',
    reference: 'none',
    unit: 's',
    subject,
    target: '<= 20 s, <= 5 s when started again',
    verdict: `${subject.median <= 20 && again.median <= 5 ? 'met' : 'missed'}: ${rounded(subject.median)} s, again ${rounded(again.median)} s`,
    note: 'K2 builds the app (a second start finds it built), starts storage, emulators and the Functions host, prepares a tenant; then its first link is followed to connect a mailbox, and the command sends through the API and Graph.',
    more: { firstSeconds: subject.median, warmSeconds: again.median },
  }
}

/** `npm start` takes ten ports from here; below those the system gives away by itself. */
let nextPort = 19_071

/** Seconds from the command to a sent mail. */
async function untilSent(folder: string): Promise<number> {
  nextPort += 10
  const port = nextPort
  const started = performance.now()
  const child = spawn(process.execPath, ['local/start.mjs', '--port', String(port)], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const ended = once(child, 'exit')
  const stop = (): void => {
    // As a terminal does: to the whole group.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
  }
  process.once('exit', stop)
  try {
    let text = ''
    const ready = new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk: Buffer) => {
          text += chunk.toString()
          if (text.includes('Ctrl-C')) resolve()
        })
      void ended.then(() => reject(new Error(`npm start ended:\n${text}`)))
    })
    await ready
    const link = /http:\S+\/connect\/\S+/.exec(text)?.[0]
    if (link !== undefined) await walkMicrosoft(link)
    const command = /curl -s .*$/m.exec(text)?.[0] ?? ''
    const key = /Bearer (mbg_demo_\S+?)'/.exec(command)?.[1] ?? ''
    const { stdout } = await run('bash', ['-c', command])
    const { id } = JSON.parse(stdout) as { id: string }
    const app = apiClient(`http://localhost:${port}`, key)
    for (;;) {
      const { state } = await app.call<{ state: string }>('GET', `v1/mails/${id}`)
      if (state === 'sent') return (performance.now() - started) / 1000
      if (state === 'failed') throw new Error('the mail failed')
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  } finally {
    stop()
    await ended
    process.removeListener('exit', stop)
  }
}
