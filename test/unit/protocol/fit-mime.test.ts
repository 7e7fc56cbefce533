import PostalMime, { decodeWords } from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { readAddressList } from '../../../lib/protocol/address-list.js'
import { fitMime } from '../../../lib/protocol/fit-mime.js'
import { processorMs } from '../../support/general/processor-ms.js'

const nothing = { eightBit: false, utf8: false }
const all = { eightBit: true, utf8: true }
const mail = (...lines: string[]) => Buffer.from(lines.join('\r\n'))
const read = (bytes: Uint8Array) => PostalMime.parse(bytes)
const longest = (bytes: Buffer) =>
  Math.max(
    ...bytes
      .toString('latin1')
      .split('\r\n')
      .map((line) => line.length),
  )
const failureOf = (work: () => unknown): { code: string; description: string } => {
  try {
    work()
  } catch (error) {
    return error as { code: string; description: string }
  }
  throw new Error('it passed')
}

describe('field 16: what EHLO did not offer is converted, part by part (RFC 6152, 6531, 5321 4.5.3.1, 3030)', () => {
  test('a plain 8-bit body, with and without MIME headers', async () => {
    for (const head of [['Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit'], []]) {
      const raw = mail('From: ana@x.example', 'Subject: Hi', ...head, '', 'Grüße aus Köln', '.', '')
      const fitted = fitMime(raw, nothing)
      expect(String(fitted)).toMatch(/^[\0-\x7f]*$/)
      expect((await read(fitted)).text).toBe('Grüße aus Köln\n.\n')
      expect(fitMime(raw, all).equals(raw)).toBe(true)
    }
  })

  test('parts beside each other: only the one that does not fit changes; a mail inside stays a mail', async () => {
    const raw = mail(
      ...['From: ana@x.example', 'Content-Type: multipart/mixed; boundary=b', 'Content-Transfer-Encoding: 8bit', ''],
      ...['--b', 'Content-Type: text/plain; charset=utf-8', 'Content-Transfer-Encoding: 8bit', '', 'Köln', ''],
      ...['--b', 'Content-Type: application/pdf', 'Content-Transfer-Encoding: base64', '', 'JVBERg==', ''],
      ...['--b', 'Content-Type: application/octet-stream', 'Content-Disposition: attachment; filename="ä.bin"', ''],
      ...['bytes ü', '--b', 'Content-Type: message/rfc822', 'Content-Transfer-Encoding: 8bit', ''],
      ...['From: zoë@münchen.example'.replace('zoë', 'zoe'), 'Subject: Grüße', '', 'innen ü', '--b--', ''],
    )
    const fitted = String(fitMime(raw, nothing))
    expect(fitted).toMatch(/^[\0-\x7f]*$/)
    expect(fitted).toContain(
      '--b\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n',
    )
    expect(fitted).not.toMatch(/Content-Transfer-Encoding: (8bit|binary)/)
    expect(fitted).toMatch(
      /Content-Type: message\/rfc822\r\n\r\nFrom: zoe@xn--mnchen-3ya\.example\r\nSubject: =\?UTF-8\?Q\?Gr/,
    )
    const found = await PostalMime.parse(fitted, { forceRfc822Attachments: true })
    expect(found.text?.trim()).toBe('Köln')
    const contents = found.attachments.map(({ content }) => Buffer.from(content as ArrayBuffer).toString())
    expect(contents.slice(0, 2)).toEqual(['%PDF', 'bytes ü'])
    expect(found.attachments[1]?.filename).toBe('ä.bin')
    expect(contents[2]).toContain('innen =C3=BC')
  })

  test('lines above 998 bytes go in every encoding, and the text stays', async () => {
    const long = 'x'.repeat(3_000)
    for (const [encoding, body] of [
      ['7bit', long],
      ['base64', Buffer.from(long).toString('base64')],
      ['quoted-printable', long],
    ]) {
      const raw = mail(
        'From: a@x.example',
        'Content-Type: text/plain',
        `Content-Transfer-Encoding: ${encoding}`,
        '',
        `${body}`,
        '',
      )
      const fitted = fitMime(raw, all)
      expect(longest(fitted)).toBeLessThanOrEqual(998)
      expect((await read(fitted)).text?.trim()).toBe(long)
    }
  })

  test('headers: names, words, domains and file names in ASCII; bytes that are no UTF-8 are read as Windows-1252', async () => {
    const raw = Buffer.concat([
      mail(
        'From: "Zoë, B" <ana@münchen.example>',
        'To: Grüße: b@x.example, Ünal (für dich) <c@x.example>;',
        'X-Note: Straße',
        '',
      ),
      Buffer.from('Subject: Gr\xfc\xdfe\r\n\r\nhi\r\n', 'latin1'),
    ])
    const fitted = fitMime(raw, nothing)
    expect(String(fitted)).toMatch(/^[\0-\x7f]*$/)
    const found = await read(fitted)
    expect(found).toMatchObject({ subject: 'Grüße', from: { name: 'Zoë, B' } })
    expect(String(fitted)).toContain('<ana@xn--mnchen-3ya.example>')
    expect(String(fitted)).toContain('<c@x.example>')
    expect(decodeWords(found.headers.find(({ key }) => key === 'x-note')?.value ?? '')).toBe('Straße')
  })

  test('refused with what and why: 8-bit under a signature, letters before the @', () => {
    const signed = mail(
      ...['From: a@x.example', 'Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"', ''],
      ...[
        '--s',
        'Content-Type: text/plain; charset=utf-8',
        '',
        'Grüße',
        '--s',
        'Content-Type: application/pgp-signature',
      ],
      ...['', 'sig', '--s--', ''],
    )
    expect(failureOf(() => fitMime(signed, nothing))).toMatchObject({
      ...{ code: 'mail_not_convertible', outcome: 'not-sent' },
      description: expect.stringContaining('multipart/signed'),
    })
    expect(fitMime(signed, all).equals(signed)).toBe(true)
    const ascii = Buffer.from(String(signed).replace('Grüße', 'Hello'))
    expect(fitMime(ascii, nothing).equals(ascii)).toBe(true)
    const local = mail('From: a@x.example', 'To: <jörg@x.example>', '', 'hi', '')
    expect(failureOf(() => fitMime(local, nothing))).toMatchObject({
      ...{ code: 'address_needs_smtputf8', description: expect.stringContaining('jörg@x.example') },
    })
    expect(fitMime(local, all).equals(local)).toBe(true)
    const grouped = String(fitMime(local, { ...nothing, groups: true }))
    expect(grouped).toBe(String(local).replace('<jörg@x.example>', '=?UTF-8?Q?j=C3=B6rg=40x=2Eexample?=:;'))
    for (const [kept, why] of [
      ['From: jörg@x.example', 'the sender'],
      ['To: friends: jörg@x.example;', 'a group in a group'],
    ] as const)
      expect(
        failureOf(() => fitMime(mail(kept, '', 'hi', ''), { ...nothing, groups: true })),
        why,
      ).toMatchObject({
        code: 'address_needs_smtputf8',
      })
  })
})

