import { conflict, notFound } from '../../errors.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { disconnect } from './disconnect.js'

/** Ends a connection that no mailbox uses any more, such as one by which the application opened mailboxes. */
export async function removeConnection(deps: Toolbox, tenant: string, id: string): Promise<void> {
  if ((await findConnection(deps, tenant, id)) === undefined) throw notFound('connection')
  const used = (await listMailboxes(deps, tenant)).find((one) => connectionIdsOf(one).includes(id))
  if (used !== undefined)
    throw conflict(
      'connection_in_use',
      `The mailbox ${used.address} uses this connection.`,
      'Remove the mailbox or give it another connection first.',
    )
  await disconnect(deps, tenant, id)
}
