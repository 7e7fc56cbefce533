/** How a mailbox receives: target and authority. */
import type { Mailbox } from '../../model/mailbox.js'
import { type ReceiveTarget, receiveTransports } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAccess } from '../tokens/authority-for.js'
import { notConnected } from '../tokens/connection-state.js'
import { lackingPermissions } from '../tokens/lacking-permissions.js'

export interface ReceiveRoute {
  target: ReceiveTarget
  authority: Authority
  /** Permissions that are missing to mark, move or delete received mail. */
  lackingToChange: string[]
}

/** Undefined for a mailbox that does not receive. Rejects when somebody must act first. */
export async function findReceiveRoute(
  deps: Toolbox,
  { tenant, address, receive }: Mailbox,
): Promise<ReceiveRoute | undefined> {
  if (receive.transport === 'none') return undefined
  const access = await findAccess(deps, tenant, receive.connectionId)
  if (access === undefined) throw notConnected()
  const target = receiveTransports[receive.transport].target(receive, { connection: access.connection, address })
  const wanted = { direction: 'receive', target, changesMail: true } as const
  const lackingToChange = lackingPermissions(deps, access.connection, wanted)
  return { target, authority: await access.authority(address, target, 'receive'), lackingToChange }
}
