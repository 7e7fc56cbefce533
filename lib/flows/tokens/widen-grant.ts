/**
 * Asks the provider for more than a connection was granted at its sign-in: a refresh token serves whatever was consented
 * to by now, also by an administrator later (M-142). One request under the lease of the grant; a refusal says nothing
 * about the connection and changes nothing of it. What is granted is stored like any renewal, then the connection says
 * so, and from then on everybody asks for it.
 */
import { GatewayError } from '../../errors.js'
import type { ConnectionRef, Resource } from '../../model/connection.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { changeRow } from '../../rows/change-row.js'
import { changeConnectionScopes, findConnection } from '../../rows/connections.js'
import { findGrant } from '../../rows/grants.js'
import { forgetTokens } from './access-token.js'
import { brokenConnection, notConnected } from './connection-state.js'
import { renewFor } from './refresh-grant.js'

/** Rejects with the provider's refusal, or with what keeps the connection from asking. */
export async function widenGrant(
  deps: Toolbox,
  { tenant, connectionId }: ConnectionRef,
  { resource, scopes: more }: { resource: Resource; scopes: readonly string[] },
): Promise<void> {
  const read = await findGrant(deps, tenant, connectionId)
  if (read === undefined) throw notConnected()
  if (read.connection.state !== 'connected') throw brokenConnection(read.connection)
  const scopes = [...new Set([...read.connection.scopes, ...more])]
  if (!(await renewFor(deps, read, { resource, scopes }))) throw busy()
  forgetTokens(deps, tenant, connectionId)
  await changeRow(async () => {
    const now = await findConnection(deps, tenant, connectionId)
    if (now === undefined || now.connectedAt !== read.connection.connectedAt) throw notConnected()
    await changeConnectionScopes(deps, now, [...new Set([...now.scopes, ...more])])
  })
}

const busy = (): GatewayError =>
  new GatewayError('refresh_busy', 'transient', {
    retryAfterMs: 5_000,
    description: 'Another worker is refreshing the connection.',
    remedy: 'Nobody has to act: the gateway retries automatically.',
  })
