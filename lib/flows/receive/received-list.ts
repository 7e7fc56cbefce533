/** Mail of one mailbox, newest first, and apart from it what was not imported, for people who act on it (M-107, M-108). */

import { invalidInput } from '../../errors.js'
import type { Dependencies } from '../common/dependencies.js'
import { getMailbox, mailboxPartition } from '../common/mailbox-rows.js'
import { type ReceivedMail, receivedFromRow, receivedKey } from './received-rows.js'

export interface ReceivedPage {
  mails: ReceivedMail[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

const afterPattern = /^t~\d{13}~[a-z2-7]{16}$/
const mostPerPage = 100

export async function listReceived(
  deps: Dependencies,
  tenant: string,
  mailboxId: string,
  { limit = 50, after = '' }: { limit?: number; after?: string } = {},
): Promise<ReceivedPage> {
  const table = deps.names.table('received')
  const partition = mailboxPartition(tenant, mailboxId)
  const count = Math.max(1, Math.min(limit, mostPerPage))
  if (after !== '' && !afterPattern.test(after))
    throw invalidInput('after', 'must be `next` of the page before, unchanged; leave it out for the first page')
  await getMailbox(deps, tenant, mailboxId)
  const from = after === '' ? 't~' : `${after}~`
  const keys: { rowKey: string; id: string }[] = []
  for await (const row of deps.tables.query(table, { partition, rowRange: [from, 't~~'], limit: count + 1 }))
    keys.push({ rowKey: row.rowKey, id: String(row['h']) })
  const page = keys.slice(0, count)
  const rows = await Promise.all(page.map(({ id }) => deps.tables.get(table, partition, receivedKey(id))))
  return {
    mails: rows.filter((row) => row !== undefined).map(receivedFromRow),
    next: keys.length > count ? (page.at(-1)?.rowKey ?? '') : '',
  }
}

/** Stored but not yet handed over, or quarantined; newest first, at equal times by id. */
export async function listNotImported(
  deps: Dependencies,
  tenant: string,
  mailboxId: string,
  limit = 200,
): Promise<ReceivedMail[]> {
  await getMailbox(deps, tenant, mailboxId)
  const mails: ReceivedMail[] = []
  const rows = deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: ['h~', 'h~~'],
    where: [{ column: 'state', is: 'ne', value: 'handed-over' }],
  })
  for await (const row of rows) mails.push(receivedFromRow(row))
  mails.sort((a, b) => b.receivedAt.localeCompare(a.receivedAt) || a.id.localeCompare(b.id))
  return mails.slice(0, limit)
}
