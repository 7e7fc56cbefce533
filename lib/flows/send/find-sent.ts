/** Looks for a Message-ID in the Sent folder of a mailbox, over the transport by which the mailbox receives. */
import { type Connection, graphMailbox, type Resource } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Authority } from '../../ports/authority.js'
import type { Receiver, ReceiveTarget } from '../../ports/receiver.js'

interface FindSentDependencies {
  authority(tenant: string, connectionId: string, user: string, resource: Resource): Promise<Authority>
  connection(tenant: string, id: string): Promise<Connection | undefined>
}

/** The answer is `undefined` when the mailbox is not read at all or its transport has no such folder. */
export function findSent(deps: FindSentDependencies, receivers: Record<'graph' | 'imap', Receiver>) {
  return async (tenant: string, mailbox: Mailbox, messageId: string): Promise<boolean | undefined> => {
    const { receive } = mailbox
    if (receive.transport === 'none') return undefined
    const resource: Resource = receive.transport === 'graph' ? 'graph' : 'outlook'
    const signal = AbortSignal.timeout(30_000)
    const authority = await deps.authority(tenant, receive.connectionId, mailbox.address, resource)
    const connection = await deps.connection(tenant, receive.connectionId)
    const target: ReceiveTarget =
      receive.transport === 'imap'
        ? { transport: 'imap', imap: receive.imap }
        : {
            transport: 'graph',
            graph: { mailbox: graphMailbox(connection, mailbox.address, receive.user) },
            folder: receive.folder,
          }
    const session = await receivers[receive.transport].open(target, authority, signal)
    try {
      return await session.findSent?.(messageId)
    } finally {
      await session.close()
    }
  }
}
