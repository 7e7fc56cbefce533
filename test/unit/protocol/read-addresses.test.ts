import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseMail } from '../../../lib/protocol/parse-mail.js'
import { readAddresses } from '../../../lib/protocol/read-addresses.js'
import { processorMs } from '../../support/general/processor-ms.js'

const ana = 'ana@x.example'
const bo = 'bo@x.example'

/** `Name <address>` of each, as it was read. */
const read = (text: string): string[] =>
  readAddresses(text).map(({ name, address }) => (name === '' ? address : `${name} <${address}>`))

test.each([
  // RFC 5322 3.4: what is written as it should be.
  ['Ana <ana@x.example>', ['Ana <ana@x.example>']],
  ['ana@x.example', [ana]],
  ['<ana@x.example>', [ana]],
  ['"Smith, Ana" <ana@x.example>, bo@x.example', ['Smith, Ana <ana@x.example>', bo]],
  ['"Ana \\"A\\" Smith" <ana@x.example>', ['Ana "A" Smith <ana@x.example>']],
  ['ana@x.example (Ana Smith)', ['Ana Smith <ana@x.example>']],
  ['Ana (at (the) desk) <ana@x.example>', ['Ana <ana@x.example>']],
  ['Team: Ana <ana@x.example>, bo@x.example;', ['Ana <ana@x.example>', bo]],
  ['Team: ana@x.example;, bo@x.example', [ana, bo]],
  ['"john doe"@x.example', ['"john doe"@x.example']],
  ['Ana <"john, doe"@x.example>', ['Ana <"john, doe"@x.example>']],
  ['Ana <ana@[192.0.2.1]>', ['Ana <ana@[192.0.2.1]>']],
  ['ana@[IPv6:2001:db8::1]', ['ana@[IPv6:2001:db8::1]']],
  ['Jürgen <jürgen@exämple.example>', ['Jürgen <jürgen@exämple.example>']],
  // RFC 6854: a group in From; without members its name is all there is.
  ['Automated System:;', ['Automated System <>']],
  // RFC 5322 4.4: obsolete, and to be read: routes, spaces around signs, empty places in lists.
  ['Ana <@a.example,@b.example:ana@x.example>', ['Ana <ana@x.example>']],
  ['Ana < ana @ x.example >', ['Ana <ana@x.example>']],
  ['ana @ x.example', [ana]],
  [', ,ana@x.example,,bo@x.example,', [ana, bo]],
  ['Ana (Smith) <ana(desk)@x.example>', ['Ana <ana@x.example>']],
  // What mailers write all the same (RFC 5322 3.6.2: the address is in the brackets).
  ['Smith, Ana <ana@x.example>', ['Smith, Ana <ana@x.example>']],
  ['Smith, Ana, Dr. <ana@x.example>', ['Smith, Ana, Dr. <ana@x.example>']],
  ['bo@x.example, Smith, Ana <ana@x.example>', [bo, 'Smith, Ana <ana@x.example>']],
  ['Smith, Ana <ana@x.example>, Lee, Bo <bo@x.example>', ['Smith, Ana <ana@x.example>', 'Lee, Bo <bo@x.example>']],
  ['Smith, Ana <ana@x.example>; Lee, Bo <bo@x.example>', ['Smith, Ana <ana@x.example>', 'Lee, Bo <bo@x.example>']],
  ['Smith, =?utf-8?Q?Ana?= <ana@x.example>', ['Smith, Ana <ana@x.example>']],
  ['=?utf-8?Q?Smith,_Ana?= <ana@x.example>', ['Smith, Ana <ana@x.example>']],
  ['Kim, bo@x.example', ['Kim <>', bo]],
  ['Ana <ana@x.example', ['Ana <ana@x.example>']],
  ['Ana <ana@x.example, Bo <bo@x.example>', ['Ana <ana@x.example>', 'Bo <bo@x.example>']],
  ['Ana ana@x.example>', ['Ana <ana@x.example>']],
  ['Ana ana@x.example', ['Ana <ana@x.example>']],
  ['<<ana@x.example>>', [ana]],
  ['"Ana <ana@x.example>', ['"Ana <ana@x.example>']],
  ['Ana" <ana@x.example>', ['Ana" <ana@x.example>']],
  ['"Smith, Ana <ana@x.example>, "Bo" <bo@x.example>', ['"Smith, Ana <ana@x.example>', 'Bo <bo@x.example>']],
  ['Ana (Smith <ana@x.example>', ['Ana (Smith <ana@x.example>']],
  ['Ana ) Smith <ana@x.example>', ['Ana ) Smith <ana@x.example>']],
  ["'ana@x.example'", [ana]],
  ["Ana <'ana@x.example'>", ['Ana <ana@x.example>']],
  ['Ana <"ana@x.example">', ['Ana <ana@x.example>']],
  ['Ana [mailto:ana@x.example]', ['Ana <ana@x.example>']],
  ['<mailto:ana@x.example>', [ana]],
  ['ACME: Support <ana@x.example>', ['ACME: Support <ana@x.example>']],
  ['Ana <ana@x.example> Bo <bo@x.example>', ['Ana <ana@x.example>', 'Bo <bo@x.example>']],
  ['ana@x.example bo@x.example', [ana, bo]],
  ['<ana@x.example> Ana', ['Ana <ana@x.example>']],
  ['Ana <ana@x.example> (home)', ['Ana <ana@x.example>']],
  ['ana@x.example <ana@x.example>', [ana]],
  ['Ana (ana@x.example)', ['Ana <ana@x.example>']],
  ['Mail Delivery System <MAILER-DAEMON>', ['Mail Delivery System <MAILER-DAEMON>']],
  ['=?utf-8?Q?Ana_=3Cana=40x.example=3E?=', ['Ana <ana@x.example>']],
  // Only a name, and nothing is made an address of.
  ['Ana Smith', ['Ana Smith <>']],
  ['Ana @ Work', ['Ana @ Work <>']],
  ['"ana@x.example"', ['ana@x.example <>']],
  ['"ana@x.example" <bo@x.example>', ['ana@x.example <bo@x.example>']],
  ['"ana@x.example, Inc" <bo@x.example>', ['ana@x.example, Inc <bo@x.example>']],
  ['"Ana <ana@x.example>, Inc" <bo@x.example>', ['Ana <ana@x.example>, Inc <bo@x.example>']],
  ['=?utf-8?B?YW5hQHguZXhhbXBsZQ==?=', ['ana@x.example <>']],
  ['<>', []],
  ['', []],
  // RFC 2047: words cut in the middle of a character, with padding, in mixed letters, with a language (RFC 2231 5).
  ['=?utf-8?Q?J=C3?= =?utf-8?Q?=BCrgen?= <ana@x.example>', ['Jürgen <ana@x.example>']],
  ['=?UTF-8?B?SsM=?= =?utf-8?B?vHJnZW4=?= <ana@x.example>', ['Jürgen <ana@x.example>']],
  ['=?utf-8*de?Q?J=C3=BCrgen?= <ana@x.example>', ['Jürgen <ana@x.example>']],
  ['"=?iso-8859-1?Q?Smith=2C_J=FCrgen?=" <ana@x.example>', ['Smith, Jürgen <ana@x.example>']],
  ['=?iso-8859-1?q?J=FCrgen?= Smith <ana@x.example>', ['Jürgen Smith <ana@x.example>']],
])('field 22: %s', (text, right) => {
  expect(read(text)).toEqual(right)
})

