/** Field kind 7: bodies, labels and file names as mailers write them; authorities beside the values. */
import { describe, expect, test } from 'vitest'
import { attachmentOf, parseAsFarAsPossible, parseMail } from '../../../lib/protocol/parse-mail.js'

const raw = (head: string, body: string | Uint8Array = ''): Uint8Array =>
  Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), Buffer.from(body as string)])
const textOf = async (head: string, body: string | Uint8Array): Promise<string> =>
  (await parseMail(raw(head, body))).text.trimEnd()
const ofLatin = (text: string): Buffer => Buffer.from(text, 'latin1')

describe('charsets', () => {
  test.each([
    // WHATWG Encoding Standard; what the label says, in the spellings that mailers have.
    ['windows-1252', ofLatin('\x80 5'), '€ 5'],
    ['iso-8859-1', ofLatin('Gr\xfc\xdfe'), 'Grüße'],
    ['iso-8859-1', ofLatin('\x84Gr\xfc\xdfe\x93'), '„Grüße“'],
    ['"ISO-8859-15"', ofLatin('\xa4'), '€'],
    ['windows-1251', ofLatin('\xcf\xf0\xe8\xe2\xe5\xf2'), 'Привет'],
    ['cp1251', ofLatin('\xcf\xf0\xe8\xe2\xe5\xf2'), 'Привет'],
    ['windows-1250', ofLatin('\xa3\xf3d\x9f'), 'Łódź'],
    ['koi8-r', ofLatin('\xf0\xd2\xc9\xd7\xc5\xd4'), 'Привет'],
    ['gb18030', ofLatin('\xc4\xe3\xba\xc3'), '你好'],
    ['gb2312', ofLatin('\xc4\xe3\xba\xc3'), '你好'],
    ['big5', ofLatin('\xa7\x41\xa6\x6e'), '你好'],
    ['euc-kr', ofLatin('\xbe\xc8\xb3\xe7'), '안녕'],
    ['shift_jis', ofLatin('\x93\xfa\x96{'), '日本'],
    ['iso-2022-jp', ofLatin('\x1b$BF|K\\\x1b(B'), '日本'],
    ['utf8', Buffer.from('Grüße'), 'Grüße'],
    // No label, one that means nothing, or one that nobody knows: UTF-8 where it is, else a letter for every byte.
    ['us-ascii', Buffer.from('Grüße'), 'Grüße'],
    ['us-ascii', ofLatin('Gr\xfc\xdfe'), 'Grüße'],
    ['x-none', Buffer.from('Grüße'), 'Grüße'],
    ['x-none', ofLatin('Gr\xfc\xdfe'), 'Grüße'],
    ['', ofLatin('Gr\xfc\xdfe'), 'Grüße'],
    ['unknown-8bit', Buffer.from('Grüße'), 'Grüße'],
    // UTF-7 hides markup from filters: it stays as it was written (WHATWG leaves it out for that).
    ['utf-7', '+ADw-script+AD4-', '+ADw-script+AD4-'],
    ['unicode-1-1-utf-7', '+ADw-script+AD4-', '+ADw-script+AD4-'],
  ])('field kind 7: charset=%s', async (label, body, right) => {
    expect(await textOf(`Content-Type: text/plain; charset=${label}\r\nContent-Transfer-Encoding: 8bit`, body)).toBe(
      right,
    )
  })

  test('field kind 7: without any Content-Type, and HTML that names its charset itself', async () => {
    expect(await textOf('Subject: x', ofLatin('Gr\xfc\xdfe'))).toBe('Grüße')
    expect(await textOf('Subject: x', Buffer.from('Grüße'))).toBe('Grüße')
    const html = ofLatin('<html><head><meta charset="koi8-r"></head><p>\xf0\xd2\xc9\xd7\xc5\xd4')
    expect((await parseMail(raw('Content-Type: text/html', html))).html).toContain('Привет')
  })

  test.each([
    ['=?utf-8?B?R3LDvMOfZQ?=', 'Grüße'],
    ['=?utf-8?Q?Gr=C3=BC?=\r\n =?utf-8?Q?=C3=9Fe?=', 'Grüße'],
    ['=?utf-8?Q?Gr=C3?=\r\n =?utf-8?Q?=BC=C3=9Fe?=', 'Grüße'],
    ['=?UTF-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=', 'Grüße'],
    ['=?utf-8?B?R3LDvMM=?= =?utf-8?Q?=9Fe?=', 'Grüße'],
    ['=?x-none?Q?Gr=C3=BC=C3=9Fe?=', 'Grüße'],
    ['=?iso-2022-jp?B?GyRCRnwbKEI=?= =?iso-2022-jp?B?GyRCS1wbKEI=?=', '日本'],
    ['=?utf-8?Q?a b?=', 'a b'],
    ['=?utf-8?Q?a?= b =?utf-8?Q?c?=', 'a b c'],
    ['=?utf-8?X?a?=', '=?utf-8?X?a?='],
    ['=?utf-8?Q?a', '=?utf-8?Q?a'],
    ['Gr\xfc\xdfe', 'Grüße'],
  ])('field kind 7: Subject: %s (RFC 2047)', async (subject, right) => {
    expect((await parseMail(raw(`Subject: ${subject}`))).subject).toBe(right)
  })

  test('field kind 7: 8-bit headers are in the charset of the text', async () => {
    const head = 'Subject: \xf0\xd2\xc9\xd7\xc5\xd4\r\nContent-Type: text/plain;\r\n charset="koi8-r"'
    expect((await parseMail(raw(head))).subject).toBe('Привет')
  })
})

