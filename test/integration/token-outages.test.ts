/** Tokens while vault, provider or clocks fail: what is asked, what is told, and what goes on. */
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import type { Connection } from '../../lib/model/connection.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { microsoftProvider } from '../../lib/providers/microsoft.js'
import { networkClient } from '../../lib/providers/network-client.js'
import { findConnection } from '../../lib/rows/connections.js'
import { failure } from '../support/general/failure.js'
import { demoRegistration } from '../support/microsoft/microsoft-365.js'
import {
  ana,
  changes,
  connect,
  grantRow,
  minute,
  names,
  process,
  refreshes,
  tables,
  tenant,
  time,
  useTokenWorld,
  vault,
  world,
} from '../support/microsoft/token-world.js'

useTokenWorld()

describe.each(['microsoft', 'oauth2'] as const)('%s', (provider) => {
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
      asked.push(time.now)
      throw busy
    }
    const over = {
      vault: {
        get: (name: string, version?: string) => refuse(name, () => vault.get(name, version)),
        set: (...input: Parameters<typeof vault.set>) => refuse(input[0], () => vault.set(...input)),
      },
    }
    const processes = [process(over), process(over)]
    time.now += 25 * 60 * minute
    const started = time.now
    for (; time.now < started + minute; time.now += 1_000)
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
    const ended = time.now
    let works = false
    for (; !works && time.now < ended + minute; time.now += 1_000)
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
    time.now += 25 * 60 * minute
    await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect((await grantRow(connection.id))['unstored']).toMatch(/^v1\./)
    time.now += 70 * minute
    if (provider === 'oauth2') {
      expect(
        await failure(accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
      ).toMatchObject({ class: 'transient' })
      expect(refreshes()).toBe(1)
    }
    isAway = false
    time.now += 20 * minute
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
  time.now += 70 * minute
  await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  time.now += 70 * minute
  expect(await failure(accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' }))).toBe(
    forbidden,
  )
  expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
  expect(changes()).toEqual([])
  isClosed = false
  time.now += 120 * minute
  const { token } = await accessToken(deps(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(world.entra.verifyAccessToken(token.reveal())?.upn).toBe(ana)
})

test('REL-17: a writer that was held up past its lease cannot write over the newer token', async () => {
  const connection = await connect('oauth2')
  world.entra.control.setRotation('grace')
  time.now += 70 * minute
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
  time.now += 2 * minute
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
    const clock = { ...deps.clock, now: () => time.now + ms }
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
    time.now += 24 * 60 * minute
    world.entra.control.reset()
    await show(writer)
    // The reader takes what the writer stored, and nothing that has ended.
    for (let asked = 0; asked < 54; asked += 1) {
      await show(reader)
      time.now += minute
    }
    expect(refreshes(), 'none is given up before its time').toBe(1)
    for (let asked = 0; asked < 30; asked += 1) {
      await show(reader)
      time.now += minute
    }
    expect(refreshes()).toBe(2)
  }
})

test('outages say nothing about the grant: waits grow, Retry-After is kept, the first success ends them', async () => {
  const connection = await connect('microsoft')
  time.now += 70 * minute
  world.entra.control.fail({ kind: 'refresh_token', status: 429, retryAfter: 120 })
  world.entra.control.fail({ kind: 'refresh_token', status: 503, times: 3 })
  expect(
    await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
  ).toMatchObject({ class: 'transient' })
  const waiting = await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  expect(waiting.retryAfterMs).toBeGreaterThan(100_000)
  expect(refreshes()).toBe(1)
  for (let round = 0; round < 3; round += 1) {
    time.now += 15 * minute
    await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' }))
  }
  time.now += 15 * minute
  await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
  expect(refreshes()).toBe(5)
  expect((await findConnection(process(), tenant, connection.id))?.state).toBe('connected')
  expect(changes()).toEqual([])
})

test('M-128: an expired client secret of 10 mailboxes is one card, tried hourly, and heals automatically', async () => {
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
  time.now += 70 * minute
  expect(new Set(await ask())).toEqual(new Set(['needs-admin']))
  const calls = refreshes()
  expect(new Set(await ask())).toEqual(new Set(['needs-admin']))
  expect(refreshes()).toBe(calls)
  expect(await cards()).toEqual(['registration~demo'])
  delete secret.expiresAt
  time.now += 90 * minute
  expect(new Set(await ask())).toEqual(new Set(['works']))
  expect(await cards()).toEqual([])
  const states = changes().map((event) => (event.data as { state: string }).state)
  expect(states.toSorted()).toEqual([...Array(10).fill('connected'), ...Array(10).fill('needs-admin')])
  // The control: what is wrong with one sign-in stays a matter of that connection.
  world.entra.control.revoke(ana)
  time.now += 70 * minute
  await ask()
  expect((await cards()).every((key) => key.startsWith('connection~'))).toBe(true)
})
