/**
 * A tenant is removed permanently, on an operator's word. First it is marked, which refuses new calls and mail at once;
 * then whatever could still act for it goes before what it acted on: API keys, schedules, sign-ins, the authority over
 * each mailbox, registrations and webhook keys, rows, blobs, the events queue. Each pass does a bounded part, looks at
 * what is there and remembers nothing, so that a crash anywhere is repaired by the next pass of the timer. Processes
 * may go on for some minutes with what they had in memory; only a pass that begins after that time, and finds an end,
 * deletes the secrets once more, purges them where the vault allows, and leaves a tombstone: the id is never given
 * again.
 */
import { asGatewayError, GatewayError, notFound } from '../../errors.js'
import { containerNames } from '../../model/names.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { deleteTenantRows } from '../../rows/all-tables.js'
import { deleteApiKeys } from '../../rows/api-keys.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { listConnections, removeConnectionRow } from '../../rows/connections.js'
import { type Budget, mapInBatches } from '../../rows/delete-rows.js'
import { type DueKind, deleteDue } from '../../rows/due.js'
import { newestGeneration } from '../../rows/grants.js'
import { releaseHold } from '../../rows/holders.js'
import { whileLeased } from '../../rows/lane.js'
import { writeLog } from '../../rows/logs.js'
import { listMailboxes, switchOffMailbox } from '../../rows/mailboxes.js'
import { discardMail } from '../../rows/mails.js'
import { listHints } from '../../rows/outbox.js'
import { listOwnRegistrations, removeRegistrationRow } from '../../rows/registrations.js'
import {
  deleteOwnRows,
  listNotedSecrets,
  listRemovals,
  markRemoval,
  noteSecrets,
  type Removal,
  removeNotedSecret,
  removeRemoval,
} from '../../rows/removals.js'
import { removeSignInOf } from '../../rows/sign-ins.js'
import { findTenant, leaveTombstone, removeListedTenant } from '../../rows/tenants.js'
import { listEndpointsOf, removeEndpointRow } from '../../rows/webhook-endpoints.js'
import { forgetEndpoints } from '../tell/emit-event.js'
import { forgetGrant } from '../tokens/forget-grant.js'
import { forgetCallers } from './authenticate.js'

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
export async function removeTenant(deps: Toolbox, id: string): Promise<TenantRemoval> {
  const tenant = await findTenant(deps, id)
  if (tenant === undefined || tenant.state === 'removed') throw notFound('tenant')
  if (tenant.state === 'active') await markRemoval(deps, tenant)
  return { id, state: (await removalPass(deps, id)) ? 'removed' : 'removing' }
}

/** Timer part: goes on with every tenant that is being removed. */
export async function continueRemovals(deps: Toolbox): Promise<void> {
  for await (const removal of listRemovals(deps)) {
    try {
      if (!(await removalPass(deps, removal.tenant))) await tellIfLate(deps, removal)
    } catch (error) {
      // The next pass goes on; one tenant's trouble holds up no other.
      deps.log.error('sweep-part-failed', { part: 'removals', code: asGatewayError(error).code })
      await tellIfLate(deps, removal, asGatewayError(error)).catch(() => {})
    }
  }
}

/**
 * A customer was promised that everything goes: an operator hears when it does not, with the reason of the latest pass.
 */
async function tellIfLate(deps: Toolbox, { tenant, since }: Removal, reason?: GatewayError): Promise<void> {
  const hours = Math.floor((deps.clock.now() - since) / 3_600_000)
  if (hours < (reason === undefined ? quietHours : failingHours)) return
  const late = `The removal of tenant ${tenant} has been running for ${hours} hours and is not finished.`
  const error = new GatewayError('removal_late', 'needs-admin', {
    hint: 'operator',
    description: reason === undefined ? late : `${late} The latest pass failed: ${reason.description}`,
    remedy:
      reason?.remedy ??
      'Nothing fails: the sweep continues each minute. Check how much of the tenant is left and whether the function "sweep" runs.',
    peerLine: reason?.peerLine,
  })
  await raiseAttention(deps, { tenant: '~', kind: 'removal', id: tenant, subject: tenant }, error)
}