describe('a header that nobody can read never costs the body', () => {
  test.each([
    // RFC 2045 5.2: what cannot be understood is text.
    ['text', 'x'],
    ['plain', 'x'],
    ['', 'x'],
    ['"text/plain"', 'x'],
    ['text/plain charset=utf-8', 'x'],
    ['text/plain,charset=utf-8', 'x'],
    ['text/plain; charset="utf-8', 'x'],
    ['text/plain; charset=utf-8; format', 'x'],
    ['Text/Plain; ; ;charset=', 'x'],
    ['text/plain (really) ; (x) charset=utf-8', 'x'],
    ['multipart/mixed', '--b\r\n\r\nx'],
    ['multipart/mixed; boundary=other', '--b\r\n\r\nx'],
    ['multipart/alternative; boundary=""', 'x'],
  ])('field kind 7: Content-Type: %s', async (type, body) => {
    expect(await textOf(`Content-Type: ${type}`, body)).toContain('x')
  })

  test.each(['html', 'text/html;charset', 'TEXT/HTML charset=utf-8'])(
    'field kind 7: Content-Type: %s',
    async (type) => {
      expect((await parseMail(raw(`Content-Type: ${type}`, '<p>x</p>'))).html).toContain('<p>x</p>')
    },
  )

  test.each([
    // RFC 2045 6.7 rules 3 and 5; 6.8: other signs are passed over, and padding may be wrong.
    ['quoted-printable', 'a=', 'a'],
    ['quoted-printable', 'a= \t\r\nb', 'ab'],
    ['quoted-printable', 'a=\r\nb=', 'ab'],
    ['quoted-printable', 'a=3', 'a=3'],
    ['quoted-printable', 'a=zz=3D', 'a=zz='],
    ['base64', 'aGVsbG8', 'hello'],
    ['base64', 'aGVsbG8====', 'hello'],
    ['base64', 'aGVs bG8=\r\n', 'hello'],
    ['base64', 'aGVs*bG8=', 'hello'],
    ['base64', 'aGVs=bG8=', 'hello'],
    ['"base64"', 'aGVsbG8=', 'hello'],
    ['base64 (x)', 'aGVsbG8=', 'hello'],
    ['7-bit', 'hello', 'hello'],
    ['x-none', 'hello', 'hello'],
  ])('field kind 7: Content-Transfer-Encoding: %s of %j', async (encoding, body, right) => {
    expect(await textOf(`Content-Transfer-Encoding: ${encoding}`, body)).toBe(right)
  })
})

