import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { connectionToRow } from '../../lib/flows/common/connection-rows.js'
import { sealKeys } from '../../lib/flows/common/seal-keys.js'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import { storeGrant } from '../../lib/flows/tokens/store-grant.js'
import type { TokenDependencies } from '../../lib/flows/tokens/token-dependencies.js'
import { silentLog } from '../../lib/log.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import { storageNames, tableNames } from '../../lib/model/names.js'
import { mailScopes } from '../../lib/protocol/scopes.js'
import { azureTables } from '../../lib/stores/azure-tables.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'
import { demoCredential, demoRegistration, type Microsoft365, startMicrosoft365 } from '../support/microsoft-365.js'

const connectionString = inject('azurite')
const names = storageNames(`e${newId().slice(0, 6)}`.replace(/[^a-z0-9]/g, 'x'))
const scopes = mailScopes({ receive: 'graph', send: 'graph' }).token('graph')
const tenant = 'acme'
const minute = 60_000
let now = Date.now()
let world: Microsoft365
const vault = memoryVault()

beforeAll(async () => {
  world = await startMicrosoft365({ now: () => now })
  const tables = azureTables({ connectionString })
  await Promise.all(tableNames.map((name) => tables.ensure(names.table(name))))
})
afterAll(() => world.stop())

/** What one process has: its own client, memory and name in leases. */
function worker(): TokenDependencies {
  const deps = {
    names,
    tables: azureTables({ connectionString }),
    queues: memoryQueues(),
    blobs: memoryBlobs(),
    vault: { ...vault },
    clock: { now: () => now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)) },
    log: silentLog,
    worker: newId(),
    providers: { oauth2: world.provider },
    registrations: async () => ({ registration: demoRegistration, credential: demoCredential }),
  }
  return { ...deps, sealer: () => sealKeys(deps) }
}

async function connect(deps: TokenDependencies): Promise<string> {
  const first = await world.signIn('ana@contoso.example', scopes)
  const at = new Date(now).toISOString()
  const connection: Connection = {
    id: newId(),
    tenant,
    mode: 'delegated',
    provider: 'oauth2',
    registrationId: 'demo',
    username: 'ana@contoso.example',
    scopes,
    state: 'connected',
    reason: '',
    stateSince: at,
    createdAt: at,
    connectedAt: at,
  }
  await deps.tables.insert(names.table('connections'), connectionToRow(connection))
  const [token, refresh] = [first.accessToken.reveal(), first.refreshToken!.reveal()]
  const { expiresAt } = first
  const grant = { kind: 'oauth', resource: 'graph', accessToken: token, expiresAt, refreshToken: refresh } as const
  await storeGrant(deps, { tenant, connectionId: connection.id, grant })
  return connection.id
}

test('REL-15: 8 workers on real table storage never use a rotated token twice', async () => {
  const workers = Array.from({ length: 8 }, worker)
  const ids: string[] = []
  for (let at = 0; at < 6; at += 1) ids.push(await connect(workers[at]!))
  world.entra.control.reset()
  world.entra.control.setRotation('strict')
  for (let round = 1; round <= 4; round += 1) {
    now += 70 * minute
    const asked = workers.flatMap((deps) => ids.map((id) => accessToken(deps, tenant, id, 'graph')))
    const tokens = await Promise.all(asked)
    expect(new Set(tokens.map(({ token }) => token.reveal())).size).toBe(ids.length)
    const calls = world.entra.control.requests.filter((request) => request.form['grant_type'] === 'refresh_token')
    expect(calls).toHaveLength(ids.length * round)
  }
  expect(world.entra.control.counters.reuseEvents).toBe(0)
}, 60_000)
