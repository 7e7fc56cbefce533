import { beforeEach, describe, expect, test } from 'vitest'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { listMailboxes } from '../../../lib/rows/mailboxes.js'
import { type ConnectHarness, codeOf, connectHarness, linkOf } from '../../support/connect/connect-harness.js'
import { everyAttention } from '../../support/general/every.js'

const hour = 3_600_000
let world: ConnectHarness

beforeEach(async () => {
  world = await connectHarness()
})

const start = (more: Parameters<ConnectHarness['start']>[0] = {}) =>
  world.start({ confirmation: 'tenant-admin', ...more })

/** Somebody signed in with a link that an administrator has to confirm. */
async function pending() {
  const { link, signInId } = await start()
  await flows.completeSignIn(world.deps, await world.travel(link))
  return { link, signInId }
}

const list = (state?: string, more: { limit?: number; after?: string } = {}) =>
  flows.listSignIns(world.deps, world.tenant, { state, limit: 50, after: undefined, ...more })
const cards = () => everyAttention(world.deps, world.tenant)

describe('a sign-in that an administrator has to confirm', () => {
  test('T1: is an event, a card that says who signed in and until when, and an entry of a list', async () => {
    const { signInId } = await pending()
    expect(world.events()).toMatchObject([
      { type: 'sign-in.pending', data: { signInId, kind: 'connect', confirmUntil: '2026-11-22T12:00:00.000Z' } },
    ])
    const [card, ...more] = await cards()
    expect(more).toEqual([])
    expect(card).toMatchObject({
      kind: 'sign-in',
      id: signInId,
      code: 'sign_in_pending',
      whoActs: "Customer's administrator",
      subject: world.address,
    })
    expect(card?.description).toContain(`${world.address} signed in`)
    expect(card?.remedy).toContain('2026-11-22 12:00 UTC')
    expect((await list('pending')).signIns).toMatchObject([
      { signInId, status: 'signed-in', signedInAs: world.address },
    ])
  })

  test('T1: confirmed, the card is gone and the mailbox is there', async () => {
    const { signInId } = await pending()
    await flows.confirmByAdmin(world.deps, world.tenant, signInId)
    expect(await cards()).toEqual([])
    expect((await list('pending')).signIns).toEqual([])
    expect(await listMailboxes(world.deps, world.tenant)).toHaveLength(1)
    expect(await codeOf(flows.rejectSignIn(world.deps, world.tenant, signInId))).toBe('sign_in_used')
  })

  test('T1: rejected, nothing of it is left, the link is dead and the application hears it', async () => {
    const { link, signInId } = await pending()
    world.events()
    expect(await flows.rejectSignIn(world.deps, world.tenant, signInId)).toMatchObject({ status: 'cancelled' })
    expect(world.events()).toMatchObject([
      { type: 'sign-in.ended', data: { signInId, state: 'rejected', code: 'sign_in_rejected' } },
    ])
    expect(await cards()).toEqual([])
    const row = await world.deps.tables.get(world.names.table('signins'), signInId.slice(0, 2), signInId)
    for (const column of ['sealedGrant', 'resultSealed', 'resultHash', 'verifierSealed', 'nonceSealed'])
      expect(row?.[column], column).toBe('')
    expect(await codeOf(flows.confirmByAdmin(world.deps, world.tenant, signInId))).toBe('sign_in_not_ready')
    expect(await codeOf(flows.showLink(world.deps, linkOf(link), undefined))).toBe('sign_in_rejected')
    expect(await listMailboxes(world.deps, world.tenant)).toEqual([])
    expect(await codeOf(flows.rejectSignIn(world.deps, 'rival', signInId))).toBe('not_found')
  })

  test.each(['runs', 'was ended by a crash'])(
    'A5: while a confirmation %s nobody is told that it was rejected',
    async (how) => {
      const { signInId } = await pending()
      const reject = () => codeOf(flows.rejectSignIn(world.deps, world.tenant, signInId))
      const said: string[] = []
      const { set } = world.deps.vault
      world.deps.vault.set = async (...secret) => {
        if (how !== 'runs') throw new Error('crash')
        said.push(await reject())
        return set(...secret)
      }
      const confirmed = await codeOf(flows.confirmByAdmin(world.deps, world.tenant, signInId))
      world.deps.vault.set = set
      if (how !== 'runs') said.push(await reject())
      expect(said).toEqual(['confirmation_running'])
      expect(confirmed).toBe(how === 'runs' ? 'fine' : 'Error: crash')
      world.time.now += 3 * 60_000
      await flows.expireSignIns(world.deps)
      expect(await flows.describeSignIn(world.deps, world.tenant, signInId)).toMatchObject({ status: 'confirmed' })
      expect(await listMailboxes(world.deps, world.tenant)).toHaveLength(1)
    },
  )

  test('T1: when the day is over the card goes and the end is told', async () => {
    const { signInId } = await pending()
    world.events()
    world.time.now += 24 * hour
    expect(await flows.expireSignIns(world.deps)).toBe(1)
    expect(world.events()).toMatchObject([
      { type: 'sign-in.ended', data: { signInId, state: 'expired', code: 'sign_in_not_confirmed' } },
    ])
    expect(await cards()).toEqual([])
  })

  test('T1: a crash before it was told is made good by the sweep, once', async () => {
    const { send } = world.deps.queues
    world.deps.queues.send = async () => {
      throw new Error('crash')
    }
    const { signInId } = await pending()
    world.deps.queues.send = send
    expect(world.events()).toEqual([])
    world.time.now += 5 * 60_000
    await flows.expireSignIns(world.deps)
    expect(world.events()).toMatchObject([{ type: 'sign-in.pending', data: { signInId } }])
    world.time.now += hour
    await flows.expireSignIns(world.deps)
    expect(world.events()).toEqual([])
    expect(await cards()).toHaveLength(1)
  })
})

