/**
 * Where receiving stands: the row `receiving` beside the mailbox, written by the holder of its lease, which is a poll's.
 * Beside it is `receiving-import` while somebody wants what is in quarantine: written by the API, taken up by the next
 * poll.
 */
import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { Mailbox } from '../model/mailbox.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Lease, takeLease } from './lease.js'
import { fromRow, mailboxPartition, mailboxRowKey } from './mailboxes.js'

export const receivingRowKey = 'receiving'
const importRowKey = 'receiving-import'
/** A longer cursor lies in a blob: a column takes 32,768 characters (storage contract). */
const longestCursor = 24_000

/** A mail that could not be taken and is retried beside the others. */
export interface AsideMail {
  serverId: string
  /** When it was first set aside, milliseconds. */
  at: number
  /** Not tried again before: somebody who asks for polls does not use up its strikes. */
  tryAt: number
  /** Refusals that were this mail's own. */
  strikes: number
  /** How often the process died while it had this mail, and no other of the mailbox, in hand. */
  deaths: number
  /** What was wrong last. */
  code: string
  /** Nobody can ask for it by its id. */
  listedOnly?: true
  /** When somebody asked to import it out of quarantine, milliseconds of the storage's clock. */
  askedAt?: number
}

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

/** Somebody wants what went into quarantine before `askedAt`, milliseconds of the storage's clock. */
export interface ImportRequest {
  askedAt: number
  etag: string
}

/** The row as read, before its lease is taken. */
export interface ReceivingRow {
  row: Row
  /** Milliseconds; 0 when no poll runs. */
  leaseUntil: number
}

/** Mailbox, receiving row and what somebody wants imported, in one request. */
export async function findReceiving(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
): Promise<{
  mailbox: Mailbox | undefined
  receiving: ReceivingRow | undefined
  asked: ImportRequest | undefined
}> {
  let mailbox: Mailbox | undefined
  let receiving: ReceivingRow | undefined
  let asked: ImportRequest | undefined
  const rows = deps.tables.query(deps.names.table('mailboxes'), {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: [mailboxRowKey, `${receivingRowKey}~`],
  })
  for await (const row of rows) {
    const { number } = columnsOf(row)
    if (row.rowKey === mailboxRowKey) mailbox = fromRow(row)
    if (row.rowKey === receivingRowKey) receiving = { row, leaseUntil: number('leaseUntil') }
    if (row.rowKey === importRowKey) asked = { askedAt: number('askedAt'), etag: row.etag ?? '' }
  }
  return { mailbox, receiving, asked }
}

/** The right to write where receiving stands. */
export interface HeldReceiving extends Pick<Lease, 'remainingMs' | 'renew'> {
  /** As it was when the lease was taken. */
  state: ReceivingState
  /** Milliseconds: when the latest poll that went well began; 0 for never. */
  lastSuccessAt: number
  /** Throws RowChangedError when the lease was lost. */
  write(changes: Partial<ReceivingState>): Promise<void>
  /** Gives the lease back, with last changes; losing it meanwhile is no error. */
  release(changes?: Partial<ReceivingState>): Promise<void>
}

/** `undefined` when another poll has it. */
export async function takeReceiving(
  deps: Toolbox,
  mailbox: Mailbox,
  { receiving, leaseMs }: { receiving: ReceivingRow | undefined; leaseMs: number },
): Promise<HeldReceiving | undefined> {
  const lease = await leaseOf(deps, mailbox, { known: receiving?.row, leaseMs })
  if (lease === undefined) return undefined
  return {
    state: await stateOf(deps, mailbox, lease.row),
    lastSuccessAt: columnsOf(lease.row).number('lastSuccessAt'),
    remainingMs: lease.remainingMs,
    renew: lease.renew,
    write: async (changes) => lease.write(await toColumns(deps, mailbox, changes)),
    release: async (changes = {}) => lease.release(await toColumns(deps, mailbox, changes)),
  }
}

