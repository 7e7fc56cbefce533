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
    'below; replace them with your own. No figure comes from a real bill. It is an upper estimate: it adds up seconds as',
    'if no two executions ever shared an instance, and does not subtract free grants.',
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
    `At 512 MB the timers and the second clock cost ${dollars(total(fixedCost(0.5).slice(0, 2)))}. Each always-ready instance costs extra.`,
    '',
    '## What changes it',
    '',
    '- Writing a raw mail as a blob is the largest storage request; received mail kept longer (`inboundDays`) comes next.',
    '- `POLL_MAX_SECONDS`: polls of quiet mailboxes. Twice the interval is half of their requests and seconds.',
    '- Memory of an instance: the functions wait more than they compute; 512 MB costs a quarter of 2 GB.',
    '- `logDailyCapGigabytes` limits telemetry.',
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
