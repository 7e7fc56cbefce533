import { describe, expect, test } from 'vitest'
import { topHeaders } from '../../../lib/protocol/mail-headers.js'
import { checkMailLimits, mailLimits } from '../../../lib/protocol/mail-limits.js'
import { attachmentOf, parseMail } from '../../../lib/protocol/parse-mail.js'
import { processorMs } from '../../support/general/processor-ms.js'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text.replace(/\n/g, '\r\n'))

const plain = `From: "Ann" <ann@example.com>
To: bob@example.com, Carl <carl@example.com>
Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=
Date: Fri, 20 Nov 2026 10:00:00 +0000
Message-ID: <one@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b1"

--b1
Content-Type: text/plain; charset=utf-8

hello
--b1
Content-Type: application/pdf; name="../../etc/passwd"
Content-Disposition: attachment; filename="../../etc/passwd"
Content-Transfer-Encoding: base64

aGVsbG8=
--b1--
`

function nested(depth: number): string {
  let text = 'From: a@example.com\n'
  for (let level = 0; level < depth; level++)
    text += `Content-Type: multipart/mixed; boundary="n${level}"\n\n--n${level}\n`
  return `${text}Content-Type: text/plain\n\nx\n`
}

const many = (parts: number): string =>
  `Content-Type: multipart/mixed; boundary="m"\n\n${'--m\nContent-Type: text/plain\n\nx\n'.repeat(parts)}--m--\n`

describe('parse mail', () => {
  test('text, people and attachments', async () => {
    const mail = await parseMail(bytes(plain))
    expect(mail).toMatchObject({
      subject: 'Grüße',
      messageId: '<one@example.com>',
      from: [{ name: 'Ann', address: 'ann@example.com' }],
      to: [{ address: 'bob@example.com' }, { address: 'carl@example.com' }],
      text: expect.stringContaining('hello'),
      automatic: false,
      cut: false,
    })
    expect(mail.attachments).toMatchObject([{ index: 0, type: 'application/pdf', bytes: 5, inline: false }])
    expect(Buffer.from((await attachmentOf(bytes(plain), 0))!.bytes).toString()).toBe('hello')
    expect(await attachmentOf(bytes(plain), 1)).toBeUndefined()
  })

  test.each([
    ['Auto-Submitted: auto-replied', true],
    ['Auto-Submitted: no', false],
    ['List-Id: <news.example.com>', true],
    ['Precedence: bulk', true],
    ['Return-Path: <>', true],
    ['X-Other: list', false],
  ])('SEC-33: %s is automatic: %s', async (line, automatic) => {
    expect((await parseMail(bytes(`${line}\n${plain}`))).automatic).toBe(automatic)
  })

  test.each([
    ['5,000 nested parts', nested(5_000)],
    ['50,000 parts', many(50_000)],
    ['100,000 headers', `${'X-A: b\n'.repeat(100_000)}\nx`],
    ['a 20 MB header', `Subject: ${'x'.repeat(20_000_000)}\n\nx`],
    [
      '100,000 boundaries',
      `${'Content-Type: multipart/mixed; boundary=b'.concat('\n')}\n${Array.from({ length: 100_000 }, (_, n) => `Content-Type: a; boundary=b${n}\n`).join('')}`,
    ],
  ])('SEC-31: %s is refused before parsing, quickly', async (_name, text) => {
    const raw = bytes(text)
    const begun = process.cpuUsage()
    await expect(parseMail(raw)).rejects.toMatchObject({ code: 'mail_too_complex', class: 'permanent' })
    expect(processorMs(begun)).toBeLessThan(2_000)
  })

  test('SEC-31 negative control: mails just within the limits pass, quickly', async () => {
    for (const text of [nested(mailLimits.depth - 1), many(mailLimits.parts - 1)]) {
      checkMailLimits(bytes(text))
      const begun = process.cpuUsage()
      await parseMail(bytes(text))
      expect(processorMs(begun)).toBeLessThan(2_000)
    }
  })

  test('SEC-31: HTML with 50,000 nested tags is given as it is', async () => {
    const html = `Content-Type: text/html\n\n${'<b>'.repeat(50_000)}x`
    const begun = process.cpuUsage()
    expect((await parseMail(bytes(html))).html).toContain('<b><b>')
    expect(processorMs(begun)).toBeLessThan(2_000)
  })

  test.each([
    ['nothing', ''],
    ['no header end', 'Subject: x'],
    ['only line ends', '\n\n\n\n'],
    ['an unknown charset', 'Content-Type: text/plain; charset=x-none\n\nhello'],
    ['a broken encoded word', 'Subject: =?utf-8?B?%%%?=\n\nx'],
    ['a multipart without its boundary', 'Content-Type: multipart/mixed\n\n--x\n\nhello'],
    ['NUL bytes', 'Subject: a\u0000b\n\n\u0000'],
  ])('M-109, P-13: %s is read as far as it goes', async (_name, text) => {
    const mail = await parseMail(bytes(text))
    expect(typeof mail.text).toBe('string')
    expect(() => topHeaders(bytes(text))).not.toThrow()
  })

  test('M-037: a reply in ISO-2022-JP, in header and body, is read as it was written', async () => {
    const subject = 'Re: \x1b$B$*8+@Q$b$j$N7o\x1b(B'
    const raw = [
      `Subject: =?ISO-2022-JP?B?${Buffer.from(subject, 'latin1').toString('base64')}?=`,
      'From: =?ISO-2022-JP?B?GyRCOzNFRBsoQg==?= <yamada@example.jp>',
      'Content-Type: text/plain; charset=ISO-2022-JP',
      'Content-Transfer-Encoding: 7bit',
      '',
      '\x1b$B$h$m$7$/$*4j$$$7$^$9!#\x1b(B',
      '',
    ].join('\r\n')
    const mail = await parseMail(Buffer.from(raw, 'latin1'))
    expect(mail).toMatchObject({
      subject: 'Re: お見積もりの件',
      from: [{ name: '山田', address: 'yamada@example.jp' }],
    })
    expect(mail.text?.trim()).toBe('よろしくお願いします。')
  })

  test('the headers for listing: unfolded, first one wins, bounded, without control characters', () => {
    const raw = bytes(`From: a\n b\nFrom: second\nMessage-ID: <1>\u0007\nDate: ${'d'.repeat(600)}\n\nSubject: body`)
    expect(topHeaders(raw)).toEqual({ from: 'a b', messageId: '<1>', date: 'd'.repeat(500), subject: '' })
  })
})

