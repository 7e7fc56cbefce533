import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sealer } from '../../../lib/protocol/seal.js'

const key = (id: string) => ({ id, key: randomBytes(32) })
const invalid = (hint: string) => expect.objectContaining({ code: 'sealed_value_invalid', hint })

test('SEC-35: what was sealed opens in its own place only', () => {
  const own = sealer([key('202611')])
  const text = own.seal('refresh token', 'connections acme~1 grant graph')
  expect(text).toMatch(/^v1\.202611\.[\w-]+$/)
  expect(text).not.toContain('refresh')
  expect(own.open(text, 'connections acme~1 grant graph').toString()).toBe('refresh token')
  expect(() => own.open(text, 'connections other~1 grant graph')).toThrow(invalid('tag'))
})

test('SEC-35: any changed bit and any cut is refused, and the same value never looks the same twice', () => {
  const own = sealer([key('a')])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (plain, at, bit) => {
      const text = own.seal(plain, 'place')
      expect(own.open(text, 'place')).toEqual(Buffer.from(plain))
      expect(own.seal(plain, 'place')).not.toBe(text)
      const bytes = Buffer.from(text.split('.')[2]!, 'base64url')
      bytes[at % bytes.length]! ^= 1 << bit
      expect(() => own.open(`v1.a.${bytes.toString('base64url')}`, 'place')).toThrow(invalid('tag'))
      expect(() => own.open(`v1.a.${bytes.subarray(0, 27).toString('base64url')}`, 'place')).toThrow(invalid('form'))
    }),
  )
})

test('SEC-38: a new key seals, the one before still opens, an unknown id and a foreign key of the same id are refused', () => {
  const [older, old, current] = [key('202609'), key('202610'), key('202611')]
  const before = sealer([old, older])
  const running = before.seal('state', 'signin')
  const ancient = sealer([older]).seal('state', 'signin')
  const now = sealer([current, old])
  expect(now.open(running, 'signin').toString()).toBe('state')
  expect(now.seal('x', 'signin')).toMatch(/^v1\.202611\./)
  expect(() => now.open(ancient, 'signin')).toThrow(invalid('key'))
  expect(() => now.open(sealer([key('202610')]).seal('state', 'signin'), 'signin')).toThrow(invalid('tag'))
})

test('SEC-35: texts of another form fail closed', () => {
  const own = sealer([key('a')])
  for (const text of ['', 'v1', 'v1.a.', 'v1.a.AAAA', 'v2.a.AAAA', `${own.seal('x', 'y')}.z`])
    expect(() => own.open(text, 'y'), text).toThrow(expect.objectContaining({ code: 'sealed_value_invalid' }))
  expect(() => sealer([{ id: 'a', key: new Uint8Array(16) }])).toThrow('32 bytes')
})