test('field 22: whatever stands around it, an address in brackets is given, and none that is not there', () => {
  const noise = fc.stringMatching(/^[A-Za-z ,.;:'()[\]\\*=?_-]{0,12}$/)
  fc.assert(
    fc.property(noise, noise, (before, after) => {
      const found = readAddresses(`${before} <ana@x.example> ${after}`).map(({ address }) => address)
      // In a closed comment it is no address (RFC 5322 3.2.2), nor in a domain literal.
      fc.pre(!/[([]/.test(before))
      expect(found.filter((address) => address !== '')).toEqual([ana])
    }),
    { numRuns: 500 },
  )
})

test('field 22: From twice, several Sender and Reply-To, in 8-bit letters: all are given', async () => {
  const raw = [
    'From: Smith, Ana <ana@x.example>',
    'From: =?utf-8?Q?B=C3=B6?= <bo@x.example>',
    'Sender: office@x.example',
    'Sender: desk@x.example',
    'Reply-To: Lee, Bo <bo@x.example>',
    'Reply-To: ana@x.example',
    'To: M\xfcller, Kim <kim@y.example>',
    'Cc: hidden:;, Lee, Cy <cy@y.example>',
    'Subject: Gr\xfc\xdfe',
    'Content-Type: text/plain; charset=iso-8859-1',
    '',
    'x',
  ].join('\r\n')
  expect(await parseMail(Buffer.from(raw, 'latin1'))).toMatchObject({
    from: [
      { name: 'Smith, Ana', address: ana },
      { name: 'Bö', address: bo },
    ],
    sender: [{ address: 'office@x.example' }, { address: 'desk@x.example' }],
    replyTo: [{ name: 'Lee, Bo', address: bo }, { address: ana }],
    to: [{ name: 'Müller, Kim', address: 'kim@y.example' }],
    cc: [
      { name: 'hidden', address: '' },
      { name: 'Lee, Cy', address: 'cy@y.example' },
    ],
    subject: 'Grüße',
  })
})

test('field 22: nobody of 3,000 recipients is dropped', async () => {
  const all = Array.from({ length: 3_000 }, (_, n) => `r${n}@x.example`)
  const { to } = await parseMail(Buffer.from(`To: ${all.join(',\r\n ')}\r\n\r\nx`))
  expect(to.map(({ address }) => address)).toEqual(all)
})

test.each([
  '"',
  '\\"',
  '<"',
  '"@',
  '""@',
  '(',
  '()',
  '<',
  '<a',
  '<"\\"',
  ':',
  'a:',
  'a@:',
  'a,',
  ',',
  '=?',
  '=?a?q?',
  '=?a?q?b?=',
  '@',
  'a@b ',
  '[',
  '[]',
  'a:;',
  '<a@b>',
  '"a<b@c>,"',
  ' ',
  "'",
  '>',
])('SEC-31: addresses made of %j cost time by their length alone', (piece) => {
  const cost = (length: number): number => {
    const text = `${piece.repeat(length / piece.length)};`
    const begun = process.cpuUsage()
    readAddresses(text)
    return processorMs(begun)
  }
  cost(10_000)
  const small = Math.max(10, Math.min(cost(10_000), cost(10_000)))
  expect(cost(80_000)).toBeLessThan(small * 30)
})
