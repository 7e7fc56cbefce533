/**
 * Somebody repaired what was wrong. Of a registration, or by an administrator's consent for one organisation: the
 * connections that waited for exactly that are tried now, not at their next hourly try. Of one connection, on a person's
 * word: the provider is asked at once and the person hears what it says (M-160). The mailboxes behind what works again
 * fetch and send at once.
 */

import type { GatewayError } from '../../errors.js'
import { notFound } from '../../errors.js'
import { type AttentionItem, whoActs } from '../../model/attention.js'
import type { ConnectionState } from '../../model/connection.js'
import { connectionOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAttention } from '../../rows/attention.js'
import { findConnection, listAwaitingAdmin } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { listMailboxes } from '../../rows/mailboxes.js'

export interface RetryDependencies extends Toolbox {
  retryGrant(tenant: string, connectionId: string): Promise<void>
  tryGrant(tenant: string, connectionId: string): Promise<GatewayError | undefined>
  openGate(tenant: string, mailboxId: string): Promise<unknown>
}

/** `tenant` is `~` for a registration of the deployment, which may serve every tenant. `directory`: of these people only. */
export async function retryConnections(
  deps: RetryDependencies,
  tenant: string,
  { registrationId, directory }: { registrationId: string; directory?: string },
): Promise<void> {
  for await (const waiting of listAwaitingAdmin(deps, tenant, registrationId)) {
    const { tenant: owner, id: connectionId, identity } = waiting
    if (directory !== undefined && identity?.tenantId !== directory) continue
    await deps.retryGrant(owner, connectionId)
    await wakeMailboxes(deps, owner, connectionId)
  }
}

export interface TriedConnection {
  state: ConnectionState
  /** What is still wrong; null when it works. */
  problem: (Pick<GatewayError, 'code' | 'class' | 'description' | 'remedy'> & { whoActs: string }) | null
}

export async function retryConnection(
  deps: RetryDependencies,
  tenant: string,
  connectionId: string,
): Promise<TriedConnection> {
  const found = async () => {
    const connection = await findConnection(deps, tenant, connectionId)
    if (connection === undefined || connection.state === 'removed') throw notFound('connection')
    return connection
  }
  await found()
  const refusal = await deps.tryGrant(tenant, connectionId)
  if (refusal === undefined) await wakeMailboxes(deps, tenant, connectionId)
  const { state, registrationId } = await found()
  if (refusal === undefined) return { state, problem: null }
  const { code, class: errorClass, description, remedy } = refusal
  const actor = await whoActsFor(deps, tenant, { connectionId, registrationId, refusal })
  return { state, problem: { code, class: errorClass, description, remedy, whoActs: actor } }
}

/** Whose registration it is says who acts, and the card knows. */
export async function whoActsFor(
  deps: Toolbox,
  tenant: string,
  about: { connectionId: string; registrationId: string; refusal: GatewayError },
): Promise<string> {
  const { connectionId, registrationId, refusal } = about
  const card = await cardOf(deps, tenant, [
    { kind: 'connection', id: connectionId },
    { kind: 'registration', id: registrationId },
  ])
  return card?.code === refusal.code ? card.whoActs : whoActs(refusal.class, refusal.hint ?? '')
}

async function cardOf(
  deps: Toolbox,
  tenant: string,
  subjects: Pick<AttentionItem, 'kind' | 'id'>[],
): Promise<AttentionItem | undefined> {
  for (const subject of subjects)
    for (const owner of [tenant, '~']) {
      const card = await findAttention(deps, { ...subject, tenant: owner })
      if (card !== undefined) return card
    }
  return undefined
}

/** The mailboxes of a connection that works again fetch and send at once. */
export async function wakeMailboxes(deps: RetryDependencies, tenant: string, connectionId: string): Promise<void> {
  for (const { id, receive, send } of await listMailboxes(deps, tenant)) {
    if (connectionOf(receive) === connectionId) await setDue(deps, { kind: 'poll', tenant, id }, deps.clock.now())
    if (connectionOf(send) === connectionId) await deps.openGate(tenant, id)
  }
}
