/**
 * A tenant is removed permanently, on an operator's word. First it is marked, which refuses new calls and mail at once;
 * then whatever could still act for it goes before what it acted on: API keys, schedules, sign-ins, the authority over
 * each mailbox, registrations and webhook keys, rows, blobs, the events queue. Each pass does a bounded part, looks at
 * what is there and remembers nothing, so that a crash anywhere is repaired by the next pass of the timer. Processes
 * may go on for some minutes with what they had in memory; only a pass that begins after that time, and finds an end,
 * deletes the secrets once more, purges them where the vault allows, and leaves a tombstone: the id is never given
 * again.
 */
import { asGatewayError, GatewayError, notFound, RowChangedError } from '../../errors.js'
import { containerNames } from '../../model/names.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { deleteTenantRows } from '../../rows/all-tables.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { listConnections, removeConnectionRow } from '../../rows/connections.js'
import { type Budget, deleteByQuery, mapInBatches } from '../../rows/delete-rows.js'
import { type DueKind, deleteDue } from '../../rows/due.js'
import { newestGeneration } from '../../rows/grants.js'
import { releaseHold } from '../../rows/holders.js'
import { whileHeld } from '../../rows/lane.js'
import { writeLog } from '../../rows/logs.js'
import { listMailboxes, switchOffMailbox } from '../../rows/mailboxes.js'
import { discardMail } from '../../rows/mails.js'
import { listHints } from '../../rows/outbox.js'
import { forgetEndpoints } from '../tell/emit-event.js'
import { forgetCallers } from './authenticate.js'

export interface RemoveTenantDependencies extends Toolbox {
  forgetGrant(tenant: string, connectionId: string): Promise<void>
}

export interface TenantRemoval {
  id: string
  state: 'removing' | 'removed'
}

/**
 * Longer than anything is remembered or held: known callers 1 minute, lanes and polls 1 minute, token calls 90 seconds.
 */
const settledMs = 5 * 60_000
/** After how long people are told of a removal whose passes fail, and of one that merely goes on. */
const failingHours = 1
const quietHours = 24
/** Rows and blobs of one pass; a pass runs each minute. */
const passBudget = 5_000

/** Safe to repeat. Answers `not_found` for a tenant that is gone already. */
export async function removeTenant(deps: RemoveTenantDependencies, id: string): Promise<TenantRemoval> {
  const row = await deps.tables.get(deps.names.table('tenants'), id, 'tenant')
  if (row === undefined || row['state'] === 'removed') throw notFound('tenant')
  if (row['removedAt'] === '') await mark(deps, id, row)
  return { id, state: (await removalPass(deps, id)) ? 'removed' : 'removing' }
}

/** Timer part: goes on with every tenant that is being removed. */
export async function continueRemovals(deps: RemoveTenantDependencies): Promise<void> {
  const table = deps.names.table('tenants')
  for await (const row of deps.tables.query(table, { partition: '~', rowRange: ['removal~', 'removal~~'] })) {
    const tenant = row.rowKey.slice('removal~'.length)
    try {
      if (!(await removalPass(deps, tenant))) await tellIfLate(deps, tenant, Number(row['since']))
    } catch (error) {
      // The next pass goes on; one tenant's trouble holds up no other.
      deps.log.error('sweep-part-failed', { part: 'removals', code: asGatewayError(error).code })
      await tellIfLate(deps, tenant, Number(row['since']), asGatewayError(error)).catch(() => {})
    }
  }
}

/**
 * A customer was promised that everything goes: an operator hears when it does not, with the reason of the latest pass.
 */
async function tellIfLate(deps: Toolbox, tenant: string, since: number, reason?: GatewayError): Promise<void> {
  const hours = Math.floor((deps.clock.now() - since) / 3_600_000)
  if (hours < (reason === undefined ? quietHours : failingHours)) return
  const late = `Tenant ${tenant} has been on its way out for ${hours} hours and is not gone.`
  const error = new GatewayError('removal_late', 'needs-admin', {
    hint: 'operator',
    description: reason === undefined ? late : `${late} The latest pass failed: ${reason.description}`,
    remedy:
      reason?.remedy ??
      'Nothing fails: it goes on each minute. Look how much of the tenant is left and whether the function "sweep" runs.',
    ...(reason?.peerLine === undefined ? {} : { peerLine: reason.peerLine }),
  })
  await raiseAttention(deps, { tenant: '~', kind: 'removal', id: tenant, subject: tenant }, error)
}

