/** A10: a server's echo of a secret, in any writing that a person or a page can undo, is neither stored nor shown (SEC-40). */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hideSecrets, withheld } from '../../../lib/diagnosis/hide-secrets.js'
import { redact } from '../../../lib/diagnosis/redact.js'
import { refusal } from '../../../lib/transports/smtp-error.js'
import { processorMs } from '../../support/general/processor-ms.js'

const bytesOf = (text: string) => [...Buffer.from(text)]
const hex = (byte: number) => byte.toString(16).padStart(2, '0')
const each = (text: string, write: (byte: number) => string, between = '') => bytesOf(text).map(write).join(between)
const base64 = (text: string | Buffer) => Buffer.from(text as string).toString('base64')
const wrapped = (text: string, every: number, by: string) =>
  (text.match(new RegExp(`.{1,${every}}`, 'gs')) ?? []).join(by)
const utf16 = (text: string) => Buffer.from(text, 'utf16le')
const utf16be = (text: string) => Buffer.from(text, 'utf16le').swap16()
const percent = (text: string) => each(text, (byte) => `%${hex(byte).toUpperCase()}`)

const writings: Record<string, (secret: string) => string> = {
  'as it is': (s) => s,
  'upper-case hex': (s) => each(s, hex).toUpperCase(),
  'hex with spaces': (s) => each(s, hex, ' '),
  'hex with colons': (s) => each(s, hex, ':'),
  'hex as 0x': (s) => each(s, (byte) => `0x${hex(byte)}`, ', '),
  'hex as \\x': (s) => each(s, (byte) => `\\x${hex(byte)}`),
  percent,
  'lower-case percent': (s) => percent(s).toLowerCase(),
  'percent twice': (s) => percent(percent(s)),
  'quoted-printable': (s) => each(s, (byte) => `=${hex(byte).toUpperCase()}`),
  'quoted-printable with soft breaks': (s) =>
    wrapped(
      each(s, (byte) => `=${hex(byte).toUpperCase()}`),
      9,
      '=\r\n',
    ),
  'soft breaks alone': (s) => wrapped(s, 4, '=\r\n'),
  'base64 behind one byte': (s) => base64(`u${s}!`),
  'base64 behind two bytes': (s) => base64(`uv${s}!`),
  'base64 as a SASL answer': (s) => base64(`\0ana@contoso.example\0${s}`),
  'base64 over reply lines': (s) => wrapped(base64(s), 5, '\r\n535-5.7.8 '),
  'base64 with spaces between': (s) => wrapped(base64(s), 1, ' '),
  'base64 with dots between': (s) => wrapped(base64(s), 3, '.'),
  'base64 in pieces': (s) => (s.match(/.{1,4}/gs) ?? []).map((piece) => base64(piece)).join(' '),
  'base64 of base64': (s) => base64(base64(s)),
  'base64 of percent': (s) => base64(percent(s)),
  'hex of base64': (s) => each(base64(s), hex),
  'base64 of UTF-16': (s) => base64(utf16(s)),
  'modified UTF-7': (s) => `&${utf16be(s).toString('base64').replaceAll('=', '').replaceAll('/', ',')}-`,
  'hex of UTF-16': (s) => utf16(s).toString('hex'),
  'UTF-16': (s) => [...utf16be(s).toString('latin1')].join(''),
  'decimal entities': (s) => each(s, (byte) => `&#${byte};`),
  'hexadecimal entities': (s) => each(s, (byte) => `&#x${hex(byte)};`),
  'entities without semicolon': (s) => each(s, (byte) => `&#${byte}`),
  'JSON escapes': (s) => each(s, (byte) => `\\u00${hex(byte)}`),
  'octal escapes': (s) => each(s, (byte) => `\\${byte.toString(8).padStart(3, '0')}`),
  'decimal numbers': (s) => each(s, (byte) => String(byte), ' '),
  'octal numbers': (s) => each(s, (byte) => byte.toString(8), ' '),
  'binary numbers': (s) => each(s, (byte) => byte.toString(2).padStart(8, '0'), ' '),
  'a space between letters': (s) => [...s].join(' '),
  'a dash between letters': (s) => [...s].join('-'),
  'signs around letters': (s) => [...s].map((letter) => `(${letter})`).join('+'),
  'an invisible character between letters': (s) => [...s].join('\u200b'),
  'a line break within': (s) => wrapped(s, 3, '\r\n535 '),
  'split by a space': (s) => `${s.slice(0, s.length / 2)} ${s.slice(s.length / 2)}`,
  'full-width letters': (s) =>
    [...s].map((c) => (c > ' ' && c <= '~' ? String.fromCharCode(c.charCodeAt(0) + 0xfee0) : c)).join(''),
  'upper case': (s) => s.toUpperCase(),
  reversed: (s) => [...s].reverse().join(''),
  rot13: (s) => s.replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() <= 'm' ? 13 : -13))),
  'all but the end': (s) => s.slice(0, Math.max(8, Math.ceil(s.length * 0.8))),
}

/** Passwords as people and machines make them, with eight letters or digits at least. */
const password = fc
  .string({
    unit: fc.constantFrom(...'abcdefghkmnpqrstuvwxyzABCDEFGHKMNPQRSTUVWXYZ23456789!#$%&*+-/=?@^_.~'),
    minLength: 10,
    maxLength: 32,
  })
  .filter((text) => text.replace(/[^a-z0-9]/gi, '').length >= 8)
const token = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.'),
  minLength: 200,
  maxLength: 900,
})

/** Of all that UTF-16 can hold, halves of characters too. */
const anyText = (size: { minLength?: number; maxLength: number }) =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0xffff })), size)
    .map((codes) => String.fromCharCode(...codes))

