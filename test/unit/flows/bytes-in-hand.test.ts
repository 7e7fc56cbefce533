import { expect, test } from 'vitest'
import { budgetOfMemory, bytesInHand } from '../../../lib/ports/bytes-in-hand.js'

const mebibyte = 1024 * 1024
const long = 60_000

/** Whether a promise is settled, without waiting for it. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const no = Symbol('no')
  await new Promise((resolve) => setImmediate(resolve))
  return (await Promise.race([promise, Promise.resolve(no)])) !== no
}

test('H10: large mails wait for room in turn, and one that is larger than the budget gets in alone', async () => {
  const hand = bytesInHand(60 * mebibyte)
  const first = await hand.take(40 * mebibyte, long)
  const second = hand.take(100 * mebibyte, long)
  const third = hand.take(10 * mebibyte, long)
  expect([await isSettled(second), await isSettled(third)]).toEqual([false, false])
  first?.()
  expect([await isSettled(second), await isSettled(third)]).toEqual([true, false])
  ;(await second)?.()
  const last = await third
  expect(last).toBeTypeOf('function')
  // Given back twice is given back once.
  last?.()
  last?.()
  const whole = await hand.take(60 * mebibyte, long)
  expect(await isSettled(hand.take(2 * mebibyte, 50))).toBe(false)
  whole?.()
})

test('H10: small mail never waits behind large mail', async () => {
  const hand = bytesInHand(60 * mebibyte)
  await hand.take(60 * mebibyte, long)
  const large = hand.take(30 * mebibyte, 100)
  expect(await hand.take(mebibyte, long)).toBeTypeOf('function')
  expect(await large).toBeUndefined()
})

test('H10: who finds no room in time gives up its place, and those behind it continue', async () => {
  const hand = bytesInHand(60 * mebibyte)
  const held = await hand.take(30 * mebibyte, long)
  const tooLarge = hand.take(50 * mebibyte, 20)
  const behind = hand.take(20 * mebibyte, long)
  expect(await tooLarge).toBeUndefined()
  expect(await behind).toBeTypeOf('function')
  held?.()
})

test('H10: the budget follows the memory of the instance, within bounds', () => {
  expect([512, 1024, 2048, 65_536].map((megabytes) => budgetOfMemory(megabytes * mebibyte) / mebibyte)).toEqual([
    32, 64, 96, 96,
  ])
  expect(budgetOfMemory()).toBeGreaterThanOrEqual(32 * mebibyte)
})