/** The hint for the timer before the truth; a hint without a mark is dropped by the next pass. */
async function mark(deps: Toolbox, id: string, row: Row): Promise<void> {
  const table = deps.names.table('tenants')
  const now = deps.clock.now()
  await deps.tables.upsert(table, { partitionKey: '~', rowKey: `removal~${id}`, v: 1, since: now })
  await deps.tables.upsert(table, { partitionKey: '~', rowKey: `tenant~${id}`, state: 'removing' })
  const marked = { partitionKey: id, rowKey: 'tenant', removedAt: new Date(now).toISOString(), state: 'removing' }
  try {
    await deps.tables.update(table, marked, row.etag ?? '')
  } catch (error) {
    // Somebody else marked it at the same moment: its time counts.
    if (!(error instanceof RowChangedError)) throw error
  }
}

/** True when the tombstone stands. */
async function removalPass(deps: RemoveTenantDependencies, tenant: string): Promise<boolean> {
  const table = deps.names.table('tenants')
  const row = await deps.tables.get(table, tenant, 'tenant')
  const markedAt = Date.parse(String(row?.['removedAt'] ?? ''))
  const isSettled = deps.clock.now() - markedAt >= settledMs
  if (row?.['state'] === 'removed') return finish(deps, tenant)
  if (!Number.isFinite(markedAt)) {
    await deps.tables.remove(table, '~', `removal~${tenant}`)
    return false
  }
  const budget: Budget = { left: passBudget }
  for (const step of [
    stopCalls,
    stopMail,
    stopSchedules,
    dropSignIns,
    disconnectAll,
    dropOwnSecrets,
    dropRows,
    dropBlobs,
  ])
    if (!(await step(deps, tenant, budget))) return false
  await deps.queues.remove(deps.names.eventsQueue(tenant))
  if (!isSettled) return false
  await purgeSecrets(deps, tenant)
  // Nothing of the customer stays in the tombstone, only the id.
  const tombstone = { partitionKey: tenant, rowKey: 'tenant', name: '', state: 'removed' }
  await deps.tables.update(table, tombstone, row?.etag ?? '')
  return finish(deps, tenant)
}

/** Behind the tombstone: what operators see of it, and the hint last. */
async function finish(deps: Toolbox, tenant: string): Promise<true> {
  const table = deps.names.table('tenants')
  await deps.tables.remove(table, '~', `tenant~${tenant}`)
  await writeLog(deps, 'auditlog', { tenant: '~', action: 'tenant-removed', subject: tenant })
  await clearAttention(deps, { tenant: '~', kind: 'removal', id: tenant })
  await deps.tables.remove(table, '~', `removal~${tenant}`)
  return true
}

type Step = (deps: RemoveTenantDependencies, tenant: string, budget: Budget) => Promise<boolean>

const stopCalls: Step = async (deps, tenant, budget) => {
  const keys = { partition: tenant, rowRange: ['apikey~', 'apikey~~'] as [string, string] }
  const isDone = await deleteByQuery(deps, deps.names.table('tenants'), keys, budget)
  forgetCallers(deps)
  return isDone
}

/** Each mailbox is off, which every worker reads before it begins; what one has in hand is taken from it (C6). */
const stopMail: Step = async (deps, tenant) => {
  await mapInBatches(await listMailboxes(deps, tenant), async (mailbox) => {
    if (mailbox.active) await switchOffMailbox(deps, mailbox)
    await whileHeld(deps, mailbox, async () => {
      for await (const { mailId } of listHints(deps, tenant, { mailboxId: mailbox.id }))
        await discardMail(deps, tenant, mailId)
    })
  })
  return true
}

