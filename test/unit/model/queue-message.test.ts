import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeMessage } from '../../../lib/model/queue-message.js'

const base64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64')

test('host 8, REL-10: a message reads the same as JSON, as it is or in base64', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{0,8}$/), fc.jsonValue({ maxDepth: 4 })), (value) => {
      const text = JSON.stringify(value)
      // Keys that reach a prototype are refused, below as well; the library likes to make them.
      fc.pre(!/"(?:__proto__|prototype|constructor)":/.test(text))
      const sent = JSON.parse(text) as { v?: unknown }
      // A whole number above 1 is the version of a newer build, below as well.
      fc.pre(!(Number.isInteger(sent.v) && Number(sent.v) > 1))
      // The library parses a text that is JSON before the function gets it.
      expect(decodeMessage(sent)).toEqual({ value: sent })
      expect(decodeMessage(base64(text))).toEqual({ value: sent })
    }),
  )
})

test('REL-13: a version is a whole number: what no build can write waits for no newer one', () => {
  expect(decodeMessage({ v: 1.000001 })).toEqual({ value: { v: 1.000001 } })
  expect(decodeMessage({ v: 2 })).toHaveProperty('newer')
})

test.each([
  ['plain text', 'not base64 {'],
  ['nothing', ''],
  ['base64 of no JSON', base64('hello')],
  ['base64 of bytes that are no UTF-8', base64(new Uint8Array([0x22, 0xff, 0x22]))],
  ['base64 with a line break', `${base64('{"v":1}')}\n`],
  ['cut base64', base64('{"v":1,"a":2}').slice(0, -1)],
])('host 8, REL-10: %s is unreadable', (_what, text) => {
  expect(decodeMessage(text)).toMatchObject({ refusal: { code: 'invalid_input', field: 'body' }, tenant: '' })
})

const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
test.each([
  ['a key given twice', '{"v":1,"tenant":"t1","mail":{"to":["a@b.example"],"to":[]}}', 'mail.to', 't1'],
  ['deep nesting', `{"v":1,"tenant":"t1","mail":${lists(40)}}`, 'body', 't1'],
  ['a prototype', '{"v":1,"tenant":"t1","mail":{"__proto__":{}}}', '__proto__', 't1'],
  ['half a character', '{"v":1,"tenant":"t1","mail":{"subject":"\\ud800"}}', 'mail.subject', 't1'],
  ['two tenants', '{"v":1,"tenant":"t1","tenant":"t2"}', 'tenant', ''],
])('H6: %s in base64 is refused with its place, and belongs to the tenant it names', (_what, text, field, tenant) => {
  expect(decodeMessage(base64(text))).toMatchObject({ refusal: { code: 'invalid_input', field }, tenant })
})

test('host 8: the host hands over every text, so that none is left to its own poison queue', () => {
  const host = JSON.parse(readFileSync(new URL('../../../host.json', import.meta.url), 'utf8'))
  expect(host.extensions.queues.messageEncoding).toBe('none')
})
