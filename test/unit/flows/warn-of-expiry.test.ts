/** Warnings of the end of client secrets and certificates, and the cards that they leave alone. */
import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { warnOfExpiry } from '../../../lib/flows/ops/warn-of-expiry.js'
import { clearRegistrationRefusal, raiseAttention } from '../../../lib/rows/attention.js'
import { recordedLog } from '../../support/general/recorded-log.js'
import { sendHarness } from '../../support/send/send-harness.js'

const day = 86_400_000

async function harness() {
  const h = await sendHarness()
  const recorded = recordedLog()
  return { ...h, ...recorded, deps: { ...h.deps, log: recorded.log } }
}

test.each([
  ['secret', 'client secret'],
  ['certificate', 'certificate'],
])(
  'M-082: a %s warns at 60, 30, 7 and 1 days and at its end, once each; a newer one ends the warning',
  async (word, said) => {
    const h = await harness()
    const tenants = h.deps.names.table('tenants')
    const credential = word === 'certificate' ? 'private-key' : 'secret'
    const registration = { partitionKey: '~', rowKey: 'registration~r1', v: 1, name: 'Gateway', credential }
    const expiresIn = (days: number) => new Date(h.clock.now() + days * day).toISOString()
    await h.stores.tables.upsert(tenants, { ...registration, secretExpiresAt: expiresIn(90) })
    for (let passed = 0; passed < 120; passed += 1) {
      await warnOfExpiry(h.deps)
      await warnOfExpiry(h.deps)
      h.clock.advance(day)
    }
    expect(h.of('secret-expiring').map((line) => [line['code'], line['daysLeft']])).toEqual([
      [`${word}_expires_in_60`, 60],
      [`${word}_expires_in_30`, 30],
      [`${word}_expires_in_7`, 7],
      [`${word}_expires_in_1`, 1],
      [`${word}_expired`, 0],
    ])
    const attention = () => h.stores.tables.get(h.deps.names.table('attention'), '~', 'registration~r1~expires')
    expect(await attention()).toMatchObject({ code: `${word}_expired`, class: 'needs-admin', hint: 'operator' })
    expect((await attention())?.['description']).toContain(`The ${said} of the registration`)
    await h.stores.tables.upsert(tenants, { ...registration, secretExpiresAt: expiresIn(365) })
    await warnOfExpiry(h.deps)
    expect(await attention()).toBeUndefined()
  },
)

test('O7: the card of a refused registration and the warning of its end stand beside each other; neither ends the other', async () => {
  const h = await harness()
  const tenants = h.deps.names.table('tenants')
  const table = h.deps.names.table('attention')
  const registration = { partitionKey: '~', rowKey: 'registration~r1', v: 1, name: 'Gateway' }
  const end = (days: number) => new Date(h.clock.now() + days * day).toISOString()
  const refused = new GatewayError('aadsts_7000215', 'needs-admin', { description: 'refused', remedy: 'save' })
  const codes = async () => {
    const found: string[] = []
    for await (const row of h.stores.tables.query(table, { partition: '~' })) found.push(String(row['code']))
    return found
  }
  // As an earlier version kept it: the warning in the row of the refusal.
  await h.stores.tables.upsert(tenants, { ...registration, secretExpiresAt: end(5) })
  const early = new GatewayError('secret_expires_in_7', 'needs-admin')
  await raiseAttention(h.deps, { tenant: '~', kind: 'registration', id: 'r1' }, early)
  await warnOfExpiry(h.deps)
  expect(await codes()).toEqual(['secret_expires_in_7'])
  await raiseAttention(h.deps, { tenant: '~', kind: 'registration', id: 'r1' }, refused)
  await warnOfExpiry(h.deps)
  expect(await codes()).toEqual(['aadsts_7000215', 'secret_expires_in_7'])
  await h.stores.tables.upsert(tenants, { ...registration, secretExpiresAt: end(365) })
  await warnOfExpiry(h.deps)
  expect(await codes()).toEqual(['aadsts_7000215'])
  await h.stores.tables.upsert(tenants, { ...registration, secretExpiresAt: end(-1) })
  await warnOfExpiry(h.deps)
  await clearRegistrationRefusal(h.deps, 'acme', 'r1')
  expect(await codes()).toEqual(['secret_expired'])
})

test.each([
  ['no end date', {}],
  ['a far end date', { secretExpiresAt: '2099-01-01T00:00:00Z' }],
])('O7: the daily look at the end of credentials leaves the card of a refused registration with %s', async (_, end) => {
  const h = await harness()
  const refused = new GatewayError('aadsts_7000215', 'needs-admin', { description: 'refused', remedy: 'save' })
  const row = { partitionKey: '~', rowKey: 'registration~r1', v: 1, name: 'Gateway', ...end }
  await h.stores.tables.upsert(h.deps.names.table('tenants'), row)
  await raiseAttention(h.deps, { tenant: '~', kind: 'registration', id: 'r1' }, refused)
  await warnOfExpiry(h.deps)
  const card = await h.stores.tables.get(h.deps.names.table('attention'), '~', 'registration~r1')
  expect(card).toMatchObject({ code: 'aadsts_7000215' })
})

test('a registration whose secret has no known end never warns', async () => {
  const h = await harness()
  const row = { partitionKey: 'acme', rowKey: 'registration~r2', v: 1, name: 'Public client' }
  await h.stores.tables.upsert(h.deps.names.table('tenants'), row)
  await warnOfExpiry(h.deps)
  expect(h.lines).toEqual([])
})