test.each([
  // RFC 2231 3 and 4; the name with a charset counts where both are there.
  ["filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", 'Grüße.pdf'],
  ["filename=plain.pdf; filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", 'Grüße.pdf'],
  ["filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf; filename=plain.pdf", 'Grüße.pdf'],
  ["filename*0*=utf-8''Gr%C3; filename*1*=%BC%C3%9Fe; filename*2=.pdf", 'Grüße.pdf'],
  ['filename*1="b.pdf"; filename*0="a "', 'a b.pdf'],
  ["filename*=iso-8859-1'de'Gr%FC%DFe.pdf", 'Grüße.pdf'],
  ["filename*=x-none''Gr%C3%BC.pdf", 'GrÃ¼.pdf'],
  ['filename="=?utf-8?Q?Gr=C3?= =?utf-8?Q?=BC=C3=9Fe.pdf?="', 'Grüße.pdf'],
  ['filename==?utf-8?B?R3LDvMOfZS5wZGY=?=', 'Grüße.pdf'],
  ['filename="Gr\xfc\xdfe.pdf"', 'Grüße.pdf'],
  ['filename=my file(1).pdf', 'my file(1).pdf'],
  ['filename="a\\"b.pdf"', 'a"b.pdf'],
])('field kind 7: Content-Disposition: attachment; %s', async (params, right) => {
  const head = `Content-Type: application/pdf\r\nContent-Disposition: attachment; ${params}`
  expect((await parseMail(raw(head, 'x'))).attachments[0]!.filename).toBe(right)
})

describe('H9: what cannot be parsed is shown as far as it goes, with the reason', () => {
  const first = 'Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n\r\nfirst'
  const head = 'From: Smith, Ana <ana@x.example>\r\nSubject: deep'
  const nested = (depth: number): Uint8Array => {
    let text = `${head}\r\nContent-Type: multipart/mixed; boundary=n0\r\n\r\n--n0\r\n\r\nhello\r\n--n0\r\n${first}\r\n--n0\r\n`
    for (let level = 1; level < depth; level++)
      text += `Content-Type: multipart/mixed; boundary=n${level}\r\n\r\n--n${level}\r\n`
    return Buffer.from(`${text}\r\nx`)
  }

  test('200 nested multiparts: headers, text and the attachments in front of the limit', async () => {
    const { parsed, problem } = await parseAsFarAsPossible(nested(200))
    expect(problem).toMatchObject({ code: 'mail_too_complex', description: expect.stringContaining('nested deeper') })
    expect(parsed).toMatchObject({ subject: 'deep', from: [{ name: 'Smith, Ana', address: 'ana@x.example' }] })
    expect(parsed.text).toContain('hello')
    expect(parsed.attachments).toMatchObject([{ index: 0, filename: 'a.pdf' }])
    expect(Buffer.from((await attachmentOf(nested(200), 0))!.bytes).toString()).toContain('first')
  })

  test.each([
    ['3,000 parts', `${head}\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n${'--m\r\n\r\nx\r\n'.repeat(3_000)}`],
    ['300 KB of headers', `${head}\r\n${'X-A: b\r\n'.repeat(40_000)}\r\nx`],
    ['2.1 million lines', `${head}\r\n\r\nhello\r\n${'\n'.repeat(2_100_000)}`],
    [
      'parts with more headers than all may have',
      `${head}\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n${`--m\r\nX-A: ${'b'.repeat(200_000)}\r\n\r\nx\r\n`.repeat(8)}`,
    ],
  ])('%s: at least the headers', async (_what, text) => {
    const { parsed, problem } = await parseAsFarAsPossible(Buffer.from(text))
    expect(problem).toMatchObject({ code: 'mail_too_complex', remedy: expect.stringContaining('raw') })
    expect(parsed).toMatchObject({ subject: 'deep', from: [{ name: 'Smith, Ana', address: 'ana@x.example' }] })
  })

  test('negative control: an ordinary mail has no problem', async () => {
    expect((await parseAsFarAsPossible(nested(5))).problem).toBeUndefined()
    expect((await parseAsFarAsPossible(new Uint8Array())).problem).toBeUndefined()
  })
})
