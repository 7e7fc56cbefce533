import type { BenchRow, Figure } from './measure.js'
import { rounded } from './measure.js'

export interface BenchRun {
  date: string
  machine: string
  node: string
  /** 1, 5 and 15 minutes, before and after. */
  loadBefore: number[]
  loadAfter: number[]
  rounds: number
  rows: BenchRow[]
}

const number = (value: number): string => rounded(value).toLocaleString('en-US', { maximumFractionDigits: 3 })
const range = ({ median, min, max }: Figure): string => `${number(median)} (${number(min)} to ${number(max)})`
const bar = (share: number): string => '█'.repeat(Math.max(1, Math.round(share * 12)))
const load = (values: number[]): string => values.map((value) => value.toFixed(2)).join(', ')

export function benchTable(rows: BenchRow[]): string {
  const head = '| id | what | subject | reference | target | result |\n|---|---|---|---|---|---|'
  const lines = rows.map((row) => {
    const most = Math.max(row.subject.median, row.baseline.median)
    const cell = (figure: Figure) => `${bar(figure.median / most)} ${range(figure)} ${row.unit}`
    const what = `${row.workload}; reference: ${row.reference}`
    return `| ${row.id} | ${what} | ${cell(row.subject)} | ${cell(row.baseline)} | ${row.target} | ${row.verdict} |`
  })
  return [head, ...lines].join('\n')
}

export function performancePage(run: BenchRun): string {
  const send = run.rows.find(({ id }) => id === 'S2')?.more
  const token = run.rows.find(({ id }) => id === 'T1')?.more
  return `# Performance

Written by \`npm run bench\` (figures in full: \`test-results/bench.json\`). Subject and reference run in turns in one run,
${run.rounds} times each after a warm-up that is thrown away; figures are the median and, in brackets, the least and the most.
Bars compare the two columns of a row.

- Date: ${run.date}
- Machine: ${run.machine}, Node ${run.node}, everything on loopback, shared with other work: trust the ratios.
- Load average before: ${load(run.loadBefore)}; after: ${load(run.loadAfter)}.

${benchTable(run.rows)}

${send ? `S2 in CPU time: ${number(send['cpuSecondsPer1000'] ?? 0)} CPU-s per 1,000 mails, the pool ${number(send['poolCpuSecondsPer1000'] ?? 0)}; ${number(send['storageRequestsPerMail'] ?? 0)} storage requests per mail. The sink runs in a process of its own and is not counted. HTTP, log output and real storage are left out here: they are part of S1.` : ''}

${token ? `T1 for 1, 100 and 10,000 connections: ${number(token['hotUs1'] ?? 0)}, ${number(token['hotUs100'] ?? 0)} and ${number(token['hotUs10000'] ?? 0)} us; the Map: ${number(token['mapUs1'] ?? 0)}, ${number(token['mapUs100'] ?? 0)} and ${number(token['mapUs10000'] ?? 0)} us. Cold means read from the sealed column of the row in memory, without the time of real storage. The renewal itself (target <= 1 ms CPU) is not measured yet.` : ''}

K1 loads the built files into a new Node process the way the Functions worker does. It leaves out the start of Node, of the
worker and of the host.

## Not measured yet

- S1, S3, S4: sending on real storage, its latency, and large mails.
- R1, R3, R4: receiving by IMAP, silent mailboxes, empty Graph polls.
- T1, renewal. C1: a day of timers over many mailboxes. K2: a fresh clone to its first mail.

Nothing is claimed for these. The number of storage requests per mail is asserted by tests, not by this page.
`
}
