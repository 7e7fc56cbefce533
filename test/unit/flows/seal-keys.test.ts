import { expect, test } from 'vitest'
import { storageNames } from '../../../lib/model/names.js'
import { sealKeys } from '../../../lib/rows/seal-keys.js'
import { memoryTables } from '../../../lib/stores/memory-tables.js'
import { memoryVault } from '../../../lib/stores/memory-vault.js'
import { toolbox } from '../../support/general/toolbox.js'

const names = storageNames('test')
const minute = 60_000

async function deployment(start: string) {
  const time = { now: Date.parse(start) }
  const tables = memoryTables()
  const vault = memoryVault()
  await tables.ensure(names.table('tenants'))
  const clock = { now: () => time.now, sleep: async () => {} }
  return { time, process: () => toolbox({ names, tables, vault, clock }) }
}

test('SEC-38: processes that start at the same moment agree on one key', async () => {
  const { process } = await deployment('2026-11-21T12:00:00Z')
  const all = await Promise.all(Array.from({ length: 8 }, () => sealKeys(process())))
  const sealed = all.map((one) => one.seal('value', 'place'))
  for (const one of all) for (const text of sealed) expect(one.open(text, 'place').toString()).toBe('value')
})

test('SEC-38: over a change of month nothing sealed is lost, and two months later it is', async () => {
  const { time, process } = await deployment('2026-11-30T23:55:00Z')
  const early = process()
  const late = process()
  const before = (await sealKeys(early)).seal('value', 'place')
  for (let step = 0; step < 60; step += 1) {
    time.now += minute
    const text = (await sealKeys(step % 2 ? early : late)).seal('value', 'place')
    for (const one of [early, late, process()])
      expect((await sealKeys(one)).open(text, 'place').toString()).toBe('value')
  }
  expect((await sealKeys(early)).seal('value', 'place')).toMatch(/^v1\.202612\./)
  expect((await sealKeys(early)).open(before, 'place').toString()).toBe('value')
  time.now = Date.parse('2027-01-10T00:00:00Z')
  const later = await sealKeys(early)
  expect(() => later.open(before, 'place')).toThrow(expect.objectContaining({ code: 'sealed_value_invalid' }))
})
