import type { AsideMail } from '../flows/receive/aside.js'
import type { ReceiveDependencies } from '../flows/receive/receive-dependencies.js'
import { hashId } from '../model/ids.js'
import type { Mailbox } from '../model/mailbox.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { fromRow, mailboxPartition, mailboxRowKey } from './mailboxes.js'

export const receivingRowKey = 'receiving'
/**
 * Beside it while somebody wants what is in quarantine; written by the API, taken up by the next poll (import-mails).
 */
export const importRowKey = 'receiving-import'
/** A longer cursor lies in a blob: a column takes 32,768 characters (storage contract). */
const longestCursor = 24_000

/** Where receiving stands. Row `receiving`, written by the poll's lease holder only. */
export interface ReceivingState {
  cursor: string | undefined
  /** When it was written; a sync state that is never renewed expires at the server. */
  cursorAt: number
  /** What the cursor belongs to: transport, server, account and folder. */
  source: string
  lastMailAt: number
  failures: number
  /** Code of the latest failure, empty when the latest poll went well. */
  code: string
  /** Its plain description. */
  problem: string
  /** When a refusal that needs a person came first, with no success since; 0 when there was none. */
  refusedAt: number
  /** People were told that this mailbox is not being read. */
  attention: boolean
  /** A poll had mail in its hands; still set at the start of the next one, it says that the process died. */
  busy: boolean
  /** The one mail that was in hand alone, by its server id; empty when there were several, or none. */
  inHand: string
  /** Mails that are retried automatically. */
  aside: AsideMail[]
  /** Server ids whose after-receive action is still owed. */
  owed: string[]
  /** Start of a resync that is not complete; 0 when there is none. */
  resyncSince: number
}

/** Mailbox, receiving row and what somebody wants imported, in one request. */
export async function readReceiving(
  deps: ReceiveDependencies,
  tenant: string,
  mailboxId: string,
): Promise<{ mailbox: Mailbox | undefined; row: Row | undefined; asked: Row | undefined }> {
  let mailbox: Mailbox | undefined
  let row: Row | undefined
  let asked: Row | undefined
  const rows = deps.tables.query(deps.names.table('mailboxes'), {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: [mailboxRowKey, `${receivingRowKey}~`],
  })
  for await (const found of rows) {
    if (found.rowKey === mailboxRowKey) mailbox = fromRow(found)
    if (found.rowKey === receivingRowKey) row = found
    if (found.rowKey === importRowKey) asked = found
  }
  return { mailbox, row, asked }
}

export async function createReceivingRow(deps: ReceiveDependencies, mailbox: Mailbox): Promise<Row> {
  const row = { partitionKey: mailboxPartition(mailbox.tenant, mailbox.id), rowKey: receivingRowKey, v: 1 }
  return { ...row, etag: await deps.tables.insert(deps.names.table('mailboxes'), row) }
}

export async function stateOf(deps: ReceiveDependencies, mailbox: Mailbox, row: Row): Promise<ReceivingState> {
  const text = (column: string): string => String(row[column] ?? '')
  const number = (column: string): number => Number(row[column] ?? 0)
  let cursor: string | undefined = text('cursor') || undefined
  if (row['cursorInBlob'] === true) {
    const bytes = await deps.blobs.get(deps.names.container('cursors'), cursorBlob(mailbox))
    cursor = bytes && Buffer.from(bytes).toString()
  }
  return {
    cursor,
    cursorAt: number('cursorAt'),
    source: text('source'),
    lastMailAt: number('lastMailAt'),
    failures: number('failures'),
    code: text('code'),
    problem: text('problem'),
    refusedAt: number('refusedAt'),
    attention: row['attention'] === true,
    busy: row['busy'] === true,
    inHand: text('inHand'),
    aside: JSON.parse(text('aside') || '[]') as AsideMail[],
    owed: JSON.parse(text('owed') || '[]') as string[],
    resyncSince: number('resyncSince'),
  }
}

type Columns = Omit<Row, 'partitionKey' | 'rowKey'>

/** Columns of a changed state; a long cursor is written to its blob before the row points there. */
export async function columnsOf(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  { cursor, owed, aside, ...plain }: Partial<ReceivingState>,
): Promise<Columns> {
  const columns: Columns = { ...plain }
  if (owed !== undefined) columns['owed'] = owed.length === 0 ? '' : JSON.stringify(owed)
  if (aside !== undefined) columns['aside'] = aside.length === 0 ? '' : JSON.stringify(aside)
  if (cursor === undefined) return columns
  const inBlob = cursor.length > longestCursor
  if (inBlob) await deps.blobs.put(deps.names.container('cursors'), cursorBlob(mailbox), Buffer.from(cursor))
  return { ...columns, cursor: inBlob ? '' : cursor, cursorInBlob: inBlob, cursorAt: deps.clock.now() }
}

const cursorBlob = ({ tenant, id }: Pick<Mailbox, 'tenant' | 'id'>): string => `${tenant}/${id}`

export async function removeCursor(deps: Toolbox, mailbox: Pick<Mailbox, 'tenant' | 'id'>): Promise<void> {
  await deps.blobs.remove(deps.names.container('cursors'), cursorBlob(mailbox))
}

/** A cursor means nothing for another server, account or folder. */
export function sourceOf({ receive, address }: Mailbox): string {
  if (receive.transport === 'graph') return hashId('graph', (receive.user ?? address).toLowerCase(), receive.folder)
  if (receive.transport === 'imap')
    return hashId('imap', address.toLowerCase(), receive.imap.host.toLowerCase(), receive.imap.folder)
  return ''
}
