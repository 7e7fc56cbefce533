import type { Connection } from '../../../lib/model/connection.js'
import { newId } from '../../../lib/model/ids.js'

/** A connection that works, of tenant `acme` unless said otherwise. */
export function sampleConnection(
  given: Pick<Connection, 'mode' | 'provider'> & Partial<Connection>,
  at = new Date().toISOString(),
): Connection {
  return {
    id: newId(),
    tenant: 'acme',
    registrationId: '',
    username: '',
    scopes: [],
    state: 'connected',
    reason: '',
    stateSince: at,
    createdAt: at,
    connectedAt: at,
    ...given,
  }
}
