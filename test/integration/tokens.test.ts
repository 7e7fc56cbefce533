/** Access tokens for those who may have them: resources, the application’s own, passwords, and where secrets lie. */
import { expect, test } from 'vitest'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import { tokenFlows } from '../../lib/flows/tokens/index.js'
import { refreshGrant } from '../../lib/flows/tokens/refresh-grant.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import type { Message } from '../../lib/model/messages.js'
import { mailScopes } from '../../lib/providers/microsoft-scopes.js'
import { connectionToRow, findConnection } from '../../lib/rows/connections.js'
import { associatedData } from '../../lib/rows/grant-secrets.js'
import { sealKeys } from '../../lib/rows/seal-keys.js'
import { Secret } from '../../lib/secret.js'
import { failure } from '../support/general/failure.js'
import { sampleConnection } from '../support/general/sample-connection.js'
import { demoCredential, demoRegistration, registerDemo } from '../support/microsoft/microsoft-365.js'
import {
  ana,
  changes,
  connect,
  grantRow,
  minute,
  names,
  process,
  queues,
  refreshes,
  scopes,
  tables,
  tenant,
  time,
  useTokenWorld,
  vault,
  world,
} from '../support/microsoft/token-world.js'

useTokenWorld()

const tenantOf = (app: { tenantId: string }): string => app.tenantId

/** What an administrator's consent leaves behind. */
async function appOnly(): Promise<Connection> {
  const tenantId = world.directory.app(demoRegistration.clientId)!.tenantId
  const scope = ['https://graph.microsoft.com/.default']
  const client = { registration: demoRegistration, credential: demoCredential }
  const first = await world.provider.appToken({ ...client, scopes: scope, tenantId })
  const identity = { issuer: '', subject: 's', tenantId, username: 'admin@contoso.example' }
  const connection = sampleConnection(
    { mode: 'app-only', provider: 'microsoft', registrationId: 'demo', identity },
    new Date(time.now).toISOString(),
  )
  await tables.insert(names.table('connections'), connectionToRow(connection))
  const { accessToken: token, expiresAt } = first
  await tokenFlows.storeGrant(process(), {
    tenant,
    connectionId: connection.id,
    grant: { kind: 'app-only', resource: 'graph', accessToken: token.reveal(), expiresAt },
  })
  world.entra.control.reset()
  return connection
}

test('SEC-17: a token in memory is given to its own tenant only', async () => {
  const connection = await connect('microsoft')
  const deps = process()
  await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(
    (await failure(accessToken(deps, { tenant: 'other', connectionId: connection.id }, { resource: 'graph' }))).code,
  ).toBe('not_connected')
  // The control: it is in memory, and stays there for who may have it.
  await tables.remove(names.table('connections'), { partitionKey: `${tenant}~${connection.id}`, rowKey: 'grant' })
  expect(
    (await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })).token.reveal(),
  ).not.toBe('')
})

test('a second resource whose scopes no answer has named yet still gets its token', async () => {
  const connection = await connect('microsoft')
  const row = (await findConnection(process(), tenant, connection.id))!
  const changed = connectionToRow({ ...row, scopes: scopes.token('graph') })
  await tables.update(names.table('connections'), changed, row.etag)
  const { token } = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'outlook' })
  expect(world.entra.verifyAccessToken(token.reveal())).toMatchObject({
    aud: 'https://outlook.office.com',
    scp: 'SMTP.Send',
  })
})

test('M-029: the application signs in again on its own, once for all callers, without any secret of the connection', async () => {
  const connection = await appOnly()
  const deps = process()
  const first = await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect((await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })).token.reveal()).toBe(
    first.token.reveal(),
  )
  expect(world.entra.control.counters.tokenCalls).toEqual({})
  time.now += 58 * minute
  const both = [process(), process()]
  const tokens = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      accessToken(both[at % 2]!, { tenant, connectionId: connection.id }, { resource: 'graph' }),
    ),
  )
  expect(new Set(tokens.map((one) => one.token.reveal())).size).toBe(1)
  expect(tokens[0]!.token.reveal()).not.toBe(first.token.reveal())
  expect(world.entra.control.counters.tokenCalls).toEqual({ client_credentials: 1 })
  expect(await vault.get(names.connectionSecret(connection.id, 1))).toBeUndefined()
  // The timer keeps it alive like any other.
  await tokenFlows.refreshBatch(process(), { v: 1, connections: [{ tenant, connectionId: connection.id }] })
  await tokenFlows.forgetGrant(process(), tenant, connection.id)
  expect(
    await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
  ).toMatchObject({ code: 'not_connected' })
})

