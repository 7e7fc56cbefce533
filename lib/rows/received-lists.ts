/** Received mail (received.ts) in pages, by its state and by its age; always of one mailbox. */
import { isId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { RowQuery } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { mapInBatches } from './delete-rows.js'
import { mailboxPartition } from './mailboxes.js'
import { behind, wrongPlace } from './page-of-rows.js'
import { findReceived, type ReceivedKey, receivedFromRow, receivedKey, type StoredReceived } from './received.js'

type MailboxKey = Pick<ReceivedKey, 'tenant' | 'mailboxId'>

interface ReceivedPage {
  found: StoredReceived[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

const everyMail: [string, string] = ['h~', 'h~~']

async function* listReceived(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxKey,
  which: Omit<RowQuery, 'partition' | 'partitionRange'>,
): AsyncGenerator<StoredReceived> {
  const partition = mailboxPartition(tenant, mailboxId)
  for await (const row of deps.tables.query(deps.names.table('received'), { partition, rowRange: everyMail, ...which }))
    yield receivedFromRow(row)
}

/** Newest first. */
export async function pageOfReceived(
  deps: Toolbox,
  mailbox: MailboxKey,
  { limit, after = '' }: PageQuery,
): Promise<ReceivedPage> {
  if (after !== '' && !/^t~\d{13}~[a-z2-7]{16}$/.test(after)) throw wrongPlace()
  const keys: { rowKey: string; id: string }[] = []
  const listed = deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(mailbox.tenant, mailbox.mailboxId),
    rowRange: [after === '' ? 't~' : behind(after), 't~~'],
    limit: limit + 1,
  })
  for await (const row of listed) keys.push({ rowKey: row.rowKey, id: columnsOf(row).text('h') })
  const page = keys.slice(0, limit)
  const mails = await mapInBatches(page, ({ id }) => findReceived(deps, { ...mailbox, id }))
  return {
    found: mails.filter((mail) => mail !== undefined),
    next: keys.length > limit ? (page.at(-1)?.rowKey ?? '') : '',
  }
}

/** Stored but not yet handed over, or quarantined; in the order of the ids. */
export async function pageOfNotImported(
  deps: Toolbox,
  mailbox: MailboxKey,
  { limit, after = '' }: PageQuery,
): Promise<ReceivedPage> {
  if (after !== '' && !isId(after)) throw wrongPlace()
  const mails: StoredReceived[] = []
  const rows = listReceived(deps, mailbox, {
    rowRange: [after === '' ? 'h~' : behind(receivedKey(after)), 'h~~'],
    where: [{ column: 'state', is: 'ne', value: 'handed-over' }],
    limit: limit + 1,
  })
  for await (const mail of rows) mails.push(mail)
  const found = mails.slice(0, limit)
  return { found, next: mails.length > limit ? (found.at(-1)?.id ?? '') : '' }
}

/** What went into quarantine before a time, in milliseconds of the storage's clock. */
export const listQuarantined = (deps: Toolbox, mailbox: MailboxKey, before: number): AsyncGenerator<StoredReceived> =>
  listReceived(deps, mailbox, {
    where: [
      { column: 'state', is: 'eq', value: 'quarantined' },
      { column: 'quarantinedAt', is: 'lt', value: before },
    ],
  })

/** How much is in quarantine for each reason, counted up to `most`. */
export async function countQuarantined(deps: Toolbox, mailbox: MailboxKey, most: number): Promise<Map<string, number>> {
  const codes = new Map<string, number>()
  const rows = listReceived(deps, mailbox, {
    where: [{ column: 'state', is: 'eq', value: 'quarantined' }],
    select: ['code'],
    limit: most,
  })
  for await (const { code } of rows) codes.set(code, (codes.get(code) ?? 0) + 1)
  return codes
}

/** By what every mail would be recognised under another server id. */
export const listContents = (
  deps: Toolbox,
  mailbox: MailboxKey,
): AsyncGenerator<Pick<StoredReceived, 'contentKey' | 'storedAt' | 'duplicate'>> =>
  listReceived(deps, mailbox, { select: ['contentKey', 'storedAt', 'duplicate'] })

/** As far as retention looks at it. */
export type TakenMail = ReceivedKey & Pick<StoredReceived, 'state' | 'blob' | 'receivedAt' | 'storedAt'>

/** What the gateway took before a time, in milliseconds. */
export const listTakenBefore = (deps: Toolbox, mailbox: MailboxKey, before: number): AsyncGenerator<TakenMail> =>
  listReceived(deps, mailbox, {
    where: [{ column: 'storedAt', is: 'lt', value: before }],
    select: ['state', 'blob', 'receivedAt', 'storedAt'],
  })
