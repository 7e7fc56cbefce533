/** `npm run bench`: measures, prints the table, writes test-results/bench.json and docs/performance.md. */
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem, type } from 'node:os'
import { benchColdStart } from './cold-start.js'
import { benchHotToken } from './hot-token.js'
import { type BenchRun, benchTable, performancePage } from './report.js'
import { benchSendMemory } from './send-memory.js'

const root = new URL('../../../', import.meta.url)
const rounds = 5
const loadBefore = loadavg()
const rows = [await benchSendMemory(1_000, rounds), await benchHotToken(100_000, rounds), await benchColdStart(rounds)]
const processors = cpus()
const run: BenchRun = {
  date: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
  machine: `${processors.length} cores, ${Math.round(totalmem() / 2 ** 30)} GB, ${type()} ${process.arch}`,
  node: process.versions.node,
  loadBefore,
  loadAfter: loadavg(),
  rounds,
  rows,
}
await mkdir(new URL('test-results/', root), { recursive: true })
await writeFile(new URL('test-results/bench.json', root), `${JSON.stringify(run, null, 2)}\n`)
await writeFile(new URL('docs/performance.md', root), performancePage(run))
console.log(benchTable(rows))
console.log(`load average before ${loadBefore.join(', ')}; after ${run.loadAfter.join(', ')}`)
