import { conflict, notFound } from '../../errors.js'
import { connectionIdsOf } from '../../model/mailbox.js'
import { readConnection } from '../common/connection-rows.js'
import type { Dependencies } from '../common/dependencies.js'
import { listMailboxes } from '../common/mailbox-rows.js'

/** What removing a connection needs from other journeys. */
export interface RemoveConnectionDependencies extends Dependencies {
  disconnect(tenant: string, connectionId: string): Promise<void>
}

/** Ends a connection that no mailbox uses any more, such as one by which the application opened mailboxes. */
export async function removeConnection(deps: RemoveConnectionDependencies, tenant: string, id: string): Promise<void> {
  if ((await readConnection(deps, tenant, id)) === undefined) throw notFound('connection')
  const used = (await listMailboxes(deps, tenant)).find((one) => connectionIdsOf(one).includes(id))
  if (used !== undefined)
    throw conflict(
      'connection_in_use',
      `The mailbox ${used.address} uses this connection.`,
      'Remove the mailbox or give it another connection first.',
    )
  await deps.disconnect(tenant, id)
}
