import { expect, test } from 'vitest'
import { shared } from '../../lib/flows/ops/how-often.js'

test('SEC-43: a flood of questions about health asks the dependencies once a second', async () => {
  let now = 0
  let asked = 0
  let failing = false
  const health = shared(
    1_000,
    async () => {
      asked++
      if (failing) throw new Error('away')
      return asked
    },
    () => now,
  )
  expect(new Set(await Promise.all(Array.from({ length: 500 }, health)))).toEqual(new Set([1]))
  now = 999
  expect(await health()).toBe(1)
  now = 1_000
  expect(await health()).toBe(2)
  failing = true
  now = 2_000
  await expect(Promise.all([health(), health()])).rejects.toThrow('away')
  expect(asked).toBe(3)
  failing = false
  expect(await health()).toBe(4)
})
