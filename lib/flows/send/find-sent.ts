/** Looks for a Message-ID in the Sent folder of a mailbox, over the transport by which the mailbox receives. */
import type { Mailbox } from '../../model/mailbox.js'
import { type ReceiveTransport, receiveTransports, resourceOfTransport } from '../../model/transports.js'
import type { Access } from '../../ports/authority.js'
import type { Receiver } from '../../ports/receiver.js'
import { notConnected } from '../tokens/connection-state.js'

interface FindSentDependencies {
  access(tenant: string, connectionId: string): Promise<Access | undefined>
}

/** The answer is `undefined` when the mailbox is not read at all or its transport has no such folder. */
export function findSent(deps: FindSentDependencies, receivers: Record<ReceiveTransport, Receiver>) {
  return async (tenant: string, mailbox: Mailbox, messageId: string): Promise<boolean | undefined> => {
    const { receive } = mailbox
    if (receive.transport === 'none') return undefined
    const signal = AbortSignal.timeout(30_000)
    const access = await deps.access(tenant, receive.connectionId)
    if (access === undefined) throw notConnected()
    const { address } = mailbox
    const authority = await access.authority(address, resourceOfTransport(receive.transport))
    const target = receiveTransports[receive.transport].target(receive, { connection: access.connection, address })
    const session = await receivers[receive.transport].open(target, authority, signal)
    try {
      return await session.findSent?.(messageId)
    } finally {
      await session.close()
    }
  }
}
