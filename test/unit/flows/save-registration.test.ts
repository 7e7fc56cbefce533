/** Two people save one registration at the same moment: whoever wins, the row and its secret are of one save. */
import { expect, test } from 'vitest'
import { saveRegistration } from '../../../lib/flows/admin/registrations.js'
import { findClient } from '../../../lib/flows/tokens/registrations.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { another, providerOfNobody } from '../../support/general/toolbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const input = (name: string) => ({
  name,
  kind: 'microsoft' as const,
  clientId: '5a0f3c1e-6f2a-4c7d-8e55-0d1f2a3b4c5d',
  directory: 'organizations',
  clientSecret: `secret of ${name}`,
})

async function place() {
  const microsoft = { ...providerOfNobody, tryCredential: async () => 'accepted' as const }
  const deps = await memoryStores(manualClock(), { providers: { microsoft } })
  const { id } = await saveRegistration(deps, { tenant: 'acme' }, input('first'))
  return { deps, id }
}

/** Reads, writes of the vault and writes of the row, of two savers, in a given order. */
function inOrder(deps: Toolbox, order: string) {
  const turns = [...order]
  const waiting: { who: string; go: () => void }[] = []
  const next = () => {
    const at = waiting.findIndex(({ who }) => who === turns[0])
    if (at >= 0) waiting.splice(at, 1)[0]!.go()
  }
  const turn = async <T>(who: string, act: () => Promise<T>): Promise<T> => {
    if (!turns.includes(who)) return act()
    await new Promise<void>((go) => {
      waiting.push({ who, go })
      next()
    })
    return act().finally(() => {
      turns.splice(turns.indexOf(who), 1)
      next()
    })
  }
  const saver = (who: string): Toolbox => ({
    ...deps,
    vault: { ...deps.vault, set: (...given) => turn(who, () => deps.vault.set(...given)) },
    tables: {
      ...deps.tables,
      get: (...given) =>
        given[2].startsWith('registration~') ? turn(who, () => deps.tables.get(...given)) : deps.tables.get(...given),
      update: (...given) => turn(who, () => deps.tables.update(...given)),
    },
  })
  return { saver, left: turns }
}

/** Every way to lay three steps of one between three steps of another. */
function orders(a: number, b: number): string[] {
  if (a === 0 || b === 0) return ['a'.repeat(a) + 'b'.repeat(b)]
  return [...orders(a - 1, b).map((rest) => `a${rest}`), ...orders(a, b - 1).map((rest) => `b${rest}`)]
}

test.each(orders(3, 3))(
  'C2: two saves of a registration in the order %s leave one save, row and secret',
  async (order) => {
    const { deps, id } = await place()
    const { saver } = inOrder(deps, order)
    const save = (who: string) => saveRegistration(saver(who), { tenant: 'acme', id }, input(who))
    const results = await Promise.allSettled([save('a'), save('b')])
    const lost = results.filter((one) => one.status === 'rejected')
    for (const { reason } of lost) expect(reason).toMatchObject({ code: 'changed_meanwhile', status: 409 })
    expect(lost.length).toBe(/^(aaabbb|bbbaaa)$/.test(order) ? 0 : 1)
    const { registration, credential } = await findClient(another(deps), { tenant: 'acme', id })
    expect(credential?.reveal()).toBe(`secret of ${registration.name}`)
    expect(registration.name).not.toBe('first')
  },
)

test('C2: a registration of an earlier build, whose row names no version, has the newest secret', async () => {
  const { deps, id } = await place()
  const table = deps.names.table('tenants')
  const row = await deps.tables.get(table, 'acme', `registration~${id}`)
  await deps.tables.upsert(table, { ...row!, secretVersion: '' })
  const { credential } = await findClient(another(deps), { tenant: 'acme', id })
  expect(credential?.reveal()).toBe('secret of first')
})