/** True when the tombstone stands. */
async function removalPass(deps: Toolbox, tenant: string): Promise<boolean> {
  const stored = await findTenant(deps, tenant)
  if (stored?.state === 'removed') return finish(deps, tenant)
  if (stored?.state !== 'removing') {
    await removeRemoval(deps, tenant)
    return false
  }
  const isSettled = deps.clock.now() - Date.parse(stored.removedAt) >= settledMs
  const budget: Budget = { left: passBudget }
  for (const step of [
    stopCalls,
    stopMail,
    stopSchedules,
    dropSignIns,
    disconnectAll,
    dropOwnSecrets,
    deleteTenantRows,
    deleteOwnRows,
    dropBlobs,
  ])
    if (!(await step(deps, tenant, budget))) return false
  await deps.queues.remove(deps.names.eventsQueue(tenant))
  if (!isSettled) return false
  await purgeSecrets(deps, tenant)
  await leaveTombstone(deps, stored)
  return finish(deps, tenant)
}

/** Behind the tombstone: what operators see of it, and the hint last. */
async function finish(deps: Toolbox, tenant: string): Promise<true> {
  await removeListedTenant(deps, tenant)
  await writeLog(deps, 'auditlog', { tenant: '~', action: 'tenant-removed', subject: tenant })
  await clearAttention(deps, { tenant: '~', kind: 'removal', id: tenant })
  await removeRemoval(deps, tenant)
  return true
}

type Step = (deps: Toolbox, tenant: string, budget: Budget) => Promise<boolean>

const stopCalls: Step = async (deps, tenant, budget) => {
  const isDone = await deleteApiKeys(deps, tenant, budget)
  forgetCallers(deps)
  return isDone
}

/** Each mailbox is off, which every worker reads before it begins; what one has in hand is taken from it (C6). */
const stopMail: Step = async (deps, tenant) => {
  await mapInBatches(await listMailboxes(deps, tenant), async (mailbox) => {
    if (mailbox.active) await switchOffMailbox(deps, mailbox)
    await whileLeased(deps, mailbox, async () => {
      for await (const { mailId } of listHints(deps, tenant, { mailboxId: mailbox.id }))
        await discardMail(deps, tenant, mailId)
    })
  })
  return true
}

const stopSchedules: Step = async (deps, tenant, budget) => {
  for (const kind of ['poll', 'lane', 'grant', 'webhook'] as DueKind[])
    if (!(await deleteDue(deps, { kind, tenant }, budget))) return false
  return true
}

/** A sign-in is found by its due row, which is written before it and goes after it. */
const dropSignIns: Step = (deps, tenant, budget) =>
  deleteDue(deps, { kind: 'signin', tenant, also: (id) => removeSignInOf(deps, id) }, budget)

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
    await forgetGrant(deps, tenant, id)
    await removeConnectionRow(deps, tenant, id)
  }
  return true
}

const dropOwnSecrets: Step = async (deps, tenant, budget) => {
  for await (const { id, generation } of listOwnRegistrations(deps, tenant)) {
    if (budget.left-- <= 0) return false
    const generations = [generation, generation - 1].filter((one) => one > 0)
    await dropSecrets(
      deps,
      tenant,
      generations.map((one) => deps.names.registrationSecret(id, one)),
    )
    await removeRegistrationRow(deps, tenant, id)
  }
  for await (const { id } of listEndpointsOf(deps, tenant)) {
    if (budget.left-- <= 0) return false
    await dropSecrets(deps, tenant, [deps.names.webhookKey(id)])
    await removeEndpointRow(deps, tenant, id)
  }
  forgetEndpoints(deps, tenant)
  return true
}

async function dropSecrets(deps: Toolbox, tenant: string, names: string[]): Promise<void> {
  await noteSecrets(deps, tenant, names)
  for (const name of names) await deps.vault.remove(name)
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

/** Again, because a token call under way may have written one anew; purged where the vault's policy lets us. */
async function purgeSecrets(deps: Toolbox, tenant: string): Promise<void> {
  for await (const name of listNotedSecrets(deps, tenant)) {
    await deps.vault.remove(name)
    await deps.vault.purge(name)
    await removeNotedSecret(deps, tenant, name)
  }
}
