import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffMs } from '../../../lib/protocol/backoff.js'
import { maskAddress, parseMailAddress, sameAddress } from '../../../lib/protocol/mail-address.js'
import { checkMailSize } from '../../../lib/protocol/size.js'
import { processorMs } from '../../support/general/processor-ms.js'

test('addresses come out in the one form a server may see', () => {
  expect(parseMailAddress('Ana.B+x@EXAMPLE.com', 'to')).toBe('Ana.B+x@example.com')
  expect(parseMailAddress('ana@münchen.example', 'to')).toBe('ana@xn--mnchen-3ya.example')
  expect(parseMailAddress('"ana"@example.com', 'to')).toBe('ana@example.com')
  expect(parseMailAddress('"a b"@example.com', 'to')).toBe('"a b"@example.com')
  expect(parseMailAddress('"a\\"\\b"@example.com', 'to')).toBe('"a\\"b"@example.com')
  expect(parseMailAddress('"a..b"@example.com', 'to')).toBe('"a..b"@example.com')
  expect(parseMailAddress('jo\u0308rg@MÜNCHEN.example', 'to')).toBe('jörg@xn--mnchen-3ya.example')
  expect(maskAddress('ana@example.com')).toBe('a***@example.com')
})

test.each([
  'b@x>\r\nRCPT TO:<evil@x',
  'a@b.example\n',
  '<a@b.example>',
  'a b@c.example',
  'a@b@c.example',
  '"a b@c.example',
  '"a"b"@c.example',
  '"a\\"@c.example',
  '""@c.example',
  '"a\tb"@c.example',
  '"a>b"@c.example',
  '.a@c.example',
  'a..b@c.example',
  'a@-c.example',
  'a@c..example',
  'a@[127.0.0.1]',
  'a@',
  '@c.example',
  'plain',
  'a\0@c.example',
  'a@c\u2028.example',
  `${'l'.repeat(65)}@c.example`,
  `a@${'d'.repeat(64)}.example`,
  `a@${'d.'.repeat(130)}example`,
  `${'ü'.repeat(33)}@c.example`,
  'a\u200db@c.example',
  '\u212aim@c.example',
  'ü\u3000b@c.example',
])('SEC-27: %j is refused, not repaired', (text) => {
  expect(() => parseMailAddress(text, 'to[0]')).toThrow(/to\[0\]/)
})

test('one mailbox however its domain is written, by case and by needless quotes (RFC 5321 4.1.2, RFC 5890)', () => {
  expect(sameAddress('Ana@MÜNCHEN.example', 'ana@xn--mnchen-3ya.example')).toBe(true)
  expect(sameAddress('"ana"@x.example', 'ANA@x.example')).toBe(true)
  expect(sameAddress('"a b"@x.example', 'ab@x.example')).toBe(false)
  expect(sameAddress('\u212aim@x.example', 'kim@x.example')).toBe(false)
})

test('SEC-43: a domain of signs that stand for many letters costs no more than any other', () => {
  const domain = `${'\ufdfa'.repeat(300)}.example`
  const started = process.cpuUsage()
  for (let n = 0; n < 200; n++) expect(() => parseMailAddress(`a@${domain}`, 'to')).toThrow('not a host name')
  expect(processorMs(started)).toBeLessThan(3_000)
})

/** Every sign there is, low ones more often; the library's own arbitrary for this takes seconds to make. */
const anyText = fc
  .array(
    fc.nat(0x10ffff).filter((code) => code < 0xd800 || code > 0xdfff),
    { maxLength: 80 },
  )
  .map((codes) => String.fromCodePoint(...codes))

test('SEC-27: whatever passes has no character that could end a command', () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.string({ maxLength: 80 })), (text) => {
      for (const candidate of [text, `${text}@b.example`, `a@${text}`]) {
        let address = ''
        try {
          address = parseMailAddress(candidate, 'to')
        } catch {
          continue
        }
        expect(address).toMatch(/^(?:[!-;=?-~]|[^\0-\x7f\p{C}\p{Z}])+@[a-z0-9._-]+$|^"[^\p{C}<>]+"@[a-z0-9._-]+$/u)
      }
    }),
  )
})

test('REL-07: waits stay inside base and cap and never undercut Retry-After', () => {
  const limits = { baseMs: 30_000, capMs: 3_600_000 }
  fc.assert(
    fc.property(fc.nat(200), fc.nat(10_000_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (n, after, random) => {
      const wait = backoffMs(n, { ...limits, retryAfterMs: after }, () => random)
      expect(wait).toBeLessThanOrEqual(limits.capMs)
      expect(wait).toBeGreaterThanOrEqual(Math.min(after, limits.capMs))
      expect(wait).toBeGreaterThanOrEqual(1_000)
    }),
  )
})

test('M-036, P-28: a mail that is too large is refused with both numbers', () => {
  expect(() => checkMailSize(40 * 1_048_576, 36_700_160)).toThrow(/40\.0 MiB.*35\.0 MiB/)
  expect(() => checkMailSize(36_700_160, 36_700_160)).not.toThrow()
})