test('M-029, M-081: an expired client secret is told once as the administrator’s, a rotated one works at once', async () => {
  const connection = await appOnly()
  time.now += 58 * minute
  world.entra.control.expireSecret(demoRegistration.clientId)
  const error = await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  expect(error).toMatchObject({ class: 'needs-admin', code: 'aadsts_7000222' })
  expect(await findConnection(process(), tenant, connection.id)).toMatchObject({ state: 'needs-admin' })
  expect(changes()).toHaveLength(1)
  await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  expect(world.entra.control.counters.tokenCalls).toEqual({ client_credentials: 2 })
  world.directory.app(demoRegistration.clientId)!.secrets = [{ value: 'rotated' }]
  const corrected = process()
  await registerDemo(corrected, { credential: new Secret('rotated') })
  await tokenFlows.retryGrant(corrected, tenant, connection.id)
  await accessToken(corrected, { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(await findConnection(process(), tenant, connection.id)).toMatchObject({ state: 'connected' })
})

test('M-068: a permission given after the token was issued counts with the next use, one that is missing is named', async () => {
  const app = world.directory.app(demoRegistration.clientId)!
  const all = app.roles[tenantOf(app)]!
  app.roles[tenantOf(app)] = all.filter((role) => role !== 'Mail.Send')
  const connection = await appOnly()
  const needed = mailScopes({ send: 'graph' }).token('graph')
  const show = async (deps = process()) => {
    const authority = await tokenFlows.authorityFor(
      deps,
      { connection },
      { user: 'info@contoso.example', resource: 'graph', needed },
    )
    return authority.kind === 'bearer' ? authority.token() : undefined
  }
  const error = await failure(show())
  expect(error).toMatchObject({ code: 'token_scope_missing', class: 'needs-admin' })
  expect(error.description).toContain('Mail.Send')
  expect(error.remedy).toContain('admin consent')
  app.roles[tenantOf(app)] = all
  const deps = process()
  world.entra.control.reset()
  expect(await show(deps)).toBeDefined()
  expect(await show(deps)).toBeDefined()
  expect(world.entra.control.counters.tokenCalls).toEqual({ client_credentials: 1 })
})

test('two resources of one connection have a token each, and a refused one is renewed once', async () => {
  const connection = await connect('microsoft')
  const deps = process()
  const graph = await tokenFlows.authorityFor(deps, { connection }, { user: ana, resource: 'graph' })
  const outlook = await tokenFlows.readAuthority(
    deps,
    { tenant, connectionId: connection.id },
    { user: 'info@contoso.example', resource: 'outlook' },
  )
  if (graph.kind !== 'bearer' || outlook.kind !== 'bearer') throw expect.fail('bearer expected')
  expect(outlook.user).toBe('info@contoso.example')
  const [one, other] = [await graph.token(), await outlook.token()]
  expect(world.entra.verifyAccessToken(one.reveal())?.aud).toBe('https://graph.microsoft.com')
  expect(world.entra.verifyAccessToken(other.reveal())?.aud).toBe('https://outlook.office.com')
  const before = refreshes()
  time.now += 2_000
  const renewed = await Promise.all([graph.token({ renew: true }), graph.token({ renew: true })])
  expect(renewed[0]!.reveal()).not.toBe(one.reveal())
  expect(refreshes()).toBe(before + 1)
})

test('the timer keeps grants alive in batches and the schedule of each is its own', async () => {
  const connections = []
  for (let at = 0; at < 3; at += 1) connections.push(await connect('microsoft'))
  await tokenFlows.grantsDue(process())
  expect(queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh'))).toEqual([])
  for (let round = 1; round <= 3; round += 1) {
    time.now += 75 * minute
    expect(await tokenFlows.grantsDue(process())).toBe(3)
    expect(await tokenFlows.grantsDue(process())).toBe(0)
    const messages = queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh'))
    expect(messages).toHaveLength(1)
    await tokenFlows.refreshBatch(process(), messages[0]!)
    await tokenFlows.refreshBatch(process(), messages[0]!)
    expect(refreshes()).toBe(3 * round)
  }
  await tokenFlows.forgetGrant(process(), tenant, connections[0]!.id)
  time.now += 75 * minute
  expect(await tokenFlows.grantsDue(process())).toBe(2)
})

test('SEC-35: no secret lies open in a row, a row swapped between connections opens nothing, forgetting shreds', async () => {
  const [one, two] = [await connect('oauth2'), await connect('oauth2', 'ben@contoso.example')]
  const deps = process()
  const { token } = await accessToken(deps, { tenant, connectionId: one.id }, { resource: 'graph' })
  const stored = [...world.directory.refreshTokens.keys()]
  for (const id of [one.id, two.id]) {
    const dump = JSON.stringify(await grantRow(id))
    for (const secret of [token.reveal(), ...stored]) expect(dump).not.toContain(secret)
  }
  const kept = (await vault.get(names.connectionSecret(one.id, 1)))!.value.reveal()
  for (const secret of stored) expect(kept).not.toContain(secret)
  const sealer = await sealKeys(deps)
  const column = String((await grantRow(one.id))['access_graph'])
  expect(sealer.open(column, associatedData(tenant, one.id, 'access_graph')).toString()).toBe(token.reveal())
  expect(() => sealer.open(column, associatedData(tenant, two.id, 'access_graph'))).toThrow('sealed_value_invalid')

  await tokenFlows.forgetGrant(deps, tenant, one.id)
  await tokenFlows.forgetGrant(deps, tenant, one.id)
  expect(await vault.get(names.connectionSecret(one.id, 1))).toBeUndefined()
  expect(await failure(accessToken(deps, { tenant, connectionId: one.id }, { resource: 'graph' }))).toMatchObject({
    code: 'not_connected',
  })
  await accessToken(deps, { tenant, connectionId: two.id }, { resource: 'graph' })
})

test('a name holds 200 versions, then the next generation takes over', async () => {
  const connection = await connect('oauth2')
  const row = await grantRow(connection.id)
  const full = { partitionKey: row.partitionKey, rowKey: row.rowKey, versionsInGeneration: 200 }
  await tables.update(names.table('connections'), full, row.etag!)
  time.now += 70 * minute
  await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(await grantRow(connection.id)).toMatchObject({ generation: 2, versionsInGeneration: 1 })
  expect(await vault.get(names.connectionSecret(connection.id, 1))).toBeUndefined()
  time.now += 70 * minute
  await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
})

test('a password is kept like a token, and its connection shows it to the server', async () => {
  const connection: Connection = { ...(await connect('oauth2')), id: newId(), mode: 'password', provider: 'basic' }
  await tables.insert(names.table('connections'), connectionToRow(connection))
  const deps = process()
  const grant = { kind: 'password' as const, password: 'correct horse' }
  await tokenFlows.storeGrant(deps, { tenant, connectionId: connection.id, grant })
  const shown = await tokenFlows.authorityFor(deps, { connection }, { user: ana, resource: 'outlook' })
  expect(shown).toMatchObject({ kind: 'password', user: ana })
  expect(shown.kind === 'password' && shown.password.reveal()).toBe('correct horse')
  expect(JSON.stringify(await grantRow(connection.id))).not.toContain('correct horse')
  expect(JSON.stringify(shown)).not.toContain('correct horse')
})

test('a password asks the vault once per process, and a new one counts at once in every process', async () => {
  const connection: Connection = { ...(await connect('oauth2')), id: newId(), mode: 'password', provider: 'basic' }
  await tables.insert(names.table('connections'), connectionToRow(connection))
  const store = (password: string) =>
    tokenFlows.storeGrant(process(), {
      tenant,
      connectionId: connection.id,
      grant: { kind: 'password', password },
    })
  await store('first')
  let reads = 0
  const get: typeof vault.get = (...input) => {
    if (input[0].includes(connection.id)) reads += 1
    return vault.get(...input)
  }
  const deps = process({ vault: { get } })
  const shown = async () => {
    const authority = await tokenFlows.readAuthority(
      deps,
      { tenant, connectionId: connection.id },
      { user: ana, resource: 'outlook' },
    )
    return authority.kind === 'password' ? authority.password.reveal() : ''
  }
  for (let hour = 0; hour < 5; hour += 1) {
    expect(await shown()).toBe('first')
    time.now += 60 * minute
  }
  expect(reads).toBe(1)
  await store('second')
  expect(await shown()).toBe('second')
})

test('an unknown connection is refused before anything is asked', async () => {
  expect(
    await failure(refreshGrant(process(), { tenant, connectionId: newId() }, { resource: 'graph' })),
  ).toMatchObject({
    code: 'not_connected',
  })
  expect(refreshes()).toBe(0)
})
