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
  /** What the plan of the bench names and this run did not do. */
  missing: string[]
}

const number = (value: number): string => rounded(value).toLocaleString('en-US', { maximumFractionDigits: 3 })
const range = ({ median, min, max }: Figure): string => `${number(median)} (${number(min)} to ${number(max)})`
const bar = (share: number): string => '█'.repeat(Math.max(1, Math.round(share * 12)))
const load = (values: number[]): string => values.map((value) => value.toFixed(2)).join(', ')

export function benchTable(rows: BenchRow[]): string {
  const head = '| id | what | subject | reference | target | result |\n|---|---|---|---|---|---|'
  const lines = rows.map((row) => {
    const most = Math.max(row.subject.median, row.baseline?.median ?? 0)
    const cell = (figure: Figure | undefined) =>
      figure === undefined ? '-' : `${bar(figure.median / most)} ${range(figure)} ${row.unit}`
    const what = `${row.workload}; reference: ${row.reference}`
    return `| ${row.id} | ${what} | ${cell(row.subject)} | ${cell(row.baseline)} | ${row.target} | ${row.verdict} |`
  })
  return [head, ...lines].join('\n')
}

export function performancePage(run: BenchRun): string {
  return `# Performance

Written by \`npm run bench\` (figures in full: \`test-results/bench.json\`). Subject and reference run in turns in one run,
${run.rounds} times each (S1 and S3: 3, K2: 2) after a warm-up that is thrown away; figures are the median and, in brackets, the
least and the most. Bars compare the two columns of a row. \`npm run bench -- S2 T1\` runs some rows and writes nothing.

- Date: ${run.date}
- Machine: ${run.machine}, Node ${run.node}, everything on loopback, shared with other work: trust the ratios.
- Load average before: ${load(run.loadBefore)}; after: ${load(run.loadAfter)}.

${benchTable(run.rows)}

${run.rows
  .map((row) => row.note)
  .filter((note) => note !== '')
  .join('\n\n')}

## Misses, by profile

CPU profiles (V8, of the host process or of the bench itself), 2026-11-21, Node 20. They are taken by hand; the shares hold
for this machine.

- **S1, CPU.** 45 % Node's HTTP, streams and sockets, 31 % the storage SDKs, 6 % the gateway's own code, 5 % garbage collection,
  3 % hashing and sealing, 2 % the emulated host. 17 storage requests per mail through the SDKs cost the bare loop more than
  three times the target already. Fewer requests or fewer layers under them would help; faster flows would not. Runs lie
  between 22 and 39 CPU-s and between 0.46 and 1.06 of the loop, the worst of both right after other work.
- **S2, CPU.** Runs of the same build lie between 0.30 and 0.52 CPU-s beyond the pool, on both sides of the target; composing
  (nodemailer) and hashing are a quarter of the total, the journal's rows in memory most of the rest.
- **S3, p50.** Runs lie between 2.1 and 3.0 times the bare requests. The profile is that of S1: 74 % Node's HTTP and the storage
  SDKs, 5 % the gateway. A mail is sixteen requests in an order that no crash may falsify, so they cannot go side by side.
- **T1, renewal.** A plain POST of the same form takes half of it. 60 % Node's HTTP, streams and sockets, 14 % MSAL, 5 % sealing;
  a renewal happens once an hour for each connection.
- **T1, growth.** It is on either side of the Map's from run to run (4.7 times with the Map at 5.1, 2.7 with the Map at 1.9):
  with ten thousand entries both wait for memory. A hot token cost less than the Map's look-up in every run.

## Not measured

${run.missing.map((line) => `- ${line}`).join('\n')}

Nothing is claimed for these. The number of storage requests per mail is asserted by tests, not by this page.
`
}
