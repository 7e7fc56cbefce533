import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import { tokenFlows } from '../../lib/flows/tokens/index.js'
import { refreshGrant } from '../../lib/flows/tokens/refresh-grant.js'
import { retryGrant, tryGrant } from '../../lib/flows/tokens/retry-grant.js'
import type { Connection } from '../../lib/model/connection.js'
import { newId } from '../../lib/model/ids.js'
import type { Message } from '../../lib/model/messages.js'
import { storageNames } from '../../lib/model/names.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { microsoftProvider } from '../../lib/providers/microsoft.js'
import { mailScopes } from '../../lib/providers/microsoft-scopes.js'
import { networkClient } from '../../lib/providers/network-client.js'
import { connectionToRow, findConnection } from '../../lib/rows/connections.js'
import { associatedData } from '../../lib/rows/grant-secrets.js'
import { sealKeys } from '../../lib/rows/seal-keys.js'
import { Secret } from '../../lib/secret.js'
import type { MemoryQueues } from '../../lib/stores/memory-queues.js'
import { connectAccount } from '../support/connect/connect-account.js'
import { failure } from '../support/general/failure.js'
import { sampleConnection } from '../support/general/sample-connection.js'
import { toolbox } from '../support/general/toolbox.js'
import {
  demoCredential,
  demoRegistration,
  type Microsoft365,
  registerDemo,
  startMicrosoft365,
} from '../support/microsoft/microsoft-365.js'
import { memoryStores } from '../support/storage/memory-stores.js'

const tenant = 'acme'
const ana = 'ana@contoso.example'
const names = storageNames('test')
const scopes = mailScopes({ receive: 'graph', send: 'smtp' })
const minute = 60_000

let now = 0
let world: Microsoft365
let tables: Toolbox['tables']
let vault: Toolbox['vault']
let queues: MemoryQueues

beforeEach(async () => {
  now = Date.parse('2026-11-21T12:00:00Z')
  const clock = { now: () => now }
  world = await startMicrosoft365(clock)
  const stores = await memoryStores({ ...clock, sleep: async () => {} })
  ;({ tables, vault, queues } = stores)
  await registerDemo(stores)
})
afterEach(() => world.stop())

/** One process: its own memory in front of the shared storage. `over` lets it fail where a test wants. */
function process(over: { tables?: Partial<typeof tables>; vault?: Partial<typeof vault> } = {}): Toolbox {
  return toolbox({
    names,
    tables: { ...tables, ...over.tables },
    queues,
    vault: { ...vault, ...over.vault },
    clock: { now: () => now, sleep: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 10)) },
    worker: newId(),
    // The same server as one with long overlap, and as one that wants every rotation kept.
    providers: { microsoft: world.provider, oauth2: world.provider },
  })
}

async function connect(provider: 'microsoft' | 'oauth2', upn = ana): Promise<Connection> {
  const wanted = provider === 'microsoft' ? scopes.consent : scopes.token('graph')
  const first = await world.signIn(upn, scopes.token('graph'), wanted)
  const connection = await connectAccount(process(), first, { provider, username: upn, scopes: wanted })
  world.entra.control.reset()
  return connection
}
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
    new Date(now).toISOString(),
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
const grantRow = async (id: string) => (await tables.get(names.table('connections'), `${tenant}~${id}`, 'grant'))!
const refreshes = () => world.entra.control.requests.filter((one) => one.form['grant_type'] === 'refresh_token').length
const changes = () =>
  (queues.take(names.eventsQueue(tenant)) as { type: string; data: object }[]).filter(
    (event) => event.type === 'connection.changed',
  )

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