test('SEC-31: a megabyte of line breaks, in any part, is parsed in a moment and comes back as it was', async () => {
  const breaks = '\r\n'.repeat(500_000)
  const started = process.cpuUsage()
  const html = await parseMail(Buffer.from(`Content-Type: text/html\r\n\r\n${breaks}<p>end</p>`))
  const mixed = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x\r\n\r\n${breaks}end\r\n--b--\r\n`
  const attached = await attachmentOf(Buffer.from(mixed), 0)
  const spentMs = processorMs(started)
  expect(html.html).toMatch(/^\n{500000}<p>end<\/p>\n?$/)
  expect(Buffer.from(attached!.bytes).toString()).toMatch(/^\n{500000}end\n?$/)
  // About 1 s of processor time; the library alone needs half a minute.
  expect(spentMs).toBeLessThan(6_000)
})

const both = (text: string, html: string): Buffer =>
  Buffer.from(
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--b\r\nContent-Type: text/html\r\n\r\n${html}\r\n--b--\r\n`,
  )

test.each(['<a href="', '<a ', '<', '<!--', '<script', '<STYLE>', '&', '\r\n', ' \r\n', '<p>', '</p', '&#x41;', 'x> '])(
  'SEC-31: HTML made of %j beside a text part costs moments',
  async (piece) => {
    const started = process.cpuUsage()
    const html = piece.repeat(300_000 / piece.length)
    const { text } = await parseMail(both('footer', html))
    const spentMs = processorMs(started)
    expect(text).toContain('footer')
    // Tenths of a second; the library's own conversion needs up to two minutes.
    expect(spentMs).toBeLessThan(4_000)
  },
)

test('text and HTML side by side: each body has both', async () => {
  const markup =
    '<html><head><title>t</title></head><body><p>Hello&nbsp;<b>Ann</b> &amp; Bob</p><script>x()</script>1 < 2<br>bye<!-- no --></body></html>'
  const { text, html } = await parseMail(both('list footer <x>', markup))
  expect(text).toBe('list footer <x>\n\nHello Ann & Bob\n1 < 2\nbye')
  expect(html).toContain('&lt;x&gt;')
  expect(html).toContain('<b>Ann</b>')
})