async function leaseOf(
  deps: Toolbox,
  mailbox: Mailbox,
  { known, leaseMs }: { known: Row | undefined; leaseMs: number },
): Promise<Lease | undefined> {
  const table = deps.names.table('mailboxes')
  try {
    const row = known ?? (await insertReceiving(deps, mailbox))
    const { number } = columnsOf(row)
    // Written with the lease, so that an idle poll leaves its time behind without a request of its own.
    const times = {
      polledAt: deps.clock.now(),
      lastSuccessAt: number(number('failures') === 0 ? 'polledAt' : 'lastSuccessAt'),
    }
    return await takeLease(deps, { table, row, durationMs: leaseMs, columns: times })
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}

async function insertReceiving(deps: Toolbox, { tenant, id }: Mailbox): Promise<Row> {
  const row = { partitionKey: mailboxPartition(tenant, id), rowKey: receivingRowKey, v: 1 }
  return { ...row, etag: await deps.tables.insert(deps.names.table('mailboxes'), row) }
}

async function stateOf(deps: Toolbox, mailbox: Mailbox, row: Row): Promise<ReceivingState> {
  const { text, number, flag, json } = columnsOf(row)
  let cursor: string | undefined = text('cursor') || undefined
  if (flag('cursorInBlob')) {
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
    attention: flag('attention'),
    busy: flag('busy'),
    inHand: text('inHand'),
    aside: json<AsideMail[]>('aside', []),
    owed: json<string[]>('owed', []),
    resyncSince: number('resyncSince'),
  }
}

type WrittenColumns = Omit<Row, 'partitionKey' | 'rowKey'>

/** A long cursor is written to its blob before the row points there. */
async function toColumns(
  deps: Toolbox,
  mailbox: Mailbox,
  { cursor, owed, aside, ...plain }: Partial<ReceivingState>,
): Promise<WrittenColumns> {
  const columns: WrittenColumns = { ...plain }
  if (owed !== undefined) columns['owed'] = owed.length === 0 ? '' : JSON.stringify(owed)
  if (aside !== undefined) columns['aside'] = aside.length === 0 ? '' : JSON.stringify(aside)
  if (cursor === undefined) return columns
  const inBlob = cursor.length > longestCursor
  if (inBlob)
    await deps.blobs.put(deps.names.container('cursors'), { name: cursorBlob(mailbox), bytes: Buffer.from(cursor) })
  return { ...columns, cursor: inBlob ? '' : cursor, cursorInBlob: inBlob, cursorAt: deps.clock.now() }
}

const cursorBlob = ({ tenant, id }: Pick<Mailbox, 'tenant' | 'id'>): string => `${tenant}/${id}`

export async function removeCursor(deps: Toolbox, mailbox: Pick<Mailbox, 'tenant' | 'id'>): Promise<void> {
  await deps.blobs.remove(deps.names.container('cursors'), cursorBlob(mailbox))
}

/** Of what went into quarantine before `askedAt`; the latest request counts. */
export async function requestImport(deps: Toolbox, { tenant, id }: Mailbox, askedAt: number): Promise<void> {
  const key = { partitionKey: mailboxPartition(tenant, id), rowKey: importRowKey }
  await deps.tables.upsert(deps.names.table('mailboxes'), { ...key, v: 1, askedAt })
}

/** It was taken up. One that somebody made meanwhile stays, and the next poll looks once more. */
export async function endImportRequest(deps: Toolbox, { tenant, id }: Mailbox, { etag }: ImportRequest): Promise<void> {
  try {
    await deps.tables.remove(deps.names.table('mailboxes'), {
      partitionKey: mailboxPartition(tenant, id),
      rowKey: importRowKey,
      etag,
    })
  } catch (error) {
    if (!(error instanceof RowChangedError || error instanceof RowMissingError)) throw error
  }
}
