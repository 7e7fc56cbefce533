/**
 * The outbox of a mailbox: hints in the order in which its mail is due. Partition `T~{mailbox}`, row `d~{ms}~{id}` due,
 * `h~…` held, `u~…` unknown and waiting for a person. Hints are never believed: the journal row says what they are
 * worth.
 */

import { RowChangedError, RowMissingError } from '../errors.js'
import type { Mail, MailState } from '../model/mail.js'
import { type Found, openTerms, plainSubject } from '../model/mail-terms.js'
import type { MailboxRef } from '../model/mailbox.js'
import type { Row, RowQuery } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { deleteRows } from './delete-rows.js'
import { setDueAtLatest, setDueIfNone } from './due.js'
import { mailboxPartition } from './mailboxes.js'
import { enqueue } from './messages.js'
import { ofEveryTenant, startingWith } from './tenant-ranges.js'

export type HintKind = 'due' | 'held' | 'unknown'

const letters = { due: 'd', held: 'h', unknown: 'u' } as const satisfies Record<HintKind, string>

export interface Hint {
  kind: HintKind
  key: string
  /** Milliseconds. */
  dueAt: number
  mailId: string
  mailboxId: string
  /** When the hint was written, milliseconds. */
  at: number
  /** The one an acceptance wrote: nothing has happened to its mail since. */
  isFirst: boolean
  /** Somebody knows that its mail was in the journal. */
  isJournaled: boolean
  /** By what its mail is found; absent in hints of older builds. */
  find?: { acceptedAt: number; terms: Set<string>; subject: string }
}

/** A hint without its mail is a write in progress until it is this old. */
export const staleHintMs = 5 * 60_000
/**
 * The lane's due row is never later than this while mail is waiting: a minute before the lease of a worker that died at
 * once would end, so that the timer's look finds the lease and dates the next one (drain-lane.ts).
 */
export const laneDueMs = 3 * 60_000
export const closedLaneDueMs = 60 * 60_000

/** Longer than a request takes. */
const acceptanceMs = 60_000

const digits = (ms: number): string => String(Math.max(0, Math.round(ms))).padStart(13, '0')
export const hintKey = (kind: HintKind, dueAt: number, mailId: string): string =>
  `${letters[kind]}~${digits(dueAt)}~${mailId}`
const kindOf = (letter: string | undefined): HintKind =>
  letter === letters.held ? 'held' : letter === letters.unknown ? 'unknown' : 'due'

/** Whether the lane looks at the mail when its time has come. */
export const isDueMail = ({ outboxKey }: Pick<Mail, 'outboxKey'>): boolean => outboxKey.startsWith(`${letters.due}~`)

type Placed = Pick<Mail, 'tenant' | 'mailboxId' | 'bytes' | 'outboxKey' | 'subject' | 'acceptedAt'> & Found

export async function putHint(deps: Toolbox, mail: Placed, state: MailState): Promise<void> {
  await deps.tables.upsert(deps.names.table('outbox'), {
    partitionKey: mailboxPartition(mail.tenant, mail.mailboxId),
    rowKey: mail.outboxKey,
    v: 1,
    state,
    bytes: mail.bytes,
    at: deps.clock.now(),
    acceptedAt: Date.parse(mail.acceptedAt),
    terms: openTerms(mail).join(' '),
    subject: plainSubject(mail.subject),
  })
}

export async function removeHint(deps: Toolbox, mail: Pick<Mail, 'tenant' | 'mailboxId'>, key: string): Promise<void> {
  await deps.tables.remove(deps.names.table('outbox'), {
    partitionKey: mailboxPartition(mail.tenant, mail.mailboxId),
    rowKey: key,
  })
}

/** Of mails that are in the index of finished mail. */
export async function removeHints(deps: Toolbox, mails: readonly Mail[]): Promise<void> {
  const hints = mails.map((mail) => ({
    partitionKey: mailboxPartition(mail.tenant, mail.mailboxId),
    rowKey: mail.outboxKey,
  }))
  await deleteRows(deps, deps.names.table('outbox'), hints)
}

/** Whether its hint is where the mail says. */
export async function hasHint(
  deps: Toolbox,
  { tenant, mailboxId, outboxKey }: Pick<Mail, 'tenant' | 'mailboxId' | 'outboxKey'>,
): Promise<boolean> {
  const row = await deps.tables.get(deps.names.table('outbox'), mailboxPartition(tenant, mailboxId), outboxKey)
  return row !== undefined
}