const stopSchedules: Step = async (deps, tenant, budget) => {
  for (const kind of ['poll', 'lane', 'grant', 'webhook'] as DueKind[])
    if (!(await deleteDue(deps, kind, tenant, budget))) return false
  return true
}

/** A sign-in is found by its due row, which is written before it and goes after it. */
const dropSignIns: Step = (deps, tenant, budget) =>
  deleteDue(deps, 'signin', tenant, budget, (id) => deps.tables.remove(deps.names.table('signins'), id.slice(0, 2), id))

const disconnectAll: Step = async (deps, tenant, budget) => {
  await mapInBatches(await listMailboxes(deps, tenant), ({ id, address }) =>
    releaseHold(deps, { tenant, mailboxId: id, address }),
  )
  for (const { id } of await listConnections(deps, tenant)) {
    if (budget.left-- <= 0) return false
    const newest = await newestGeneration(deps, tenant, id)
    // One further: a refresh under way may just begin it.
    await noteSecrets(
      deps,
      tenant,
      [newest - 1, newest, newest + 1].filter((one) => one > 0).map((one) => deps.names.connectionSecret(id, one)),
    )
    await deps.forgetGrant(tenant, id)
    await removeConnectionRow(deps, tenant, id)
  }
  return true
}

const dropOwnSecrets: Step = async (deps, tenant, budget) => {
  const table = deps.names.table('tenants')
  for (const kind of ['registration', 'endpoint'] as const)
    for await (const row of deps.tables.query(table, { partition: tenant, rowRange: [`${kind}~`, `${kind}~~`] })) {
      if (budget.left-- <= 0) return false
      const id = row.rowKey.slice(kind.length + 1)
      const newest = Number(row['generation'] ?? 0)
      const secrets =
        kind === 'endpoint'
          ? [deps.names.webhookKey(id)]
          : [newest, newest - 1].filter((one) => one > 0).map((one) => deps.names.registrationSecret(id, one))
      await noteSecrets(deps, tenant, secrets)
      for (const name of secrets) await deps.vault.remove(name)
      await deps.tables.remove(table, tenant, row.rowKey)
    }
  forgetEndpoints(deps, tenant)
  return true
}

const dropRows: Step = async (deps, tenant, budget) => {
  if (!(await deleteTenantRows(deps, tenant, budget))) return false
  // All that is left of its own partition but the names of its secrets and the row that becomes the tombstone.
  for (const rowRange of [
    ['!', 'secret~'],
    ['secret~~', 'tenant'],
    ['tenant~', '~~'],
  ] as [string, string][])
    if (!(await deleteByQuery(deps, deps.names.table('tenants'), { partition: tenant, rowRange }, budget))) return false
  return true
}

const dropBlobs: Step = async (deps, tenant, budget) => {
  for (const container of containerNames.map(deps.names.container)) {
    let names: string[] = []
    for await (const { name } of deps.blobs.list(container, `${tenant}/`)) {
      if (names.push(name) < 500) continue
      await mapInBatches(names, (one) => deps.blobs.remove(container, one))
      budget.left -= names.length
      names = []
      if (budget.left <= 0) return false
    }
    await mapInBatches(names, (one) => deps.blobs.remove(container, one))
    budget.left -= names.length
  }
  return budget.left > 0
}

/** Written down before they are deleted, so that the last pass finds their names. */
async function noteSecrets(deps: Toolbox, tenant: string, names: string[]): Promise<void> {
  for (const name of names)
    await deps.tables.upsert(deps.names.table('tenants'), { partitionKey: tenant, rowKey: `secret~${name}`, v: 1 })
}

/** Again, because a token call under way may have written one anew; purged where the vault's policy lets us. */
async function purgeSecrets(deps: Toolbox, tenant: string): Promise<void> {
  const table = deps.names.table('tenants')
  for await (const { rowKey } of deps.tables.query(table, { partition: tenant, rowRange: ['secret~', 'secret~~'] })) {
    const name = rowKey.slice('secret~'.length)
    await deps.vault.remove(name)
    await deps.vault.purge(name)
    await deps.tables.remove(table, tenant, rowKey)
  }
}