describe.each(['microsoft', 'oauth2'] as const)('%s', (provider) => {
  test('M-083, P-01: 50 rotations, each of which kills the token before', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    for (let round = 0; round < 50; round += 1) {
      now += 70 * minute
      const { token } = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
      expect(world.entra.verifyAccessToken(token.reveal())?.upn).toBe(ana)
    }
    expect(world.entra.control.counters.reuseEvents).toBe(0)
    expect(refreshes()).toBe(50)
    expect(await grantRow(connection.id)).toMatchObject({ rotation: 51, failures: 0 })
  })

  test('M-084, REL-15, P-02: 20 callers in two processes make one token call', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    now += 70 * minute
    const [one, other] = [process(), process()]
    const tokens = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        accessToken(at % 2 ? one : other, { tenant, connectionId: connection.id }, { resource: 'graph' }),
      ),
    )
    expect(new Set(tokens.map(({ token }) => token.reveal())).size).toBe(1)
    expect(refreshes()).toBe(1)
    await accessToken(one, { tenant, connectionId: connection.id }, { resource: 'graph' })
    await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect(refreshes()).toBe(1)
  })

  test('P-03, P-08, M-158: a refused grant is asked about once more minutes later; then told once, and never asked again', async () => {
    const connection = await connect(provider)
    world.entra.control.revoke(ana)
    now += 70 * minute
    const callers = [process(), process()].flatMap((deps) => [deps, deps, deps])
    const ask = () =>
      Promise.allSettled(
        callers.map((deps) => accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })),
      )
    for (const soon of [0, 29_000, 60_000]) {
      now += soon
      for (const result of await ask())
        expect(result).toMatchObject({
          status: 'rejected',
          reason: { class: 'transient', code: 'aadsts_50173', outcome: 'not-sent', retryAfterMs: expect.any(Number) },
        })
    }
    // Once, and at once with what else there is: somebody else's newer token would explain it.
    expect(refreshes()).toBe(2)
    expect(changes()).toEqual([])
    expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
    now += 4 * minute
    for (const result of await ask())
      expect(result).toMatchObject({ status: 'rejected', reason: { class: 'needs-reconnect', code: 'aadsts_50173' } })
    expect(refreshes()).toBe(4)
    expect(changes()).toMatchObject([{ data: { connectionId: connection.id, state: 'needs-reconnect' } }])
    expect(await tables.get(names.table('attention'), tenant, `connection~${connection.id}`)).toBeDefined()
    now += 30 * 24 * 60 * minute
    await tokenFlows.grantsDue(process())
    for (const message of queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh')))
      await tokenFlows.refreshBatch(process(), message)
    expect(
      await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
    ).toMatchObject({
      code: 'aadsts_50173',
    })
    expect(refreshes()).toBe(4)
    // A reconnect brings it back.
    const again = await world.signIn(ana)
    await tokenFlows.storeGrant(process(), {
      tenant,
      connectionId: connection.id,
      grant: {
        kind: 'oauth',
        resource: 'graph',
        accessToken: again.accessToken.reveal(),
        expiresAt: again.expiresAt,
        refreshToken: again.refreshToken!.reveal(),
      },
    })
    const row = (await findConnection(process(), tenant, connection.id))!
    await tables.update(
      names.table('connections'),
      { ...connectionToRow({ ...row, state: 'connected', reason: '' }) },
      row.etag,
    )
    now += 70 * minute
    await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  })

  const crash = new Error('the process ended here')
  const crashPoints: [string, (deps: { hit: boolean }) => Parameters<typeof process>[0]][] = [
    [
      'before the new secret is kept',
      (at) => ({
        vault: {
          set: async (...input) => {
            if (!input[0].includes('-c-')) return vault.set(...input)
            at.hit = true
            throw crash
          },
        },
      }),
    ],
    [
      'after the vault, before the row',
      (at) => ({
        tables: {
          update: async (table, row, etag) => {
            if (row['refreshedAt'] === undefined) return tables.update(table, row, etag)
            at.hit = true
            throw crash
          },
        },
      }),
    ],
    [
      'after the row',
      (at) => ({
        tables: {
          upsert: async (table, row) => {
            if (table !== names.table('due')) return tables.upsert(table, row)
            at.hit = true
            throw crash
          },
        },
      }),
    ],
  ]
  test.each(crashPoints)('REL-16: 17 crashes %s, with a provider that gives grace', async (_where, at) => {
    for (let round = 0; round < 17; round += 1) {
      const connection = await connect(provider)
      world.entra.control.setRotation('grace')
      now += 25 * 60 * minute
      const point = { hit: false }
      expect(
        await failure(accessToken(process(at(point)), { tenant, connectionId: connection.id }, { resource: 'graph' })),
      ).toBe(crash)
      expect(point.hit).toBe(true)
      // The dead process's lease is ended by hand: waiting for it would retryWhileStorageIsDown the 30 seconds of grace.
      const row = await grantRow(connection.id)
      if (row['leaseOwner'] !== '')
        await tables.update(names.table('connections'), { ...row, leaseUntil: 0 }, row.etag!)
      const { token } = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
      expect(world.entra.verifyAccessToken(token.reveal())).toBeDefined()
      expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
    }
  })

  test('REL-16: with a strict provider each of 50 crashes before keeping costs the grant, is told, and does not loop', async () => {
    for (let round = 0; round < 50; round += 1) {
      const connection = await connect(provider)
      world.entra.control.setRotation('strict')
      now += 25 * 60 * minute
      const point = { hit: false }
      await failure(
        accessToken(process(crashPoints[0]![1](point)), { tenant, connectionId: connection.id }, { resource: 'graph' }),
      )
      for (const expected of ['transient', 'needs-reconnect']) {
        now += 5 * minute
        for (let caller = 0; caller < 5; caller += 1)
          expect(
            await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
          ).toMatchObject({
            class: expected,
          })
      }
      expect(refreshes()).toBe(5)
      expect(changes()).toMatchObject([{ data: { connectionId: connection.id, state: 'needs-reconnect' } }])
    }
  })

  test('P-08, M-158: one bad moment of the provider is told to nobody, and forgotten with the next success', async () => {
    const connection = await connect(provider)
    for (let moment = 0; moment < 3; moment += 1) {
      now += 70 * minute
      world.entra.control.fail({ kind: 'refresh_token', aadsts: 50173, times: 2 })
      expect(
        await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
      ).toMatchObject({
        class: 'transient',
        code: 'aadsts_50173',
      })
      now += 4 * minute
      await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    }
    expect(changes()).toEqual([])
    expect(await tables.get(names.table('attention'), tenant, `connection~${connection.id}`)).toBeUndefined()
  })

  test('M-158: nobody needs to call: the timer asks again within minutes, and decides', async () => {
    const connection = await connect(provider)
    const timer = async () => {
      await tokenFlows.grantsDue(process())
      for (const message of queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh')))
        await tokenFlows.refreshBatch(process(), message)
    }
    world.entra.control.revoke(ana)
    const { token } = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    await failure(
      accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph', refused: token.reveal() }),
    )
    expect(changes()).toEqual([])
    now += 4 * minute
    await timer()
    expect(changes()).toMatchObject([{ data: { state: 'needs-reconnect', code: 'aadsts_50173' } }])
  })

  test('M-158, M-160: a person who asks after a first refusal gets the answer that decides at once; two polls do not', async () => {
    const connection = await connect(provider)
    // The stored token has most of its hour left, and a server refused it.
    world.entra.control.revoke(ana)
    now += 2 * minute
    const { token } = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    await failure(
      accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph', refused: token.reveal() }),
    )
    await retryGrant(process(), tenant, connection.id)
    expect(
      await failure(
        accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph', refused: token.reveal() }),
      ),
    ).toMatchObject({
      class: 'transient',
    })
    expect(changes()).toEqual([])
    expect(await tryGrant(process(), tenant, connection.id)).toMatchObject({ class: 'needs-reconnect' })
    expect(changes()).toMatchObject([{ data: { state: 'needs-reconnect' } }])
  })

  test('REL-16: with a strict provider a crash after the vault write loses nothing', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    now += 25 * 60 * minute
    await failure(
      accessToken(
        process(crashPoints[1]![1]({ hit: false })),
        { tenant, connectionId: connection.id },
        { resource: 'graph' },
      ),
    )
    now += 2 * minute
    await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect(world.entra.control.counters.reuseEvents).toBe(0)
  })

  test('REL-19: a vault that answers 429 for a minute is asked once per step of the backoff; nothing is lost', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    // Every use needs a refresh, and every refresh the vault.
    world.entra.control.setLifetimes({ accessToken: 200 })
    const busy = new GatewayError('vault_unavailable', 'transient', { hint: 'throttle', retryAfterMs: 1_000 })
    let isBusy = true
    const asked: number[] = []
    const refuse = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
      if (!isBusy || !name.includes('-c-')) return work()
      asked.push(now)
      throw busy
    }
    const over = {
      vault: {
        get: (name: string, version?: string) => refuse(name, () => vault.get(name, version)),
        set: (...input: Parameters<typeof vault.set>) => refuse(input[0], () => vault.set(...input)),
      },
    }
    const processes = [process(over), process(over)]
    now += 25 * 60 * minute
    const started = now
    for (; now < started + minute; now += 1_000)
      await Promise.allSettled(
        [...processes, ...processes, ...processes].map((deps) =>
          accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' }),
        ),
      )
    const { failures } = await grantRow(connection.id)
    expect(Number(failures)).toBeGreaterThan(2)
    expect(asked.length, 'one request per step').toBe(failures)
    expect(refreshes(), 'no token is rotated that could not be kept').toBe(0)
    isBusy = false
    const ended = now
    let works = false
    for (; !works && now < ended + minute; now += 1_000)
      works = await accessToken(processes[0]!, { tenant, connectionId: connection.id }, { resource: 'graph' }).then(
        () => true,
        () => false,
      )
    expect(works, 'within a minute').toBe(true)
    expect(world.entra.control.counters.reuseEvents).toBe(0)
    expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
  })

  test('REL-19: while the vault refuses, tokens in hand work, rotations are kept and stored later', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    const unavailable = new GatewayError('vault_unavailable', 'transient', { retryAfterMs: 1_000 })
    let isAway = true
    const deps = () =>
      process({
        vault: {
          set: async (...input) => {
            if (isAway && input[0].includes('-c-')) throw unavailable
            return vault.set(...input)
          },
        },
      })
    await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect(refreshes()).toBe(0)
    now += 25 * 60 * minute
    await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect((await grantRow(connection.id))['unstored']).toMatch(/^v1\./)
    now += 70 * minute
    if (provider === 'oauth2') {
      expect(
        await failure(accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
      ).toMatchObject({ class: 'transient' })
      expect(refreshes()).toBe(1)
    }
    isAway = false
    now += 20 * minute
    await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect((await grantRow(connection.id))['unstored']).toBe('')
    expect(world.entra.control.counters.reuseEvents).toBe(0)
  })
})

