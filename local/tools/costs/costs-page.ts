import { type CostRow, costPerThousand, fixedCost, prices, total, use } from './monthly-cost.js'
import { operationBudgets } from './operation-budgets.js'

const dollars = (value: number): string => value.toFixed(2)
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

export function costsPage(): string {
  const table = (rows: CostRow[]): string[] => [
    '| what | from | USD |',
    '|---|---|---|',
    ...rows.map(({ what, from, dollars: cost }) => `| ${what} | ${from} | ${dollars(cost)} |`),
  ]
  const [small, large] = [costPerThousand(0.5), costPerThousand(2)]
  const inputs = (values: Record<string, number>): string[] =>
    Object.entries(values).map(
      ([name, value]) => `| ${words(name)} | ${value.toLocaleString('en-US', { maximumFractionDigits: 6 })} |`,
    )
  const budgets = Object.entries(operationBudgets).map(
    ([name, { table: tables, queue, blob }]) =>
      `| ${words(name)} | ${tables} | ${queue} | ${blob} | ${tables + queue + blob} |`,
  )
  return [
    '# What it costs',
    '',
    'Generated from `local/tools/costs/` by `npm run docs`. Storage requests are the upper bounds that',
    '`test/integration/budgets.test.ts` counts on the wire; the use of a mailbox and the unit prices are assumptions, listed',
    'below, to be replaced by your own. Nothing here was read off a bill. It is an upper estimate: seconds are added up as',
    'if no two executions ever shared an instance, and free grants are not subtracted.',
    '',
    '## Per 1,000 mailboxes and month',
    '',
    ...table(large),
    `| **together** | with instances of 2 GB | **${dollars(total(large))}** |`,
    `| **together** | with instances of 512 MB | **${dollars(total(small))}** |`,
    '',
    '## Per environment and month',
    '',
    ...table(fixedCost(2)),
    '',
    `At 512 MB the timers and the second clock cost ${dollars(total(fixedCost(0.5).slice(0, 2)))}. Each always-ready instance is billed on top.`,
    '',
    '## What moves it',
    '',
    '- Writing a raw mail as a blob is the largest storage request; received mail kept longer (`inboundDays`) comes next.',
    '- `POLL_MAX_SECONDS`: polls of quiet mailboxes. Twice the interval is half of their requests and seconds.',
    '- Memory of an instance: the functions wait more than they compute; 512 MB costs a quarter of 2 GB.',
    '- Telemetry is bounded by `logDailyCapGigabytes`.',
    '',
    '## Storage requests, at most',
    '',
    '| journey | tables | queues | blobs | together |',
    '|---|---|---|---|---|',
    ...budgets,
    '',
    '## Assumed use of one mailbox',
    '',
    '| what | value |',
    '|---|---|',
    ...inputs(use),
    '',
    '## Assumed prices, USD (zone-redundant storage where there is a choice)',
    '',
    '| what | value |',
    '|---|---|',
    ...inputs(prices),
    '',
  ].join('\n')
}
