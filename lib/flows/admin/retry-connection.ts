/**
 * Somebody says that a connection was repaired: the provider is asked at once and the person hears what it says (M-160).
 * The mailboxes behind what works again fetch and send at once.
 */

import type { GatewayError } from '../../errors.js'
import { notFound } from '../../errors.js'
import { type AttentionItem, whoActs } from '../../model/attention.js'
import type { ConnectionState } from '../../model/connection.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAttention } from '../../rows/attention.js'
import { findConnection } from '../../rows/connections.js'
import { wakeMailboxes } from '../send/retry-connections.js'
import { tryGrant } from '../tokens/retry-grant.js'

export interface TriedConnection {
  state: ConnectionState
  /** What is still wrong; null when it works. */
  problem: (Pick<GatewayError, 'code' | 'class' | 'description' | 'remedy'> & { whoActs: string }) | null
}

export async function retryConnection(deps: Toolbox, tenant: string, connectionId: string): Promise<TriedConnection> {
  const found = async () => {
    const connection = await findConnection(deps, tenant, connectionId)
    if (connection === undefined || connection.state === 'removed') throw notFound('connection')
    return connection
  }
  await found()
  const refusal = await tryGrant(deps, tenant, connectionId)
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
