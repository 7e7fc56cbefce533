/**
 * `npm run bench`: measures everything, prints the table, writes test-results/bench.json and docs/performance.md.
 * `npm run bench -- S2 T1`: these rows only, printed and not written.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem, type } from 'node:os'
import { benchColdStart } from './cold-start.js'
import { benchFirstStart } from './first-start.js'
import { benchHostileBodies } from './hostile-bodies.js'
import { benchHotToken } from './hot-token.js'
import type { BenchRow } from './measure.js'
import { benchMemoryInHand } from './memory-in-hand.js'
import { benchReceiveIdle, benchReceiveNew } from './receive-imap.js'
import { type BenchRun, benchTable, performancePage } from './report.js'
import { benchSendMemory } from './send-memory.js'
import { benchLatency, benchSendStorage } from './send-storage.js'

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const root = new URL('../../../', import.meta.url)
const rounds = 5
const benches: Record<string, () => Promise<BenchRow>> = {
  S1: () => benchSendStorage(3),
  S2: () => benchSendMemory(1_000, rounds),
  S3: () => benchLatency(3),
  R1: () => benchReceiveNew(rounds),
  R3: () => benchReceiveIdle(rounds),
  M1: () => benchMemoryInHand(3),
  T1: () => benchHotToken(100_000, rounds),
  B1: () => benchHostileBodies(3),
  K1: () => benchColdStart(rounds),
  K2: () => benchFirstStart(2),
}
const missing = [
  'S4: large mails.',
  'R4: empty Graph polls over kept connections.',
  'C1: a day of timers over many mailboxes.',
]

const wanted = process.argv.slice(2)
const unknown = wanted.filter((id) => benches[id] === undefined)
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}.`)
  process.exit(1)
}
const loadBefore = loadavg()
const rows: BenchRow[] = []
for (const [id, bench] of Object.entries(benches)) {
  if (wanted.length > 0 && !wanted.includes(id)) continue
  const started = performance.now()
  const row = await bench()
  rows.push(row)
  console.log(`${id}  ${row.verdict}  (${Math.round((performance.now() - started) / 1000)} s)`)
}
const processors = cpus()
const run: BenchRun = {
  date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
  machine: `${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${process.arch}`,
  node: process.versions.node,
  loadBefore,
  loadAfter: loadavg(),
  rounds,
  rows,
  missing,
}
if (wanted.length === 0) {
  await mkdir(new URL('test-results/', root), { recursive: true })
  await writeFile(new URL('test-results/bench.json', root), `${JSON.stringify(run, null, 2)}\n`)
  await writeFile(new URL('docs/performance.md', root), performancePage(run))
}
console.log(`\n${benchTable(rows)}\n`)
for (const { note } of rows) if (note !== '') console.log(`${note}\n`)
console.log(`load average before ${loadBefore.join(', ')}; after ${run.loadAfter.join(', ')}`)
process.exit()
