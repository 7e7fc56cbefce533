/** Mail of one mailbox, and apart from it what was not imported, for people who act on it (M-107, M-108). */
import { isId } from '../../model/ids.js'
import type { PageQuery } from '../../model/page.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { getMailbox, mailboxPartition } from '../../rows/mailboxes.js'
import { behind, wrongPlace } from '../../rows/page-of-rows.js'
import { type ReceivedMail, receivedFromRow, receivedKey } from '../../rows/received.js'

export interface ReceivedPage {
  mails: ReceivedMail[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

/** Mail of one mailbox, newest first. */
export async function listReceived(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  { limit, after = '' }: PageQuery,
): Promise<ReceivedPage> {
  const table = deps.names.table('received')
  const partition = mailboxPartition(tenant, mailboxId)
  if (after !== '' && !/^t~\d{13}~[a-z2-7]{16}$/.test(after)) throw wrongPlace()
  await getMailbox(deps, tenant, mailboxId)
  const from = after === '' ? 't~' : behind(after)
  const keys: { rowKey: string; id: string }[] = []
  for await (const row of deps.tables.query(table, { partition, rowRange: [from, 't~~'], limit: limit + 1 }))
    keys.push({ rowKey: row.rowKey, id: String(row['h']) })
  const page = keys.slice(0, limit)
  const rows = await mapInBatches(page, ({ id }) => deps.tables.get(table, partition, receivedKey(id)))
  return {
    mails: rows.filter((row) => row !== undefined).map(receivedFromRow),
    next: keys.length > limit ? (page.at(-1)?.rowKey ?? '') : '',
  }
}

/** Stored but not yet handed over, or quarantined; in the order of the ids. */
export async function listNotImported(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  { limit, after = '' }: PageQuery,
): Promise<ReceivedPage> {
  if (after !== '' && !isId(after)) throw wrongPlace()
  await getMailbox(deps, tenant, mailboxId)
  const rows: Row[] = []
  for await (const row of deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: [after === '' ? 'h~' : behind(receivedKey(after)), 'h~~'],
    where: [{ column: 'state', is: 'ne', value: 'handed-over' }],
    limit: limit + 1,
  }))
    rows.push(row)
  const mails = rows.slice(0, limit).map(receivedFromRow)
  return { mails, next: rows.length > limit ? (mails.at(-1)?.id ?? '') : '' }
}
