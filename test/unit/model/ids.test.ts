import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashId, isId, isTenantId } from '../../../lib/model/ids.js'
import { connectionPartition } from '../../../lib/rows/connections.js'
import { mailboxPartition } from '../../../lib/rows/mailboxes.js'

/** Any UTF-16: control characters, quotes, slashes, lone surrogates. */
const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) })
const surrogate = fc.constantFrom('\ud800', '\udfff', '\ufffd', '\ud83d\ude00', '')
const text = fc.oneof(anyText, surrogate, fc.string({ maxLength: 3 }))

test('SEC-21: outside text becomes a key of 26 characters of a-z and 2-7, whatever it is', () => {
  fc.assert(fc.property(fc.array(text), (parts) => isId(hashId(...parts))))
  expect(isId(hashId('x'.repeat(100_000)))).toBe(true)
})

test('SEC-21: two different lists of texts never share a key, however they are cut', () => {
  const seen = new Map<string, string>()
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (parts) => {
      const written = JSON.stringify(parts)
      const known = seen.get(hashId(...parts)) ?? written
      seen.set(hashId(...parts), written)
      return known === written
    }),
    { numRuns: 2_000 },
  )
  expect(hashId('\ud800')).not.toBe(hashId('\ud801'))
  expect(hashId('\ud800')).not.toBe(hashId('\ufffd'))
  expect(hashId('ab', 'c')).not.toBe(hashId('a', 'bc'))
})

test('SEC-21: control: joined without lengths, or as plain UTF-8, they would', () => {
  expect(['ab', 'c'].join('')).toBe(['a', 'bc'].join(''))
  expect(Buffer.from('\ud800')).toEqual(Buffer.from('\ufffd'))
})

test('SEC-21: the tenant part of a partition ends at the first ~, which no tenant id holds', () => {
  const slug = fc.stringMatching(/^[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,2}$/).filter(isTenantId)
  const id = fc.constantFrom('a', 'b').map((letter) => letter.repeat(26))
  fc.assert(
    fc.property(slug, id, slug, id, (tenant, one, other, two) => {
      for (const partition of [mailboxPartition, connectionPartition]) {
        expect(partition(tenant, one).split('~')[0]).toBe(tenant)
        if (tenant !== other || one !== two) expect(partition(tenant, one)).not.toBe(partition(other, two))
      }
    }),
  )
  fc.assert(fc.property(anyText, (any) => !isTenantId(any) || /^[a-z0-9-]{2,32}$/.test(any)))
})