/** Should its mail ever miss in the journal, no interrupted acceptance explains it. */
export async function markJournaled(deps: Toolbox, tenant: string, { mailboxId, key }: Hint): Promise<void> {
  const table = deps.names.table('outbox')
  const place = { partitionKey: mailboxPartition(tenant, mailboxId), rowKey: key }
  const row = await deps.tables.get(table, place.partitionKey, place.rowKey)
  if (row === undefined) return
  try {
    await deps.tables.update(table, { ...place, journaled: true }, row.etag ?? '')
  } catch (error) {
    if (!(error instanceof RowChangedError) && !(error instanceof RowMissingError)) throw error
  }
}

function toHint(row: Row): Hint {
  const { partitionKey, rowKey: key } = row
  const { text, number, flag } = columnsOf(row)
  const [letter, ms, mailId = ''] = key.split('~')
  return {
    kind: kindOf(letter),
    key,
    dueAt: Number(ms),
    mailId,
    mailboxId: partitionKey.split('~')[1] ?? '',
    at: number('at'),
    // Of the same request; a step that queues the mail again comes later or has another key.
    isJournaled: flag('journaled'),
    isFirst: text('state') === 'queued' && Math.abs(number('at') - number('acceptedAt')) < acceptanceMs,
    ...(row['acceptedAt'] === undefined
      ? {}
      : {
          find: {
            acceptedAt: number('acceptedAt'),
            terms: new Set(text('terms').split(' ')),
            subject: text('subject'),
          },
        }),
  }
}

/** Due hints in order, up to and including the first one of the future. */
export async function listDueHints(
  deps: Toolbox,
  { tenant, mailboxId }: Pick<Mail, 'tenant' | 'mailboxId'>,
  limit: number,
): Promise<Hint[]> {
  const hints: Hint[] = []
  const now = deps.clock.now()
  const partition = mailboxPartition(tenant, mailboxId)
  const rowRange = startingWith(`${letters.due}~`)
  for await (const row of deps.tables.query(deps.names.table('outbox'), { partition, rowRange, limit })) {
    const hint = toHint(row)
    hints.push(hint)
    if (hint.dueAt > now) break
  }
  return hints
}

/** All hints of a mailbox, or of the tenant, in key order, or those behind one. */
export async function* listHints(
  deps: Toolbox,
  tenant: string,
  { mailboxId, after }: { mailboxId?: string | undefined; after?: Pick<Hint, 'mailboxId' | 'key'> | undefined } = {},
): AsyncIterable<Hint> {
  const wanted: Omit<RowQuery, 'select'>[] = []
  if (after !== undefined)
    wanted.push({ partition: mailboxPartition(tenant, after.mailboxId), rowRange: [`${after.key}~`, '~'] })
  if (mailboxId === undefined) {
    const from = after === undefined ? `${tenant}~` : `${mailboxPartition(tenant, after.mailboxId)}~`
    wanted.push({ partitionRange: [from, `${tenant}~~`] })
  } else if (after === undefined) wanted.push({ partition: mailboxPartition(tenant, mailboxId) })
  for (const where of wanted)
    for await (const row of deps.tables.query(deps.names.table('outbox'), where)) yield toHint(row)
}

export interface OwnedHint extends Hint {
  tenant: string
}

/** All hints of the deployment: open mail only, so the scan is as long as what waits. */
export async function* listAllHints(deps: Toolbox): AsyncIterable<OwnedHint> {
  for await (const row of deps.tables.query(deps.names.table('outbox'), { partitionRange: ofEveryTenant }))
    yield { ...toHint(row), tenant: row.partitionKey.split('~')[0] ?? '' }
}

/** "This mailbox has work": the due row as net, never later than it stood, then the message. */
export async function wakeLane(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<void> {
  await setDueAtLatest(deps, { kind: 'lane', tenant, id: mailboxId }, deps.clock.now() + laneDueMs)
  await enqueue(deps, 'mail-send', { tenant, mailboxId })
}

/**
 * The same for a mail that was just accepted, in two requests: a due row that is there stays as it is. It may be an
 * hour away, so the message says that nobody looked (`undated`), and the worker that takes the lane brings it near. It
 * names the mail, which was in the journal by then.
 */
export async function announceMail(
  deps: Toolbox,
  { tenant, mailboxId, id: mailId }: Pick<Mail, 'tenant' | 'mailboxId' | 'id'>,
): Promise<void> {
  const isDated = await setDueIfNone(deps, { kind: 'lane', tenant, id: mailboxId }, deps.clock.now() + laneDueMs)
  const undated = isDated ? {} : { undated: true }
  await enqueue(deps, 'mail-send', { tenant, mailboxId, mailId, ...undated })
}
