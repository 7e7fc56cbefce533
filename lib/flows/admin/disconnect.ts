/**
 * Ends a connection: its tokens are shredded and removed from the vault first, then its rows; nothing polls or sends
 * with it. Microsoft offers no way to revoke one refresh token, so what the log says of revocation is "not offered":
 * the token that nobody can read any more ends by disuse, and an administrator may withdraw the consent in Entra.
 */

import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention } from '../../rows/attention.js'
import { findConnection, removeConnectionRow } from '../../rows/connections.js'
import { writeLog } from '../../rows/logs.js'
import { emitEvent } from '../tell/emit-event.js'
import { forgetGrant } from '../tokens/forget-grant.js'

export async function disconnect(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  const connection = await findConnection(deps, tenant, connectionId)
  await forgetGrant(deps, tenant, connectionId)
  await clearAttention(deps, { tenant, kind: 'connection', id: connectionId })
  if (connection === undefined) return
  await removeConnectionRow(deps, tenant, connectionId)
  await writeLog(deps, 'auditlog', {
    tenant,
    action: 'connection-removed',
    subject: connectionId,
    revocation: 'not offered by the provider',
  })
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: `${connectionId}-removed`,
    data: {
      connectionId,
      mailboxId: null,
      direction: null,
      state: 'removed',
      code: null,
      description: null,
      remedy: null,
    },
  })
}
