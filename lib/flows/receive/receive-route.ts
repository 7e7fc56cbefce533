/** How a mailbox receives: target and authority. */
import type { Mailbox } from '../../model/mailbox.js'
import { type ReceiveTarget, receiveTransports } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAccess } from '../tokens/authority-for.js'
import { notConnected } from '../tokens/connection-state.js'

/** Undefined for a mailbox that does not receive. Rejects when somebody must act first. */
export async function findReceiveRoute(
  deps: Toolbox,
  { tenant, address, receive }: Mailbox,
): Promise<{ target: ReceiveTarget; authority: Authority } | undefined> {
  if (receive.transport === 'none') return undefined
  const access = await findAccess(deps, tenant, receive.connectionId)
  if (access === undefined) throw notConnected()
  const target = receiveTransports[receive.transport].target(receive, { connection: access.connection, address })
  return { target, authority: await access.authority(address, target, 'receive') }
}
