import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readMessage } from '../../../lib/model/queue-message.js'

const base64 = (text: string | Uint8Array): string => Buffer.from(text as string).toString('base64')

test('host 8, REL-10: a message reads the same as JSON, as it is or in base64', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const text = JSON.stringify(value)
      const sent = JSON.parse(text) as unknown
      // The library parses a text that is JSON before the function gets it.
      expect(readMessage(sent)).toEqual(sent)
      expect(readMessage(base64(text))).toEqual(sent)
    }),
  )
})

test.each([
  ['plain text', 'not base64 {'],
  ['nothing', ''],
  ['base64 of no JSON', base64('hello')],
  ['base64 of bytes that are no UTF-8', base64(new Uint8Array([0x22, 0xff, 0x22]))],
  ['base64 with a line break', `${base64('{"v":1}')}\n`],
  ['cut base64', base64('{"v":1,"a":2}').slice(0, -1)],
])('host 8, REL-10: %s is unreadable', (_what, text) => {
  expect(readMessage(text)).toBeUndefined()
})

test('host 8: the host hands over every text, so that none is left to its own poison queue', () => {
  const host = JSON.parse(readFileSync(new URL('../../../host.json', import.meta.url), 'utf8'))
  expect(host.extensions.queues.messageEncoding).toBe('none')
})
