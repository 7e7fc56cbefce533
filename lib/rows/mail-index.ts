/**
 * The index of finished mail: hints in a table for each day of completion, dropped with the log of that day, when its
 * mail goes too. All rows of one mail stand in one partition, so that they are one request. A row key is term,
 * acceptance (newest first), mail; the journal says what a row is worth.
 */
import type { Mail, MailState } from '../model/mail.js'
import { finalTerms, plainSubject } from '../model/mail-terms.js'
import type { Row, TableOperation } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { dayOf, inDayTable, inverted, latest } from './day-tables.js'
import { mapInBatches } from './delete-rows.js'

const dayMs = 86_400_000
const partitionOf = (tenant: string): string => `${tenant}~mails`
/** Rows of one request (Table Storage: 100). */
const perRequest = 100

/** Written before the outbox hints go, so that no crash leaves a finished mail in neither; may be repeated. */
export async function indexFinals(deps: Toolbox, mails: readonly Mail[]): Promise<void> {
  const batches = new Map<string, TableOperation[]>()
  for (const mail of mails) {
    const table = deps.names.log('mailindex', dayOf('mailindex', Date.parse(mail.finalAt)))
    const place = `${table} ${mail.tenant}`
    batches.set(place, [...(batches.get(place) ?? []), ...rowsOf(mail)])
  }
  for (const [place, operations] of batches) {
    const [table = ''] = place.split(' ')
    for (let at = 0; at < operations.length; at += perRequest) {
      const some = operations.slice(at, at + perRequest)
      await inDayTable(deps, table, () => deps.tables.transaction(table, some))
    }
  }
}

function rowsOf(mail: Mail): TableOperation[] {
  const { mailboxId, state } = mail
  const columns = { v: 1, mailboxId, state, finalAt: Date.parse(mail.finalAt), subject: plainSubject(mail.subject) }
  const place = `${inverted(Date.parse(mail.acceptedAt))}~${mail.id}`
  return finalTerms(mail).map((term) => {
    const row: Row = { ...columns, partitionKey: partitionOf(mail.tenant), rowKey: `${term}~${place}` }
    return { kind: 'upsert', row }
  })
}

export interface FinalHint {
  mailId: string
  mailboxId: string
  state: MailState
  /** Milliseconds. */
  acceptedAt: number
  finalAt: number
  subject: string
  /** `{inverted acceptance}~{mail}`: where a page goes on, whichever day and term. */
  place: string
}

export interface FinalRange {
  term: string
  /** Acceptance, milliseconds: from `since` up to, but without, `until`. */
  since: number
  until: number
  /** `place` behind which to begin. */
  after?: string | undefined
  /** Rows asked for at once. */
  chunk: number
}

/** A clock that is behind by this much may have put a mail into the day before its acceptance. */
const skewMs = 10 * 60_000

/**
 * Newest acceptance first, whatever the day of completion. A mail is finished on the day of its acceptance or later, so
 * the days are joined from today backwards, each as soon as it may hold the next mail.
 */
export async function* finalHints(deps: Toolbox, tenant: string, range: FinalRange): AsyncIterable<FinalHint> {
  const prefix = deps.names.log('mailindex', '')
  const closed = (await deps.tables.list(prefix))
    .map((table) => ({ table, endsAt: endOfDay(table.slice(prefix.length)) }))
    .filter(({ endsAt }) => endsAt + skewMs > range.since)
    .sort((a, b) => b.endsAt - a.endsAt)
  const open: Day[] = []
  /** No mail that was accepted later is still to come. */
  let reached = range.after === undefined ? range.until : acceptedAtOf(range.after)
  for (;;) {
    const due = closed.findIndex(({ endsAt }) => endsAt + skewMs <= reached)
    const most = open.length === 0 ? 1 : 0
    const next = closed.splice(0, Math.max(most, due === -1 ? closed.length : due))
    const begun = await mapInBatches(next, ({ table }) => beginDay(deps, { ...range, table, tenant }))
    open.push(...begun.filter((day) => day !== undefined))
    const [first] = open.sort((a, b) => (a.head.place < b.head.place ? -1 : 1))
    if (first === undefined && closed.length === 0) return
    if (first === undefined) continue
    reached = Math.min(reached, first.head.acceptedAt)
    if (closed[0] !== undefined && closed[0].endsAt + skewMs > reached) continue
    yield first.head
    const following = await first.rows.next()
    if (following.done) open.shift()
    else first.head = following.value
  }
}

interface Day {
  rows: AsyncIterator<FinalHint>
  head: FinalHint
}

type RangeOfDay = FinalRange & { table: string; tenant: string }

async function beginDay(deps: Toolbox, range: RangeOfDay): Promise<Day | undefined> {
  const rows = rowsOfDay(deps, range)
  const { done, value } = await rows.next()
  return done ? undefined : { rows, head: value }
}

async function* rowsOfDay(
  deps: Toolbox,
  { table, tenant, term, since, until, after, chunk }: RangeOfDay,
): AsyncGenerator<FinalHint, void> {
  const end = `${term}~${inverted(since)}~~`
  // The later of both: a page goes on behind `after`, and nothing accepted at `until` or later is wanted.
  let from = [`${term}~${inverted(until - 1)}`, after === undefined ? '' : `${term}~${after}~`].sort().at(-1) ?? ''
  for (let full = true; full; ) {
    let count = 0
    const query = { partition: partitionOf(tenant), rowRange: [from, end] as [string, string], limit: chunk }
    for await (const row of deps.tables.query(table, query)) {
      count += 1
      from = `${row.rowKey}~`
      yield toHint(row)
    }
    full = count >= chunk
  }
}

function toHint(row: Row): FinalHint {
  const { text, number } = columnsOf(row)
  const place = row.rowKey.slice(-placeLength)
  return {
    mailId: place.slice(14),
    mailboxId: text('mailboxId'),
    state: text('state') as MailState,
    acceptedAt: acceptedAtOf(place),
    finalAt: number('finalAt'),
    subject: text('subject'),
    place,
  }
}

/** Thirteen digits, `~`, an id of 26 characters. */
const placeLength = 40
const acceptedAtOf = (place: string): number => latest - Number(place.slice(0, 13))

/** `yyyymmdd` → milliseconds. */
const endOfDay = (day: string): number =>
  Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6, 8)}T00:00:00Z`) + dayMs