test('D9: cancelled, refused and expired sign-ins are told with their reason, each reason once', async () => {
  const { link, signInId } = await start({ confirmation: 'confirmed-by-link' })
  const refused = { error: 'access_denied', error_description: 'AADSTS65004: declined' }
  await flows.completeSignIn(world.deps, await world.travel(link, refused))
  await flows.completeSignIn(world.deps, await world.travel(link, refused))
  const told = world.events()
  expect(told[0]).toMatchObject({
    type: 'sign-in.ended',
    data: { signInId, kind: 'connect', state: 'refused', code: 'aadsts_65004' },
  })
  expect(new Set(told.map((one) => one.id)).size).toBe(1)
  await flows.cancelSignIn(world.deps, await world.open(link))
  expect(world.events()).toMatchObject([{ data: { signInId, state: 'cancelled', code: 'sign_in_cancelled' } }])

  const other = await start({ address: 'two@contoso.example' })
  world.time.now += 24 * hour
  await flows.expireSignIns(world.deps)
  expect(world.events()).toMatchObject([{ data: { signInId: other.signInId, state: 'expired', code: 'link_expired' } }])
})

test('D9: the list of sign-ins is paged, in one order, and knows its own tenant only', async () => {
  for (let at = 0; at < 5; at++) await start({ address: `person${at}@contoso.example` })
  await flows.startSignIn(
    world.deps,
    { tenant: 'rival', role: 'app' },
    {
      address: 'x@rival.example',
      displayName: '',
      receive: true,
      send: true,
      transport: 'auto',
      confirmation: 'tenant-admin',
    },
  )
  const seen: string[] = []
  let after = ''
  do {
    const page = await list(undefined, { limit: 2, after })
    expect(page.signIns.length).toBeLessThanOrEqual(2)
    seen.push(...page.signIns.map((one) => one.address))
    after = page.next
  } while (after !== '')
  expect(seen.sort()).toEqual([0, 1, 2, 3, 4].map((at) => `person${at}@contoso.example`))
  expect((await list('pending')).signIns).toEqual([])
  expect((await list('started')).signIns).toHaveLength(5)
  expect(await codeOf(list('open'))).toBe('invalid_input')
  expect(await codeOf(list(undefined, { after: 'x' }))).toBe('invalid_input')
})
