/**
 * The journal: the only truth about whether a mail was sent. Every step is a conditional update of the row as just
 * read, along the listed transitions only (REL-02); an update that meets another ETag throws RowChangedError and
 * changes nothing.
 */
import { isDeepStrictEqual } from 'node:util'
import { conflict, GatewayError, notFound, RowChangedError, RowMissingError } from '../errors.js'
import { isId } from '../model/ids.js'
import { finalStates, type Mail, mayBecome } from '../model/mail.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { mailColumns, mailFromRow, mailPartition, mailToRow, mailVersion } from './mail-columns.js'
import { type HintKind, hintKey, putHint, removeHint } from './outbox.js'

/** A mail as read, with the ETag its next change must carry. */
export interface JournalEntry {
  mail: Mail
  etag: string
  /** Written by a newer build: shown, but left alone by this one (REL-13). */
  newer: boolean
}

export async function findMail(deps: Toolbox, tenant: string, mailId: string): Promise<JournalEntry | undefined> {
  const row = await deps.tables.get(deps.names.table('mails'), mailPartition(tenant, mailId), mailId)
  return row && { mail: mailFromRow(row), etag: row.etag ?? '', newer: columnsOf(row).number('v') > mailVersion }
}

/** Throws `not_found` for an id that never existed and for one of another tenant alike. */
export async function getMail(deps: Toolbox, tenant: string, mailId: string): Promise<JournalEntry> {
  const entry = isId(mailId) ? await findMail(deps, tenant, mailId) : undefined
  if (entry === undefined) throw notFound('mail')
  return entry
}

/** A mail that is not final, and where its hint must be. */
export interface OpenMail {
  id: string
  mailboxId: string
  outboxKey: string
}

/** Of a tenant, those whose ids begin with `slice`. */
export async function* listOpenMails(deps: Toolbox, tenant: string, slice: string): AsyncIterable<OpenMail> {
  const rows = deps.tables.query(deps.names.table('mails'), {
    partitionRange: [`${tenant}~${slice}`, `${tenant}~${slice}~`],
    where: [...finalStates].map((value) => ({ column: 'state', is: 'ne', value })),
    select: ['mailboxId', 'outboxKey'],
  })
  for await (const row of rows) {
    const { text } = columnsOf(row)
    yield { id: row.rowKey, mailboxId: text('mailboxId'), outboxKey: text('outboxKey') }
  }
}

/** Throws RowExistsError when the mail exists: the insert is the idempotency check. */
export async function insertMail(deps: Toolbox, mail: Mail): Promise<void> {
  await deps.tables.insert(deps.names.table('mails'), mailToRow(mail))
}

/** One step along the graph. What some recipients have may end as sent from anywhere, when the rest is given up. */
export async function stepMail(
  deps: Toolbox,
  entry: JournalEntry,
  changes: Partial<Mail> & Pick<Mail, 'state'>,
): Promise<JournalEntry> {
  const to = changes.state
  const endsPartly = to === 'sent' && entry.mail.delivered.length > 0 && !finalStates.has(entry.mail.state)
  if (!mayBecome(entry.mail.state, to) && !endsPartly)
    throw conflict(
      'wrong_state',
      `A mail that is ${entry.mail.state} cannot become ${to}.`,
      'Read the mail again; its state changed or does not allow this.',
    )
  return amend(deps, entry, changes)
}

const writtenByNewer = (): GatewayError =>
  new GatewayError('written_by_newer_version', 'transient', {
    retryAfterMs: 60_000,
    description:
      'A newer version of the gateway wrote this mail, and an older one that still runs received the request.',
    remedy: 'Nobody has to act: try again when the update is complete.',
  })

/** Changes columns without a step. */
async function amend(deps: Toolbox, entry: JournalEntry, changes: Partial<Mail>): Promise<JournalEntry> {
  if (entry.newer) throw writtenByNewer()
  const { id, tenant } = entry.mail
  // Written with every change, so that a row of a build without this column gets it while it can still be told.
  const { plannedAt } = entry.mail
  const row = { ...mailColumns({ plannedAt, ...changes }), partitionKey: mailPartition(tenant, id), rowKey: id }
  const mail = { ...entry.mail, ...changes }
  try {
    return { ...entry, mail, etag: await deps.tables.update(deps.names.table('mails'), row, entry.etag) }
  } catch (error) {
    if (error instanceof RowMissingError) throw new RowChangedError('the mail went with its tenant')
    // The answer to our own write may have got lost, and the client's second try then met what the first had written.
    const now = error instanceof RowChangedError ? await findMail(deps, tenant, id) : undefined
    if (now === undefined || !isDeepStrictEqual(now.mail, mail)) throw error
    return now
  }
}

/** Where the hint goes and at which time, in milliseconds; with a `state` it is a step along the graph. */
export interface MailMove extends Omit<Partial<Mail>, 'outboxKey'> {
  hint: [kind: HintKind, at: number]
}

/**
 * A step that moves the mail's hint: the new hint is there before the truth changes, the old one goes after, so that no
 * crash leaves an open mail without a hint.
 */
export async function moveMail(
  deps: Toolbox,
  entry: JournalEntry,
  { hint: [kind, at], ...rest }: MailMove,
): Promise<JournalEntry> {
  const before = entry.mail
  const outboxKey = hintKey(kind, at, before.id)
  const changes = { ...rest, outboxKey }
  const { state } = changes
  await putHint(deps, { ...before, ...changes }, state ?? before.state)
  const moved = await (state === undefined ? amend(deps, entry, changes) : stepMail(deps, entry, { ...changes, state }))
  if (outboxKey !== before.outboxKey) await removeHint(deps, before, before.outboxKey)
  return moved
}

/** Only as it was read: false when somebody changed or removed it meanwhile. */
export async function removeMail(deps: Toolbox, { mail, etag }: JournalEntry): Promise<boolean> {
  try {
    await deps.tables.remove(deps.names.table('mails'), {
      partitionKey: mailPartition(mail.tenant, mail.id),
      rowKey: mail.id,
      etag,
    })
    return true
  } catch (error) {
    if (error instanceof RowChangedError || error instanceof RowMissingError) return false
    throw error
  }
}

/** In whatever state it is: its tenant is removed. */
export async function discardMail(deps: Toolbox, tenant: string, mailId: string): Promise<void> {
  await deps.tables.remove(deps.names.table('mails'), { partitionKey: mailPartition(tenant, mailId), rowKey: mailId })
}
