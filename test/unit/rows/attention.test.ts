/** A card stands for one subject: told once for each reason, listed with the others, gone when it is healthy. */
import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import {
  clearAttention,
  clearRegistrationRefusal,
  clearSharedExpiry,
  expiryCard,
  findAttention,
  raiseAttention,
} from '../../../lib/rows/attention.js'
import { buriedMessages, everyAttention, pageOfEverybody, pageOfTenant } from '../../../lib/rows/attention-lists.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const fault = (code: string) => new GatewayError(code, 'needs-admin', { description: 'why', remedy: 'what' })
const card = { tenant: 'acme', kind: 'connection', id: 'a' } as const

test('the same reason is no news, another one is, and the time is that of the reason', async () => {
  const clock = manualClock()
  const deps = await memoryStores(clock)
  const since = new Date(clock.now()).toISOString()
  expect(await raiseAttention(deps, { ...card, connectionId: 'a', subject: 'Ana' }, fault('x'))).toBe(true)
  clock.advance(1_000)
  expect(await raiseAttention(deps, card, fault('x'))).toBe(false)
  expect(await findAttention(deps, card)).toMatchObject({ ...card, code: 'x', since, subject: 'Ana' })
  expect(await raiseAttention(deps, card, fault('y'))).toBe(true)
  expect((await findAttention(deps, card))?.since).not.toBe(since)
  expect(await clearAttention(deps, card)).toBe(true)
  expect(await clearAttention(deps, card)).toBe(false)
})

test('the end of a secret and the refusal of a registration are cards of their own', async () => {
  const deps = await memoryStores(manualClock())
  const registration = { tenant: '~', kind: 'registration', id: 'r' } as const
  const expiry = { ...registration, id: expiryCard('r') }
  await raiseAttention(deps, expiry, fault('secret_expires_in_7'))
  await raiseAttention(deps, registration, fault('refused'))
  await clearSharedExpiry(deps, '~', 'r')
  expect((await findAttention(deps, registration))?.code).toBe('refused')
  await clearRegistrationRefusal(deps, 'acme', 'r')
  expect(await findAttention(deps, registration)).toBeUndefined()
  expect((await findAttention(deps, expiry))?.code).toBe('secret_expires_in_7')
  await raiseAttention(deps, registration, fault('secret_expired'))
  await clearRegistrationRefusal(deps, 'acme', 'r')
  expect((await findAttention(deps, registration))?.code).toBe('secret_expired')
  await clearSharedExpiry(deps, '~', 'r')
  expect(await findAttention(deps, registration)).toBeUndefined()
})

test('lists continue behind the last card, a tenant sees its own, and messages stand apart', async () => {
  const deps = await memoryStores(manualClock())
  await raiseAttention(deps, card, fault('x'))
  await raiseAttention(deps, { ...card, tenant: 'other' }, fault('x'))
  await raiseAttention(deps, { tenant: '~', kind: 'message', id: 'm' }, fault('buried'))
  await raiseAttention(deps, { tenant: '~', kind: 'registration', id: 'r' }, fault('refused'))
  const seen: string[] = []
  for (let after = ''; ; ) {
    const page = await pageOfEverybody(deps, { limit: 1, after })
    seen.push(...page.attention.map(({ tenant, kind }) => `${tenant} ${kind}`))
    if (page.next === '') break
    after = page.next
  }
  expect(seen).toEqual(['acme connection', 'other connection', '~ message', '~ registration'])
  const own = await pageOfTenant(deps, 'acme', { limit: 5 })
  expect(own.attention.map(({ tenant, kind }) => `${tenant} ${kind}`)).toEqual(['acme connection', '~ registration'])
  const all: string[] = []
  for await (const { kind } of everyAttention(deps)) all.push(kind)
  expect(all).toHaveLength(4)
  const buried: string[] = []
  for await (const { id } of buriedMessages(deps)) buried.push(id)
  expect(buried).toEqual(['m'])
})
