/** How a mailbox receives: target and authority. */
import { type Connection, graphMailbox } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Authority } from '../../ports/authority.js'
import type { ReceiveTarget } from '../../ports/receiver.js'
import { mailScopes } from '../../protocol/scopes.js'
import { notConnected } from '../tokens/connection-state.js'
import type { ReceiveDependencies } from './receive-dependencies.js'

/** Undefined for a mailbox that does not receive. Rejects when somebody must act first. */
export async function findReceiveRoute(
  deps: Pick<ReceiveDependencies, 'access'>,
  mailbox: Mailbox,
): Promise<{ target: ReceiveTarget; authority: Authority } | undefined> {
  const { receive } = mailbox
  if (receive.transport === 'none') return undefined
  const resource = receive.transport === 'graph' ? 'graph' : 'outlook'
  const access = await deps.access(mailbox.tenant, receive.connectionId)
  if (access === undefined) throw notConnected()
  const target = targetOf(mailbox, access.connection)
  const shared = target.transport === 'graph' && target.graph.mailbox !== 'me'
  const needed = mailScopes({ receive: receive.transport, shared }).token(resource)
  return { target, authority: await access.authority(mailbox.address, resource, needed) }
}

function targetOf({ receive, address }: Mailbox, connection: Connection): ReceiveTarget {
  if (receive.transport === 'imap') return { transport: 'imap', imap: receive.imap }
  const { user, folder } = receive as Extract<Mailbox['receive'], { transport: 'graph' }>
  return { transport: 'graph', graph: { mailbox: graphMailbox(connection, address, user) }, folder }
}
