/**
 * What is older than the retention goes. The day's log names every mail and every mailbox of that day, so it is walked
 * just before its table is dropped: final mails with the rest of their content, mail that was handed over with its raw
 * copy. What is still open, or became final later, stays; the log of that later day finds it again. Log rows go as they
 * are worked off, a bounded number per run, so that the next run goes on where this one stopped or died. Mail in
 * quarantine waits 90 days for a person, unless its mailbox is gone.
 */
import { RowChangedError, RowMissingError } from '../../errors.js'
import { finalStates } from '../../model/mail.js'
import { dayTableNames } from '../../model/names.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { type Budget, deleteRows, mapInBatches } from '../../rows/delete-rows.js'
import { logDay } from '../../rows/logs.js'
import { findMailbox, mailboxPartition } from '../../rows/mailboxes.js'
import { findMail } from '../../rows/mails.js'
import { listKey } from '../../rows/received.js'
import { showQuarantine } from '../receive/tell-quarantined.js'
import { blobName } from '../send/accept-mail.js'

const dayMs = 86_400_000
const auditDays = 400
const quarantineDays = 90
const page = 500
/** Log rows and received mails of one run. */
const runBudget = 2_000
/** Every partition of a log. */
const everything: [string, string] = ['!', '~~~~']

/** Returns the tables that were dropped. */
export async function purgeOld(deps: Toolbox, retentionDays: number, most = runBudget): Promise<string[]> {
  const budget: Budget = { left: most }
  const dropped: string[] = []
  for (const name of dayTableNames) {
    const day = logDay(name, deps.clock.now() - (name === 'auditlog' ? auditDays : retentionDays) * dayMs)
    const old = (await deps.tables.list(deps.names.log(name, ''))).filter((table) => table < deps.names.log(name, day))
    const before = startOfDay(deps.clock.now() - retentionDays * dayMs)
    for (const table of old.sort()) {
      if (name === 'sendinglog' && !(await forgetMails(deps, table, budget, before))) break
      if (name === 'receivinglog' && !(await forgetReceived(deps, table, budget, before))) break
      await deps.tables.drop(table)
      dropped.push(table)
    }
  }
  return dropped
}

const startOfDay = (ms: number): number => Math.floor(ms / dayMs) * dayMs
const tenantOf = (row: Row): string => row.partitionKey.slice(0, row.partitionKey.indexOf('~', 1))

/** Works off a log and deletes the rows that are done. False when the budget ended first. */
async function walk(
  deps: Toolbox,
  table: string,
  budget: Budget,
  act: (rows: Row[]) => Promise<unknown>,
): Promise<boolean> {
  while (budget.left > 0) {
    const limit = Math.min(page, budget.left)
    const rows: Row[] = []
    const query = { partitionRange: everything, select: ['mailId', 'mailboxId'], limit }
    for await (const row of deps.tables.query(table, query)) rows.push(row)
    const once = new Map(rows.map((row) => [`${tenantOf(row)}~${row['mailId'] ?? ''}~${row['mailboxId'] ?? ''}`, row]))
    await act([...once.values()])
    if (budget.left <= 0) return false
    await deleteRows(deps, table, rows)
    budget.left -= rows.length
    if (rows.length < limit) return true
  }
  return false
}

const forgetMails = (deps: Toolbox, table: string, budget: Budget, before: number): Promise<boolean> =>
  walk(deps, table, budget, (rows) => mapInBatches(rows, (row) => forgetMail(deps, row, before)))

/**
 * Open mail stays, whatever its age. The row goes first and only as it was read: somebody may try it again just now.
 */
async function forgetMail(deps: Toolbox, row: Row, before: number): Promise<void> {
  const id = String(row['mailId'] ?? '')
  if (id === '') return
  const tenant = tenantOf(row)
  const container = deps.names.container('outbound')
  const entry = await findMail(deps, tenant, id)
  if (entry === undefined) {
    // Left by a run that died between row and content.
    for await (const { name, etag } of deps.blobs.list(container, `${tenant}/${id}-`))
      await deps.blobs.remove(container, name, etag)
    return
  }
  const { mail, etag } = entry
  if (!finalStates.has(mail.state) || !(Date.parse(mail.finalAt) < before)) return
  try {
    await deps.tables.remove(deps.names.table('mails'), `${tenant}~${id.slice(0, 2)}`, id, etag)
  } catch (error) {
    if (error instanceof RowChangedError || error instanceof RowMissingError) return
    throw error
  }
  // Only a failed mail still has content.
  if (mail.state === 'failed') await deps.blobs.remove(container, blobName(mail))
}

async function forgetReceived(deps: Toolbox, table: string, budget: Budget, before: number): Promise<boolean> {
  const done = new Set<string>()
  return walk(deps, table, budget, async (rows) => {
    for (const row of rows) {
      const tenant = tenantOf(row)
      const id = String(row['mailboxId'] ?? '')
      if (id === '' || budget.left <= 0 || done.has(`${tenant}~${id}`)) continue
      await purgeMailbox(deps, tenant, id, budget, before)
      done.add(`${tenant}~${id}`)
    }
  })
}

async function purgeMailbox(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  budget: Budget,
  before: number,
): Promise<void> {
  const table = deps.names.table('received')
  const mailbox = await findMailbox(deps, tenant, mailboxId)
  const quarantinedBefore = Math.min(before, deps.clock.now() - quarantineDays * dayMs)
  const rows = deps.tables.query(table, {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: ['h~', 'h~~'],
    where: [{ column: 'storedAt', is: 'lt', value: before }],
    select: ['state', 'blob', 'receivedAt', 'storedAt'],
  })
  const old: Row[] = []
  for await (const row of rows) {
    const inQuarantine = row['state'] === 'quarantined' && Number(row['storedAt']) < quarantinedBefore
    if (mailbox !== undefined && row['state'] !== 'handed-over' && !inQuarantine) continue
    // Used up in the middle of a mailbox: its log rows stay, and the next run comes back here.
    if (old.push(row) >= budget.left) break
  }
  budget.left -= old.length
  await mapInBatches(old, (row) => forgetReceivedMail(deps, row))
  if (mailbox !== undefined && old.some((row) => row['state'] === 'quarantined')) await showQuarantine(deps, mailbox)
}

async function forgetReceivedMail(deps: Toolbox, row: Row): Promise<void> {
  const table = deps.names.table('received')
  const blob = String(row['blob'] ?? '')
  const containers = row['state'] === 'quarantined' ? (['inbound', 'quarantine'] as const) : (['inbound'] as const)
  if (blob !== '') for (const name of containers) await deps.blobs.remove(deps.names.container(name), blob)
  // The list entry before the row by which it is found.
  await deps.tables.remove(table, row.partitionKey, listKey(Number(row['receivedAt']), row.rowKey.slice(2)))
  await deps.tables.remove(table, row.partitionKey, row.rowKey)
}
