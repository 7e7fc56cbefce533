/** Looks for a Message-ID in the Sent folder of a mailbox, over the transport by which the mailbox receives. */
import type { Mailbox } from '../../model/mailbox.js'
import { receiveTransports } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAccess } from '../tokens/authority-for.js'
import { notConnected } from '../tokens/connection-state.js'

/** The answer is `undefined` when the mailbox is not read at all or its transport has no such folder. */
export async function findSent(
  deps: Toolbox,
  { tenant, address, receive }: Mailbox,
  messageId: string,
): Promise<boolean | undefined> {
  if (receive.transport === 'none') return undefined
  const signal = AbortSignal.timeout(30_000)
  const access = await findAccess(deps, tenant, receive.connectionId)
  if (access === undefined) throw notConnected()
  const target = receiveTransports[receive.transport].target(receive, { connection: access.connection, address })
  const authority = await access.authority(address, target)
  const session = await deps.receivers[receive.transport].open(target, authority, signal)
  try {
    return await session.findSent?.(messageId)
  } finally {
    await session.close()
  }
}
