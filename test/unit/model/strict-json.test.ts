/** A3: whatever a body is built of, it is refused before its values are made. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { strictJson } from '../../../lib/model/strict-json.js'

const limits = { values: 12_000 }
const read = (text: string | Uint8Array) => strictJson(typeof text === 'string' ? Buffer.from(text) : text, limits)
const refusal = (text: string | Uint8Array): { field?: string | undefined; description?: string } => {
  try {
    read(text)
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_input', status: 400 })
    return error as GatewayError
  }
  return {}
}

/** Texts whose quotes and backslashes stand around the places where the search changes its way. */
const texts = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('"', '\\', 'a', 'é', '\n'), maxLength: 300 }),
  fc.tuple(fc.nat(200), fc.nat(5)).map(([length, escapes]) => `${'a'.repeat(length)}${'\\'.repeat(escapes)}"`),
)
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom(null, true, 0, -1.5e9),
    texts,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(
      fc.string().filter((key) => !['__proto__', 'constructor', 'prototype'].includes(key)),
      tie('value'),
      { maxKeys: 5, noNullPrototype: true },
    ),
  ),
})).value

describe('A3: strict JSON', () => {
  test('what JSON.parse reads is read alike, with and without space', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(undefined, 2), (value, space) => {
        const text = JSON.stringify(value, undefined, space)
        expect(read(text)).toEqual(JSON.parse(text))
        expect(read(`\ufeff${text}`)).toEqual(JSON.parse(text))
      }),
      { numRuns: 400 },
    )
  })

  test('any bytes and any broken JSON are a refusal of ours, never another error', () => {
    const broken = fc.tuple(values, fc.nat(), fc.string({ maxLength: 3 })).map(([value, at, noise]) => {
      const text = JSON.stringify(value)
      return Buffer.from(text.slice(0, at % text.length) + noise + text.slice((at % text.length) + 1))
    })
    fc.assert(
      fc.property(fc.oneof(broken, fc.uint8Array()), (bytes) => {
        try {
          strictJson(bytes, limits)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
          expect(error).toMatchObject({ code: 'invalid_input' })
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('a key that stands twice is refused wherever it stands and however it is written; JSON.parse takes the last', () => {
    expect(JSON.parse('{"to":"a","to":"b"}')).toEqual({ to: 'b' })
    expect(refusal('{"to":"a","to":"b"}')).toMatchObject({ field: 'to', description: expect.stringContaining('twice') })
    expect(refusal('{"to":"a","\\u0074o":"b"}')).toMatchObject({ field: 'to' })
    expect(refusal('{"a":[{"b":{"c":1}},{"b":{"c":1,"d":2,"c":3}}]}')).toMatchObject({ field: 'a[1].b.c' })
    expect(read('{"a":{"a":[{"a":1},{"a":2}]},"b":"a","c":["a","a"]}')).toBeTruthy()
  })

  test.each([
    ['elements of one list', `{"to":[${'0,'.repeat(1_000)}0]}`, 'to', 'at most 1000 entries'],
    [
      'members of one object',
      `{"x":{${Array.from({ length: 1_001 }, (_, n) => `"k${n}":1`)}}}`,
      'x',
      'at most 1000 entries',
    ],
    [
      'values in all',
      `[${Array.from({ length: 20 }, () => `[${'0,'.repeat(800)}0]`)}]`,
      'body',
      'more than 12000 values',
    ],
    ['depth', '[{"a":'.repeat(17), 'body', 'nested more than 32 levels deep'],
    ['depth that never ends', '['.repeat(1_000_000), 'body', 'nested more than 32 levels deep'],
    ['length of a key', `{"a":{"${'k'.repeat(201)}":1}}`, 'a', 'a key of more than 200 bytes'],
    ['space', `{"a":${' '.repeat(1_100_000)}1}`, 'a', 'outside of texts'],
    ['digits', `{"a":${'1'.repeat(1_100_000)}}`, 'a', 'outside of texts'],
    ['half a character', '{"a":["x","\\ud83d"]}', 'a[1]', 'half a character'],
    ['half a character in a key', '{"\\ud83d":1}', '\ufffd', 'half a character'],
    ['a key to a prototype', '{"a":[{"\\u005f_proto__":1}]}', '__proto__', 'not an allowed key'],
  ])('%s: bounded, with the field and the limit', (_name, text, field, words) => {
    const refused = refusal(text)
    expect(refused.field?.startsWith(field)).toBe(true)
    expect(refused.description).toContain(words)
  })

  test('at the limits everything is taken', () => {
    const list = `[${'0,'.repeat(999)}0]`
    expect(read(`{"to":${list},"cc":${list},"bcc":${list}}`)).toBeTruthy()
    expect(read(`${'['.repeat(32)}${']'.repeat(32)}`)).toBeTruthy()
    expect(read(`{"${'k'.repeat(200)}":"${'\\ud83d\\ude00'.repeat(100)}"}`)).toBeTruthy()
    expect(read(`"${'x'.repeat(5_000_000)}"`)).toHaveLength(5_000_000)
  })

  test('A3: a refusal makes nothing: JSON.parse is not even asked', () => {
    const parse = vi.spyOn(JSON, 'parse')
    try {
      for (const text of [
        `[${'{},'.repeat(2_000)}{}]`,
        '[[[['.repeat(10),
        '{"a":1,"a":2}',
        `{"a":${' '.repeat(1_100_000)}1}`,
      ])
        refusal(text)
      expect(parse).not.toHaveBeenCalled()
      // Control: what is taken is made, once.
      read('{"a":1}')
      expect(parse).toHaveBeenCalledTimes(1)
    } finally {
      parse.mockRestore()
    }
  })
})
