/** Refresh tokens that rotate: many callers, crashes at any step, a refused grant. */
import { describe, expect, test } from 'vitest'
import { accessToken } from '../../lib/flows/tokens/access-token.js'
import { tokenFlows } from '../../lib/flows/tokens/index.js'
import { retryGrant, tryGrant } from '../../lib/flows/tokens/retry-grant.js'
import type { Message } from '../../lib/model/messages.js'
import { connectionToRow, findConnection } from '../../lib/rows/connections.js'
import { failure } from '../support/general/failure.js'
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
  tables,
  tenant,
  time,
  useTokenWorld,
  vault,
  world,
} from '../support/microsoft/token-world.js'

useTokenWorld()

describe.each(['microsoft', 'oauth2'] as const)('%s', (provider) => {
  test('M-083, P-01: 50 rotations, each of which kills the token before', async () => {
    const connection = await connect(provider)
    world.entra.control.setRotation('strict')
    for (let round = 0; round < 50; round += 1) {
      time.now += 70 * minute
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
    time.now += 70 * minute
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
    time.now += 70 * minute
    const callers = [process(), process()].flatMap((deps) => [deps, deps, deps])
    const ask = () =>
      Promise.allSettled(
        callers.map((deps) => accessToken(deps, { tenant, connectionId: connection.id }, { resource: 'graph' })),
      )
    for (const soon of [0, 29_000, 60_000]) {
      time.now += soon
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
    time.now += 4 * minute
    for (const result of await ask())
      expect(result).toMatchObject({ status: 'rejected', reason: { class: 'needs-reconnect', code: 'aadsts_50173' } })
    expect(refreshes()).toBe(4)
    expect(changes()).toMatchObject([{ data: { connectionId: connection.id, state: 'needs-reconnect' } }])
    expect(await tables.get(names.table('attention'), tenant, `connection~${connection.id}`)).toBeDefined()
    time.now += 30 * 24 * 60 * minute
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
    time.now += 70 * minute
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
      time.now += 25 * 60 * minute
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
      time.now += 25 * 60 * minute
      const point = { hit: false }
      await failure(
        accessToken(process(crashPoints[0]![1](point)), { tenant, connectionId: connection.id }, { resource: 'graph' }),
      )
      for (const expected of ['transient', 'needs-reconnect']) {
        time.now += 5 * minute
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
      time.now += 70 * minute
      world.entra.control.fail({ kind: 'refresh_token', aadsts: 50173, times: 2 })
      expect(
        await failure(accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })),
      ).toMatchObject({
        class: 'transient',
        code: 'aadsts_50173',
      })
      time.now += 4 * minute
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
    time.now += 4 * minute
    await timer()
    expect(changes()).toMatchObject([{ data: { state: 'needs-reconnect', code: 'aadsts_50173' } }])
  })

  test('M-158, M-160: a person who asks after a first refusal gets the answer that decides at once; two polls do not', async () => {
    const connection = await connect(provider)
    // The stored token has most of its hour left, and a server refused it.
    world.entra.control.revoke(ana)
    time.now += 2 * minute
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
    time.now += 25 * 60 * minute
    await failure(
      accessToken(
        process(crashPoints[1]![1]({ hit: false })),
        { tenant, connectionId: connection.id },
        { resource: 'graph' },
      ),
    )
    time.now += 2 * minute
    await accessToken(process(), { tenant, connectionId: connection.id }, { resource: 'graph' })
    expect(world.entra.control.counters.reuseEvents).toBe(0)
  })
})