const vectors = JSON.parse(
  readFileSync(new URL('../../fixtures/error-vectors/vectors.json', import.meta.url), 'utf8'),
) as { text?: string }[]
const ordinary = [
  ...vectors.flatMap(({ text }) => (text ? [text] : [])),
  '535 5.7.8 Error: authentication failed: UGFzc3dvcmQ6',
  '535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials 4fb4d7f45d1cf-5c1b2e3f4a5sm1234567a12.34 - gsmtp',
  '421 4.7.0 Try again later, closing connection. (EHLO) 5b1f17b1804b1-42c5a3e1d5csm12345.12 - gsmtp',
  '550 5.1.1 <kim@example.net>: Recipient address rejected: User unknown in virtual mailbox table',
  '452 4.3.1 Insufficient system storage =?utf-8?Q?caf=C3=A9?= %41%42 &lt;x&gt; \\u00e9 73 65 63 72',
  'A3 NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)',
  '451 4.7.1 Please try again later, see the page of your provider. '.repeat(40),
  '* BYE [ALERT] Too many simultaneous connections. (Failure) 0123456789abcdef0123456789abcdef',
]

describe('A10: secrets a peer repeats', () => {
  test.each([
    ['octal escapes', '=aaaaaaaaaf'],
    ['hexadecimal entities', '%aa%bb=cc\\x41'],
    ['JSON escapes', '&amp;=aaa\\141zzzz'],
    ['percent', '\\u0041=41&#65;abcdef'],
    ['modified UTF-7', 'abc?def??ghi?jkl'],
  ])('%s of a secret that itself looks like another writing', (name, secret) => {
    expect(hideSecrets(`535 5.7.8 no: ${writings[name]!(secret)}`, [secret])).toBe(`535 5.7.8 ${withheld}`)
  })

  test.each(Object.entries(writings))('%s: nothing of it is left in what is stored', (_name, write) => {
    fc.assert(
      fc.property(
        password,
        fc.constantFrom('535 5.7.8 no: ', '535-5.7.8 you sent\r\n535 5.7.8 ', 'A1 NO '),
        (secret, before) => {
          const written = write(secret)
          const line = `${before}${written} is wrong`
          const hidden = hideSecrets(line, [secret])
          // Control: the line did have it.
          expect(line).toContain(written)
          expect(hidden).not.toContain(written)
          expect(hidden.includes(withheld) || hidden.includes('[redacted]')).toBe(true)
          if (hidden.includes(withheld))
            expect(hidden).toMatch(/^(535[ -]5\.7\.8 |A1 NO )\[withheld: the server repeated a secret\]$/)
        },
      ),
      { numRuns: 15 },
    )
  })

  test.each(['as it is', 'percent', 'base64 over reply lines', 'hex with spaces', 'all but the end'])(
    'a token: %s: nothing of it is left',
    (name) => {
      fc.assert(
        fc.property(token, (secret) => {
          const written = writings[name]!(secret)
          const hidden = hideSecrets(`535 5.7.8 ${written}`, [secret])
          expect(hidden).not.toContain(written.slice(20, 80))
        }),
        { numRuns: 20 },
      )
    },
  )

  test('a token cut to any forty characters of it is withheld', () => {
    fc.assert(
      fc.property(token, fc.nat(), (secret, at) => {
        const from = at % (secret.length - 40)
        const line = `535 5.7.8 bad token ${secret.slice(from, from + 40)}`
        expect(hideSecrets(line, [secret])).toBe(`535 5.7.8 ${withheld}`)
      }),
      { numRuns: 100 },
    )
  })

  test('ordinary lines stay as they are, whatever the secret', () => {
    expect(ordinary.length).toBeGreaterThan(50)
    fc.assert(
      fc.property(fc.oneof(password, token), (secret) => {
        for (const line of ordinary) expect(hideSecrets(line, [secret])).toBe(line.slice(0, 2_048))
      }),
      { numRuns: 4 },
    )
  })

  test('any text and any secret: an answer, and never the secret', () => {
    fc.assert(
      fc.property(anyText({ maxLength: 300 }), anyText({ minLength: 4, maxLength: 20 }), (text, secret) => {
        expect(hideSecrets(`${text}${secret}${text}`, [secret])).not.toContain(secret === '[redacted]' ? '\0' : secret)
      }),
      { numRuns: 300 },
    )
  })

  test('the verdict stays what it is: the reply code is kept, and the catalogue still knows it', () => {
    const secret = 'correct horse battery'
    const peer = { host: 'mail.example.com', said: '', secrets: [secret] }
    const plain = refusal('535 5.7.8 Authentication failed', peer)
    const echoed = refusal(`535 5.7.8 Authentication failed: ${writings['hex with spaces']!(secret)}`, peer)
    expect({ code: echoed.code, class: echoed.class }).toEqual({ code: plain.code, class: plain.class })
    expect(echoed.peerLine).toBe(redact(`535 5.7.8 ${withheld}`))
  })

  test('SEC-34: the longest hostile line costs milliseconds', () => {
    const secret = 'cAnary-Pass-4711'
    const started = process.cpuUsage()
    for (const part of [
      '%41',
      '=41',
      '&#65;',
      '\\u0041',
      'QUJD',
      '4142',
      '65 ',
      '=\r\n',
      'a',
      '\\',
      '&',
      '0x',
      '01',
      '%41=42&#65;\\x41%u0041 ',
    ])
      hideSecrets(part.repeat(100_000), [secret, 'x'.repeat(2_000)])
    expect(processorMs(started)).toBeLessThan(1_500)
  })
})