test('field 15: a mail inside is never base64, raw included (RFC 2046 5.2.1)', async () => {
  const inner = Buffer.from('From: z@x.example\nSubject: inner\n\nbody\n').toString('base64')
  const raw = mail(
    ...['From: a@x.example', 'Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: message/rfc822'],
    ...['Content-Transfer-Encoding: base64', 'Content-Disposition: attachment; filename=o.eml', '', inner, '--b--', ''],
  )
  const fitted = String(fitMime(raw, all))
  expect(fitted).toContain('filename=o.eml\r\n\r\nFrom: z@x.example\r\nSubject: inner\r\n\r\nbody\r\n')
  expect(fitted).not.toContain('base64')
})

test('field 13: addresses of a header as they are written (RFC 5322 3.4)', () => {
  const list = '"a b"@x.example, Kim "K" <KIM@x.example>, T: <"q\\"<"@y.example> (c, d@e), h@x.example;, undisclosed:;'
  expect(readAddressList(list)).toEqual({
    addresses: ['"a b"@x.example', 'KIM@x.example', '"q\\"<"@y.example', 'h@x.example'],
    unreadable: false,
  })
  for (const wrong of [
    'Smith, Ana <ana@x.example>',
    '<a@x.example> <b@x.example>',
    'a b@x.example',
    '"a@x.example',
    '<a@x',
  ])
    expect(readAddressList(wrong), wrong).toMatchObject({ unreadable: true })
})

test('SEC-31: a header of nothing but quotes, brackets or escapes costs what its length costs', () => {
  const started = process.cpuUsage()
  for (const text of ['"\\', '(', '(a', '<', '"', '<"\\']) readAddressList(text.repeat(100_000))
  expect(processorMs(started)).toBeLessThan(3_000)
})
