import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { forGraph } from '../../../lib/protocol/graph-mime.js'
import { failure } from '../../support/general/failure.js'

const kim = 'kim@example.com'
const mail = (...lines: string[]) => Buffer.from(lines.join('\r\n'))
const base64Lines = (bytes: number) =>
  (
    Buffer.alloc(bytes, 7)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\r\n')
const file = (name: string, bytes: number) => [
  ...['--b', 'Content-Type: text/csv; charset=utf-8', `Content-Disposition: attachment; filename=${name}`],
  ...['Content-Transfer-Encoding: base64', '', base64Lines(bytes)],
]

test('field 13: everybody else gets it as a blind copy, whoever writes the address how', async () => {
  const raw = mail('To: Team: KIM@Example.com;, Jo <jo@xn--mnchen-3ya.example>', 'Cc:', '', 'hi', '')
  const { mime } = await forGraph(raw, [kim, 'jo@münchen.example', '"a b"@x.example', 'Ben@x.example'])
  expect(String(mime)).toBe(`Bcc: <"a b"@x.example>,\r\n <Ben@x.example>\r\n${raw}`)
})

test.each([
  'To: lee@example.org',
  'Cc: kim@example.com, lee@example.org',
  'Resent-To: lee@example.org',
  'To: Smith, Kim <kim@example.com>',
])('field 13: a header that names somebody else is refused: %s (RFC 5321 2.3.1)', async (header) => {
  expect(await failure(forGraph(mail(header, '', 'hi', ''), [kim]))).toMatchObject({
    ...{ code: 'headers_name_others', class: 'permanent', outcome: 'not-sent', status: 422, field: 'raw' },
  })
})

test('field 14: the last files are taken out, the rest stays byte for byte, and a file keeps name, type and charset', async () => {
  const top = [`To: ${kim}`, 'List-Id: <n.example>', 'Content-Type: multipart/mixed; boundary=b', '']
  const text = ['--b', 'Content-Type: text/plain', '', 'hello']
  const raw = mail(
    ...top,
    ...text,
    ...file('a.csv', 100_000),
    ...file('b.csv', 2_000_000),
    ...file('c.csv', 5),
    '--b--',
    '',
  )
  const { mime, attachments } = await forGraph(raw, [kim])
  expect(String(mime)).toBe(mail(...top, ...text, ...file('a.csv', 100_000), '--b--', '').toString())
  expect(attachments.map(({ bytes, ...about }) => ({ ...about, size: bytes().length }))).toEqual([
    { name: 'b.csv', contentType: 'text/csv; charset=utf-8', isInline: false, size: 2_000_000 },
    { name: 'c.csv', contentType: 'text/csv; charset=utf-8', isInline: false, size: 5 },
  ])
})

test('field 14: a mail that is one file keeps its headers and gets an empty text', async () => {
  const raw = mail(`To: ${kim}`, 'X-6: 6', ...file('a.csv', 2_000_000).slice(1), '')
  const { mime, attachments } = await forGraph(raw, [kim])
  expect(attachments).toHaveLength(1)
  const found = await PostalMime.parse(mime)
  expect(found.headers.find(({ key }) => key === 'x-6')?.value).toBe('6')
  expect(found.attachments).toEqual([])
})

test.each([
  ['signed', 'multipart/signed; boundary=b; protocol="application/pkcs7-signature"', 'attachment; filename=a.bin'],
  ['encrypted', 'application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m', 'attachment; filename=a.bin'],
  ['a calendar part', 'multipart/mixed; boundary=b', 'inline'],
])('field 14: %s is refused with what and why when it is too large (RFC 1847)', async (_what, type, disposition) => {
  const part = [
    '--b',
    'Content-Type: text/calendar; method=REQUEST',
    `Content-Disposition: ${disposition}`,
    '',
    'x\r\n'.repeat(800_000),
    '--b--',
    '',
  ]
  const raw = mail(`To: ${kim}`, `Content-Type: ${type}`, 'Content-Description: sealed', '', ...part)
  expect(await failure(forGraph(raw, [kim]))).toMatchObject({
    code: 'mail_not_divisible',
    outcome: 'not-sent',
    status: 422,
  })
})
