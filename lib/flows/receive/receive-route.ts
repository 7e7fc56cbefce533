/** How a mailbox receives: target and authority. */
import type { Mailbox } from '../../model/mailbox.js'
import { isShared, type ReceiveTarget, receiveTransports, resourceOfTransport } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { mailScopes } from '../../protocol/scopes.js'
import { findAccess } from '../tokens/authority-for.js'
import { notConnected } from '../tokens/connection-state.js'

/** Undefined for a mailbox that does not receive. Rejects when somebody must act first. */
export async function findReceiveRoute(
  deps: Toolbox,
  { tenant, address, receive }: Mailbox,
): Promise<{ target: ReceiveTarget; authority: Authority } | undefined> {
  if (receive.transport === 'none') return undefined
  const resource = resourceOfTransport(receive.transport)
  const access = await findAccess(deps, tenant, receive.connectionId)
  if (access === undefined) throw notConnected()
  const target = receiveTransports[receive.transport].target(receive, { connection: access.connection, address })
  const needed = mailScopes({ receive: receive.transport, shared: isShared(target) }).token(resource)
  return { target, authority: await access.authority(address, resource, needed) }
}
