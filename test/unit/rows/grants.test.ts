/** A grant is made once, held by one worker, and its secrets open in their own place alone. */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { sealer } from '../../../lib/protocol/seal.js'
import { saveConnection } from '../../../lib/rows/connections.js'
import { accessColumns, fromVault, openColumn, putSecret, storedToken } from '../../../lib/rows/grant-secrets.js'
import {
  findAuthority,
  findGrant,
  findOrInsertGrant,
  newestGeneration,
  pageOfAuthorities,
  removeGrant,
  resourcesOf,
  takeGrant,
} from '../../../lib/rows/grants.js'
import { Secret } from '../../../lib/secret.js'
import { sampleConnection } from '../../support/general/sample-connection.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const leaseMs = 60_000

async function world() {
  const clock = manualClock()
  const sealing = sealer([{ id: 'key', key: randomBytes(32) }])
  const deps = { ...(await memoryStores(clock)), sealer: async () => sealing }
  const connection = sampleConnection({ mode: 'delegated', provider: 'microsoft' })
  const { tenant, id } = connection
  await saveConnection(deps, connection, undefined)
  const grant = () => findOrInsertGrant(deps, tenant, id)
  return { clock, deps, tenant, id, grant }
}

test('a grant is made with a key of its own, and found again with its connection', async () => {
  const { deps, tenant, id, grant } = await world()
  expect((await findAuthority(deps, tenant, id))?.grant).toBeUndefined()
  expect(await findGrant(deps, tenant, id)).toBeUndefined()
  expect(await newestGeneration(deps, tenant, id)).toBe(1)
  const made = await grant()
  expect(made).toMatchObject({ tenant, connectionId: id, generation: 1, rotation: 0, failures: 0, refusedAt: 0 })
  expect((await findGrant(deps, tenant, id))?.grant).toEqual(await grant())
  await removeGrant(deps, tenant, id)
  expect(await findGrant(deps, tenant, id)).toBeUndefined()
})

test('one worker holds it; who lost the lease finishes nothing and may let go', async () => {
  const { clock, deps, grant } = await world()
  const first = (await takeGrant(deps, (await grant())!, { leaseMs, change: { attemptAt: 7 } }))!
  expect(first.current().attemptAt).toBe(7)
  expect(await takeGrant(deps, (await grant())!, { leaseMs })).toBeUndefined()
  clock.advance(leaseMs + 1_000)
  const second = (await takeGrant(deps, (await grant())!, { leaseMs }))!
  await expect(first.finish({ rotation: 9 })).rejects.toThrow()
  await first.release({ rotation: 9 })
  await second.finish({ rotation: 1, failureCode: 'x' })
  expect(second.current()).toMatchObject({ rotation: 1, failureCode: 'x' })
  const third = await takeGrant(deps, (await grant())!, { leaseMs })
  expect(third?.current()).toMatchObject({ rotation: 1 })
})

test('what the vault keeps opens with the key of its row alone', async () => {
  const { deps, tenant, id, grant } = await world()
  const held = (await takeGrant(deps, (await grant())!, { leaseMs }))!
  const value = { value: 'refresh token', rotation: 1 }
  await held.finish(await putSecret(deps, held.current(), value))
  const { secretName, secretVersion, versionsInGeneration } = held.current()
  expect([secretName, versionsInGeneration]).toEqual([deps.names.connectionSecret(id, 1), 1])
  const stored = (await deps.vault.get(secretName, secretVersion))!.value
  expect(stored.reveal()).not.toContain('refresh token')
  expect(fromVault(held.current(), stored)).toEqual(value)
  await removeGrant(deps, tenant, id)
  expect(fromVault((await grant())!, stored)).toBeUndefined()
})

test('an access token is taken from the row while it lives and nobody refused it', async () => {
  const { clock, deps, grant } = await world()
  const held = (await takeGrant(deps, (await grant())!, { leaseMs }))!
  const token = { token: new Secret('token'), expiresAt: clock.now() + 600_000 }
  await held.finish(await accessColumns(deps, held.current(), { resource: 'graph', ...token }))
  const now = (await grant())!
  expect(resourcesOf(now)).toEqual(['graph'])
  expect(now.access_graph).not.toContain('token')
  const want = { resource: 'graph' as const, minLifeMs: 300_000 }
  expect((await storedToken(deps, now, want))?.token.reveal()).toBe('token')
  expect(await storedToken(deps, now, { ...want, refused: 'token' })).toBeUndefined()
  expect(await storedToken(deps, now, { ...want, resource: 'outlook' })).toBeUndefined()
  clock.advance(301_000)
  expect(await storedToken(deps, now, want)).toBeUndefined()
  expect(await openColumn(deps, { ...now, access_outlook: now.access_graph }, 'access_outlook')).toBeUndefined()
})

test('a page shows connections with what people see of their grants', async () => {
  const { deps, tenant, id, grant } = await world()
  const held = (await takeGrant(deps, (await grant())!, { leaseMs }))!
  await held.finish({ failures: 3, failureCode: 'x', refreshedAt: 5, unstored: 'sealed' })
  const other = sampleConnection({ mode: 'password', provider: 'basic' })
  await saveConnection(deps, other, undefined)
  const { found, next } = await pageOfAuthorities(deps, tenant, { limit: 5 })
  const byId = new Map(found.map(({ connection, grant }) => [connection.id, grant]))
  expect(next).toBe('')
  expect(byId.get(id)).toMatchObject({ failures: 3, failureCode: 'x', refreshedAt: 5, unstored: '' })
  expect(byId.has(other.id) && byId.get(other.id)).toBeUndefined()
})
