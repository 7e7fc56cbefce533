import { storeGrant } from '../../../lib/flows/tokens/store-grant.js'
import type { Connection } from '../../../lib/model/connection.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Provider, TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { connectionPartition, connectionToRow } from '../../../lib/rows/connections.js'
import { findRegistration, insertRegistration } from '../../../lib/rows/registrations.js'
import { sampleConnection } from '../general/sample-connection.js'
import { providerOfNobody } from '../general/toolbox.js'
import { sampleRegistration } from './connect-samples.js'

/**
 * The connection with this id shows mail servers `authority`, as after a sign-in: its row, and its secret in the vault.
 * The tokens of a bearer come from a provider of the toolbox that gives those of `authority`. `given`: what else is
 * known of it.
 */
export async function connectAs(
  deps: Toolbox,
  id: string,
  authority: Authority,
  given: Partial<Connection> = {},
): Promise<Connection> {
  const connection = sampleConnection({
    mode: authority.kind === 'bearer' ? 'delegated' : authority.kind,
    provider: 'basic',
    username: authority.kind === 'password' ? authority.user : '',
    ...given,
    id,
  })
  const { tenant, provider } = connection
  if (authority.kind === 'bearer') connection.registrationId = await registerFor(deps)
  const table = deps.names.table('connections')
  await deps.tables.remove(table, { partitionKey: connectionPartition(tenant, id), rowKey: 'grant' })
  await deps.tables.upsert(table, connectionToRow(connection))
  deps.memory.passwords.clear()
  const key = { tenant, connectionId: id }
  if (authority.kind === 'password')
    await storeGrant(deps, { ...key, grant: { kind: 'password', password: authority.password.reveal() } })
  if (authority.kind !== 'bearer') return connection
  deps.providers[provider] = givingTokens(deps, connection, authority)
  const spent = { resource: 'graph', accessToken: 'spent', expiresAt: deps.clock.now() } as const
  const isApp = connection.mode === 'app-only'
  const grant = isApp ? { kind: 'app-only' as const, ...spent } : { kind: 'oauth' as const, ...spent, refreshToken: id }
  await storeGrant(deps, { ...key, grant })
  return connection
}

/** One of the deployment, which every tenant may use. */
async function registerFor(deps: Toolbox): Promise<string> {
  const registration = sampleRegistration('~')
  const row = { ...registration, secretVersion: '', secretFingerprint: '', generation: 0 }
  if ((await findRegistration(deps, '~', row.id)) === undefined) await insertRegistration(deps, row)
  return row.id
}

/** A provider that knows the tokens of several connections, by their refresh tokens. */
function givingTokens(
  { providers, clock }: Toolbox,
  { id: refreshToken, provider: name }: Connection,
  authority: Extract<Authority, { kind: 'bearer' }>,
): Provider {
  const others = providers[name]
  let isFirst = true
  const tokens = async (scopes: string[]): Promise<TokenSet> => {
    const renew = !isFirst
    isFirst = false
    return { accessToken: await authority.token({ renew }), expiresAt: clock.now() + 3_600_000, scopes }
  }
  return {
    ...providerOfNobody,
    ...others,
    async refresh(input) {
      if (input.refreshToken.reveal() !== refreshToken) return (others ?? providerOfNobody).refresh(input)
      return tokens(input.scopes)
    },
    appToken: ({ scopes }) => tokens(scopes),
  }
}
