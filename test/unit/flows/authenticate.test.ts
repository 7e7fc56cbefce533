import { expect, test } from 'vitest'
import { createApiKey, revokeApiKey } from '../../../lib/flows/admin/api-keys.js'
import { authenticate } from '../../../lib/flows/admin/authenticate.js'
import { another } from '../../support/general/toolbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const operator = { role: 'operator', tenant: '~', keyId: 'test' } as const

async function place() {
  const clock = manualClock()
  const deps = await memoryStores(clock)
  const made = async (tenant: string) => {
    const { id, key } = await createApiKey(deps, { caller: operator, tenant }, { role: 'app', name: 'shop' })
    return { id, key: key.reveal() }
  }
  return { clock, deps, made, codeOf: codeOn(deps) }
}
type Deps = Parameters<typeof authenticate>[0]

const codeOn = (deps: Deps) => (key: string) =>
  authenticate(deps, key).then(
    ({ tenant, keyId }) => `${tenant} ${keyId}`,
    (error: { code: string }) => error.code,
  )

test('M-002: a key counts as a whole: its secret, its id and its tenant belong together', async () => {
  const { deps, made, codeOf } = await place()
  const [mine, twin, foreign] = [await made('acme'), await made('acme'), await made('globex')]
  const secretOf = ({ key }: { key: string }) => key.split('_').at(-1) ?? ''
  const wrong = [
    mine.key.replace(secretOf(mine), secretOf(twin)),
    mine.key.replace(secretOf(mine), secretOf(foreign)),
    mine.key.replace(secretOf(mine), 'a'.repeat(32)),
    mine.key.replace(mine.id, twin.id),
    mine.key.replace('acme', 'globex'),
    mine.key.replace('acme', '~'),
    foreign.key.replace('globex', 'acme'),
    mine.key.slice(0, -1),
    `${mine.key} `,
    '',
  ]
  // Also beside a key that is remembered.
  for (let round = 0; round < 2; round++) {
    for (const key of wrong) {
      expect(await codeOf(key), key).toBe('unauthorized')
      expect(await codeOn(another(deps))(key), key).toBe('unauthorized')
    }
    expect(await codeOf(mine.key)).toBe(`acme ${mine.id}`)
    expect(await codeOf(foreign.key)).toBe(`globex ${foreign.id}`)
  }
})

test('M-002: a revoked key ends at once where it was revoked, and within a minute everywhere else', async () => {
  const { clock, deps, made, codeOf } = await place()
  const { id, key } = await made('acme')
  const elsewhere = codeOn(another(deps))
  expect([await codeOf(key), await elsewhere(key)]).toEqual([`acme ${id}`, `acme ${id}`])
  await revokeApiKey(deps, { caller: operator, tenant: 'acme' }, id)
  expect(await codeOf(key)).toBe('unauthorized')
  clock.advance(60_000)
  expect(await elsewhere(key)).toBe('unauthorized')
})
