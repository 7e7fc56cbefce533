import { storeGrant } from '../../../lib/flows/tokens/store-grant.js'
import type { Connection } from '../../../lib/model/connection.js'
import type { TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { sampleConnection } from '../general/sample-connection.js'

/** A delegated connection with its first tokens for Graph, as a confirmed sign-in leaves it behind. */
export async function connectAccount(
  deps: Toolbox,
  { accessToken, refreshToken, expiresAt, identity }: TokenSet,
  given: Pick<Connection, 'provider' | 'username' | 'scopes'>,
): Promise<Connection> {
  const registrationId = 'demo'
  const connection = sampleConnection(
    { mode: 'delegated', registrationId, ...(identity ? { identity } : {}), ...given },
    new Date(deps.clock.now()).toISOString(),
  )
  await deps.tables.insert(deps.names.table('connections'), connectionToRow(connection))
  await storeGrant(deps, {
    tenant: connection.tenant,
    connectionId: connection.id,
    grant: {
      kind: 'oauth',
      resource: 'graph',
      accessToken: accessToken.reveal(),
      expiresAt,
      refreshToken: refreshToken?.reveal() ?? '',
    },
  })
  return connection
}