test('REL-19: a vault that forbids us access says nothing about a connection: it stays connected, nobody is told', async () => {
  const connection = await connect('oauth2')
  let isClosed = true
  const forbidden = new GatewayError('vault_forbidden', 'needs-admin')
  const deps = () =>
    process({ vault: { set: async (...input) => (isClosed ? Promise.reject(forbidden) : vault.set(...input)) } })
  now += 70 * minute
  await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  now += 70 * minute
  expect(await failure(accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' }))).toBe(
    forbidden,
  )
  expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
  expect(changes()).toEqual([])
  isClosed = false
  now += 120 * minute
  const { token } = await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(world.entra.verifyAccessToken(token.reveal())?.upn).toBe(ana)
})

test('REL-17: a writer that was held up past its lease cannot write over the newer token', async () => {
  const connection = await connect('oauth2')
  world.entra.control.setRotation('grace')
  now += 70 * minute
  let free = () => {}
  let held = () => {}
  const isHeld = new Promise<void>((resolve) => {
    held = resolve
  })
  const released = new Promise<void>((resolve) => {
    free = resolve
  })
  let stopped = false
  const slow = process({
    tables: {
      update: async (table, row, etag) => {
        if (row['refreshedAt'] !== undefined && !stopped) {
          stopped = true
          held()
          await released
        }
        return tables.update(table, row, etag)
      },
    },
  })
  const late = accessToken(slow, { tenant, connectionId: connection.id }, { resource: 'graph' })
  await isHeld
  now += 2 * minute
  world.entra.control.setRotation('overlap')
  const quick = await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  const rotation = (await grantRow(connection.id))['rotation']
  free()
  expect((await late).token.reveal()).toBe(quick.token.reveal())
  expect((await grantRow(connection.id))['rotation']).toBe(rotation)
})

test('REL-18: of two processes whose clocks are ten minutes apart neither uses a token that has ended', async () => {
  const connection = await connect('microsoft')
  const skewed = (ms: number) => {
    const deps = process()
    const clock = { ...deps.clock, now: () => now + ms }
    const network = networkClient({ origins: { 'https://login.microsoftonline.com': world.entra.url } })
    return { ...deps, clock, providers: { microsoft: microsoftProvider({ clock, network }) } }
  }
  const [fast, slow] = [skewed(5 * minute), skewed(-5 * minute)]
  const show = async (deps: Toolbox) => {
    const { token } = await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect(world.entra.verifyAccessToken(token.reveal())?.upn).toBe(ana)
  }
  for (const [writer, reader] of [
    [fast, slow],
    [slow, fast],
  ] as const) {
    now += 24 * 60 * minute
    world.entra.control.reset()
    await show(writer)
    // The reader takes what the writer stored, and nothing that has ended.
    for (let asked = 0; asked < 54; asked += 1) {
      await show(reader)
      now += minute
    }
    expect(refreshes(), 'none is given up before its time').toBe(1)
    for (let asked = 0; asked < 30; asked += 1) {
      await show(reader)
      now += minute
    }
    expect(refreshes()).toBe(2)
  }
})

test('outages say nothing about the grant: waits grow, Retry-After is kept, the first success ends them', async () => {
  const connection = await connect('microsoft')
  now += 70 * minute
  world.entra.control.fail({ kind: 'refresh_token', status: 429, retryAfter: 120 })
  world.entra.control.fail({ kind: 'refresh_token', status: 503, times: 3 })
  expect(
    await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
  ).toMatchObject({ class: 'transient' })
  const waiting = await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  expect(waiting.retryAfterMs).toBeGreaterThan(100_000)
  expect(refreshes()).toBe(1)
  for (let round = 0; round < 3; round += 1) {
    now += 15 * minute
    await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  }
  now += 15 * minute
  await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(refreshes()).toBe(5)
  expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
  expect(changes()).toEqual([])
})

test('M-128: an expired client secret of 10 mailboxes is one card, tried hourly, and heals by itself', async () => {
  const connections: Connection[] = []
  for (let one = 0; one < 10; one += 1) connections.push(await connect('microsoft'))
  const ask = () =>
    Promise.allSettled(
      connections.map((one) => accessToken(process(), { tenant, connectionId: one.id }, { resource: 'graph' })),
    ).then((results) =>
      results.map((one) => (one.status === 'rejected' ? (one.reason as GatewayError).class : 'works')),
    )
  const cards = async () => {
    const rows: string[] = []
    // The registration is the deployment's own, so its card is too.
    for (const partition of [tenant, '~'])
      for await (const row of tables.query(names.table('attention'), { partition })) rows.push(row.rowKey)
    return rows
  }
  const secret = world.directory.app(demoRegistration.clientId)!.secrets[0]!
  world.entra.control.expireSecret(demoRegistration.clientId)
  now += 70 * minute
  expect(new Set(await ask())).toEqual(new Set(['needs-admin']))
  const calls = refreshes()
  expect(new Set(await ask())).toEqual(new Set(['needs-admin']))
  expect(refreshes()).toBe(calls)
  expect(await cards()).toEqual(['registration~demo'])
  delete secret.expiresAt
  now += 90 * minute
  expect(new Set(await ask())).toEqual(new Set(['works']))
  expect(await cards()).toEqual([])
  const states = changes().map((event) => (event.data as { state: string }).state)
  expect(states.toSorted()).toEqual([...Array(10).fill('connected'), ...Array(10).fill('needs-admin')])
  // The control: what is wrong with one sign-in stays a matter of that connection.
  world.entra.control.revoke(ana)
  now += 70 * minute
  await ask()
  expect((await cards()).every((key) => key.startsWith('connection~'))).toBe(true)
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

test('M-029: the application signs in by itself again, once for all callers, without any secret of the connection', async () => {
  const connection = await appOnly()
  const deps = process()
  const first = await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect((await accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })).token.reveal()).toBe(
    first.token.reveal(),
  )
  expect(world.entra.control.counters.tokenCalls).toEqual({})
  now += 58 * minute
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
  now += 58 * minute
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

test('M-068: a right given after the token was issued counts with the next use, one that is missing is named', async () => {
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
  now += 2_000
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
    now += 75 * minute
    expect(await tokenFlows.grantsDue(process())).toBe(3)
    expect(await tokenFlows.grantsDue(process())).toBe(0)
    const messages = queues.take<Message<'connection-refresh'>>(names.queue('connection-refresh'))
    expect(messages).toHaveLength(1)
    await tokenFlows.refreshBatch(process(), messages[0]!)
    await tokenFlows.refreshBatch(process(), messages[0]!)
    expect(refreshes()).toBe(3 * round)
  }
  await tokenFlows.forgetGrant(process(), tenant, connections[0]!.id)
  now += 75 * minute
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
  now += 70 * minute
  await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(await grantRow(connection.id)).toMatchObject({ generation: 2, versionsInGeneration: 1 })
  expect(await vault.get(names.connectionSecret(connection.id, 1))).toBeUndefined()
  now += 70 * minute
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
    now += 60 * minute
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
