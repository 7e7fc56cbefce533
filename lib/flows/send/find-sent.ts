/** Looks for a Message-ID in the Sent folder of a mailbox, over the transport by which the mailbox receives. */
import { graphMailbox, type Resource } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Access } from '../../ports/authority.js'
import type { Receiver, ReceiveTarget } from '../../ports/receiver.js'
import { notConnected } from '../tokens/connection-state.js'

interface FindSentDependencies {
  access(tenant: string, connectionId: string): Promise<Access | undefined>
}

/** The answer is `undefined` when the mailbox is not read at all or its transport has no such folder. */
export function findSent(deps: FindSentDependencies, receivers: Record<'graph' | 'imap', Receiver>) {
  return async (tenant: string, mailbox: Mailbox, messageId: string): Promise<boolean | undefined> => {
    const { receive } = mailbox
    if (receive.transport === 'none') return undefined
    const resource: Resource = receive.transport === 'graph' ? 'graph' : 'outlook'
    const signal = AbortSignal.timeout(30_000)
    const access = await deps.access(tenant, receive.connectionId)
    if (access === undefined) throw notConnected()
    const authority = await access.authority(mailbox.address, resource)
    const target: ReceiveTarget =
      receive.transport === 'imap'
        ? { transport: 'imap', imap: receive.imap }
        : {
            transport: 'graph',
            graph: { mailbox: graphMailbox(access.connection, mailbox.address, receive.user) },
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
