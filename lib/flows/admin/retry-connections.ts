/**
 * A registration was corrected: the connections that waited for exactly that are tried now, not at their next hourly
 * try, and so are the mailboxes behind them.
 */
import { connectionFromRow, connectionRowKey } from '../common/connection-rows.js'
import type { Dependencies } from '../common/dependencies.js'
import { setDue } from '../common/due.js'
import { listMailboxes } from '../common/mailbox-rows.js'

export interface RetryDependencies extends Dependencies {
  retryGrant(tenant: string, connectionId: string): Promise<void>
  openGate(tenant: string, mailboxId: string): Promise<unknown>
}

/** `tenant` is `~` for a registration of the deployment, which may serve every tenant. */
export async function retryConnections(deps: RetryDependencies, tenant: string, registrationId: string): Promise<void> {
  const waiting = deps.tables.query(deps.names.table('connections'), {
    partitionRange: tenant === '~' ? ['0', '~'] : [`${tenant}~`, `${tenant}~~`],
    rowRange: [connectionRowKey, `${connectionRowKey}~`],
    where: [
      { column: 'registrationId', is: 'eq', value: registrationId },
      { column: 'state', is: 'eq', value: 'needs-admin' },
    ],
  })
  for await (const row of waiting) {
    const { tenant: owner, id: connectionId } = connectionFromRow(row)
    await deps.retryGrant(owner, connectionId)
    for (const { id, receive, send } of await listMailboxes(deps, owner)) {
      if (receive.transport !== 'none' && receive.connectionId === connectionId)
        await setDue(deps, 'poll', owner, id, deps.clock.now())
      if (send.transport !== 'none' && send.connectionId === connectionId) await deps.openGate(owner, id)
    }
  }
}
