/**
 * What a gateway costs in a month: the budgets the tests assert, times the use described here, times unit prices.
 * Prices are inputs to replace with your own; everything else follows from measured code.
 */
import { operationBudgets } from './operation-budgets.js'

/** US dollars; list prices of US East, pay as you go, as remembered in 2025. Replace them by those of your region. */
export const prices = {
  executionsPerMillion: 0.4,
  gigabyteSecond: 0.000_026,
  tablePerMillion: 0.045,
  queuePerMillion: 0.5,
  blobWritePerMillion: 6.25,
  blobReadPerMillion: 0.5,
  tableGigabyteMonth: 0.056,
  blobGigabyteMonth: 0.023,
  vaultPerMillion: 3,
  logGigabyte: 2.76,
  privateEndpointHour: 0.01,
  natGatewayHour: 0.045,
  publicAddressHour: 0.005,
} as const

/** What one mailbox does. The intervals are the defaults of lib/config/. */
export const use = {
  mailsOutPerDay: 10,
  mailsInPerDay: 10,
  /** A quiet mailbox is polled every 15 minutes, after activity each minute or so. */
  pollsPerDay: 120,
  /** An access token lives for about an hour and is renewed when a poll or a mail needs it. */
  refreshesPerDay: 24,
  bytesPerMail: 60_000,
  inboundDays: 30,
  /** Journal, index, received and log rows of one mail. */
  rowBytesPerMail: 4_700,
  retentionDays: 30,
  vaultRequestsPerDay: 2,
  logBytesPerDay: 5_000,
  mailboxesPerPollJob: 200,
  secondsPerPollJob: 5,
  /** Mails one lane sends in one execution, and how long that takes. */
  mailsPerLane: 5,
  secondsPerLane: 3,
} as const

const days = 30
const hours = 730
const million = 1_000_000
const gigabyte = 1_000_000_000

export interface CostRow {
  what: string
  from: string
  dollars: number
}

const number = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 })

/** Per 1,000 mailboxes; `memoryGigabytes` is that of one instance. */
export function costPerThousand(memoryGigabytes: number): CostRow[] {
  const mailboxes = 1_000
  const perMonth = (perDay: number): number => perDay * mailboxes * days
  const [out, incoming] = [perMonth(use.mailsOutPerDay), perMonth(use.mailsInPerDay)]
  const [polls, refreshes] = [perMonth(use.pollsPerDay), perMonth(use.refreshesPerDay)]
  const lanes = out / use.mailsPerLane
  const { mailOut, drain, mailIn, idlePoll, refresh } = operationBudgets
  const tables =
    out * mailOut.table +
    lanes * drain.table +
    incoming * mailIn.table +
    polls * idlePoll.table +
    refreshes * refresh.table
  const queues = out * mailOut.queue + incoming * mailIn.queue
  const jobs = polls / use.mailboxesPerPollJob
  // A mail's blob is written once each way and read once by the sender; deleting is free.
  const blobWrites = out + incoming
  // One call of the API per mail, at the least the platform bills: a second.
  const seconds = jobs * use.secondsPerPollJob + lanes * use.secondsPerLane + out
  const executions = jobs + lanes + out
  const blobGigabytes = (incoming / days) * use.inboundDays * (use.bytesPerMail / gigabyte)
  const rowGigabytes = ((out + incoming) / days) * use.retentionDays * (use.rowBytesPerMail / gigabyte)
  const logGigabytes = perMonth(use.logBytesPerDay) / gigabyte
  const vault = perMonth(use.vaultRequestsPerDay)
  return [
    row('tables', `${number(tables / million)} M requests`, (tables / million) * prices.tablePerMillion),
    row('queues', `${number(queues / million)} M requests`, (queues / million) * prices.queuePerMillion),
    row(
      'blobs, writing',
      `${number(blobWrites / million)} M requests`,
      (blobWrites / million) * prices.blobWritePerMillion,
    ),
    row('blobs, reading', `${number(out / million)} M requests`, (out / million) * prices.blobReadPerMillion),
    row('received mail kept', `${number(blobGigabytes)} GB`, blobGigabytes * prices.blobGigabyteMonth),
    row('rows kept', `${number(rowGigabytes)} GB`, rowGigabytes * prices.tableGigabyteMonth),
    row('vault', `${number(vault / million)} M requests`, (vault / million) * prices.vaultPerMillion),
    row('log lines', `${number(logGigabytes * 1_000)} MB`, logGigabytes * prices.logGigabyte),
    row(
      `functions at ${number(memoryGigabytes)} GB`,
      `${number(executions / million)} M executions, ${number(seconds / 1_000)} thousand seconds`,
      (executions / million) * prices.executionsPerMillion + seconds * memoryGigabytes * prices.gigabyteSecond,
    ),
  ]
}

/** Per environment, whatever the number of mailboxes. */
export function fixedCost(memoryGigabytes: number): CostRow[] {
  const timerRuns = 3 * 60 * 24 * days
  const rounds = 40 * 24 * days
  const endpoints = 5
  return [
    row(
      'three timers, each minute',
      `${number(timerRuns / 1_000)} thousand seconds at ${number(memoryGigabytes)} GB`,
      timerRuns * memoryGigabytes * prices.gigabyteSecond,
    ),
    row(
      'the second clock, every 90 seconds',
      `${number(rounds / 1_000)} thousand seconds at ${number(memoryGigabytes)} GB`,
      rounds * memoryGigabytes * prices.gigabyteSecond,
    ),
    row(
      'private network (`networkIsolation`)',
      `${endpoints} private endpoints`,
      endpoints * hours * prices.privateEndpointHour,
    ),
    row(
      'its way out, one static address (`networkIsolation`)',
      'NAT gateway and public address',
      hours * (prices.natGatewayHour + prices.publicAddressHour),
    ),
  ]
}

const row = (what: string, from: string, dollars: number): CostRow => ({ what, from, dollars })

export const total = (rows: CostRow[]): number => rows.reduce((sum, { dollars }) => sum + dollars, 0)
