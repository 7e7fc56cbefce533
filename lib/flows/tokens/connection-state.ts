import { GatewayError } from '../../errors.js'
import type { Connection, ConnectionState } from '../../model/connection.js'
import { hashId } from '../../model/ids.js'
import type { Toolbox } from '../../ports/toolbox.js'
import {
  clearAttention,
  clearRegistrationRefusal,
  raiseAttention,
  raiseRegistrationAttention,
} from '../../rows/attention.js'
import { changeRow } from '../../rows/change-row.js'
import { changeConnectionState, findConnection } from '../../rows/connections.js'
import { emitEvent } from '../tell/emit-event.js'
import { findClient } from './registrations.js'

/** Of an error: the sign-in was refused once, and nothing confirmed it yet. Whatever was asked for waits as it is. */
export const unconfirmedHint = 'sign-in'

/** Out of `connected`: row, attention and event, each once per change however many workers notice. */
export async function markBroken(deps: Toolbox, connection: Connection, error: GatewayError): Promise<void> {
  const state = error.class === 'needs-admin' ? 'needs-admin' : 'needs-reconnect'
  // A fault of the app registration breaks all its connections at once: one card, at the registration.
  const registration = error.hint === 'operator' ? await registrationOf(deps, connection) : undefined
  if (registration !== undefined) await raiseRegistrationAttention(deps, registration, error)
  else
    await raiseAttention(
      deps,
      {
        tenant: connection.tenant,
        kind: 'connection',
        id: connection.id,
        connectionId: connection.id,
        subject: connection.identity?.username ?? connection.username,
      },
      error,
    )
  await change(deps, connection, { state, error })
}

async function registrationOf(deps: Toolbox, { tenant, registrationId }: Connection) {
  if (registrationId === '') return undefined
  return (await findClient(deps, { tenant, id: registrationId }).catch(() => undefined))?.registration
}

/** Works again: an administrator repaired what was wrong. */
export async function markWorking(deps: Toolbox, connection: Connection): Promise<void> {
  await clearAttention(deps, { tenant: connection.tenant, kind: 'connection', id: connection.id })
  await clearRegistrationRefusal(deps, connection.tenant, connection.registrationId)
  await change(deps, connection, { state: 'connected' })
}

async function change(
  deps: Toolbox,
  seen: Connection,
  { state, error }: { state: ConnectionState; error?: GatewayError },
): Promise<void> {
  const reason = error?.code ?? ''
  const stateSince = await changeRow(async () => {
    const now = await findConnection(deps, seen.tenant, seen.id)
    // A person connected or removed it meanwhile: their word counts.
    if (now === undefined || now.state === 'removed' || now.connectedAt !== seen.connectedAt) return undefined
    if (now.state === state && now.reason === reason) return undefined
    const since = new Date(deps.clock.now()).toISOString()
    await changeConnectionState(deps, now, { state, reason, stateSince: since })
    return since
  })
  if (stateSince === undefined) return
  deps.log.warn('connection-changed', { tenant: seen.tenant, connectionId: seen.id, state, code: reason })
  await emitEvent(deps, {
    tenant: seen.tenant,
    type: 'connection.changed',
    id: hashId(seen.id, state, reason, stateSince),
    data: {
      connectionId: seen.id,
      mailboxId: null,
      direction: null,
      state,
      code: reason,
      description: error?.description.slice(0, 500) ?? null,
      remedy: error?.remedy.slice(0, 500) ?? null,
    },
  })
}

/** What callers hear of a connection that is known not to work, without any call to the provider. */
export function brokenConnection(connection: Connection): GatewayError {
  const isAdmin = connection.state === 'needs-admin'
  return new GatewayError(connection.reason || 'not_connected', isAdmin ? 'needs-admin' : 'needs-reconnect', {
    description: `The connection has not worked since ${connection.stateSince}.`,
    remedy: isAdmin ? 'An administrator must act; see the open problems.' : 'Connect the mailbox again.',
    outcome: 'not-sent',
  })
}

export function notConnected(): GatewayError {
  return new GatewayError('not_connected', 'needs-reconnect', {
    description: 'There is no connection with this id, or its authority was removed.',
    remedy: 'Connect the mailbox again.',
    outcome: 'not-sent',
  })
}
