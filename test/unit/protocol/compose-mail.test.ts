import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { composeMail } from '../../../lib/protocol/compose-mail.js'

const from = { address: 'sales@acme.example', name: 'Acme' }
const date = Date.UTC(2026, 0, 5)
const compose = async (fields: Record<string, unknown>) => {
  const submission = parseMailSubmission({ to: ['bob@b.example'], ...fields })
  const to = [{ address: 'bob@b.example', name: '' }]
  const { bytes } = await composeMail({ mailId: 'm1', from, to, cc: [], replyTo: undefined, submission, date })
  return Buffer.from(bytes).toString('latin1')
}
const headersOf = (text: string) => text.slice(0, text.indexOf('\r\n\r\n'))
const refusal = async (fields: Record<string, unknown>) =>
  compose(fields).then(
    () => undefined,
    (error: { code: string }) => error.code,
  )

test('P-09: the Message-ID comes from the mail’s id, the same in every attempt', async () => {
  expect(await compose({ text: 'x' })).toContain('Message-ID: <m1@acme.example>')
})

test('M-037: a Unicode corpus survives in subject, text, html, names and file names', async () => {
  const corpus = [
    'Grüße aus Zürich',
    '日本語の件名テスト',
    'שלום עולם',
    'مرحبا',
    '👩‍👩‍👧‍👦 🎉',
    `${'very long subject word '.repeat(8)}end`,
  ]
  for (const text of corpus) {
    const raw = await compose({
      subject: text,
      text: `${text}\nline`,
      html: `<p>${text}</p>`,
      attachments: [{ filename: `${text.slice(0, 60)}.pdf`, contentType: 'application/pdf', content: 'JVBERg==' }],
    })
    expect(
      headersOf(raw)
        .split('\r\n')
        .every((line) => line.length <= 998 && /^[\x20-\x7e\t]*$/.test(line)),
    ).toBe(true)
    const mail = await PostalMime.parse(Buffer.from(raw, 'latin1'))
    expect(mail.subject).toBe(text.trim())
    expect(mail.text?.replaceAll('\r\n', '\n').trim()).toBe(`${text}\nline`)
    expect(mail.html?.trim()).toBe(`<p>${text}</p>`)
    expect(mail.attachments[0]?.filename).toBe(`${text.slice(0, 60)}.pdf`)
  }
})

test.each([1, 3 * 1024 * 1024 - 1, 3 * 1024 * 1024])(
  'M-036: an attachment of %i bytes is identical at the receiver',
  async (size) => {
    const content = Buffer.alloc(size, Buffer.from([0, 13, 10, 46, 10, 255, 128, 61]))
    const raw = await compose({ text: 'x', attachments: [{ filename: 'a.bin', content: content.toString('base64') }] })
    const mail = await PostalMime.parse(Buffer.from(raw, 'latin1'))
    expect(Buffer.from(mail.attachments[0]!.content as ArrayBuffer).equals(content)).toBe(true)
  },
)

test('M-036: an inline picture keeps its content id', async () => {
  const raw = await compose({
    html: '<img src="cid:logo">',
    attachments: [{ filename: 'l.png', contentType: 'image/png', content: 'AAAA', cid: 'logo' }],
  })
  expect(raw).toMatch(/Content-Id: <logo>/i)
  expect(raw).toMatch(/Content-Disposition: inline/)
})

describe('SEC-27: header injection', () => {
  const breaks = ['\r\n', '\n', '\r', '\0', '\u2028', '\u0085', '\u001b']
  test.each(['subject', 'from', 'replyTo', 'headers', 'filename', 'cid', 'contentType', 'name'])(
    'through %s is refused',
    async (field) => {
      for (const character of breaks) {
        const evil = `a${character}Bcc: evil@x.example`
        const attachment = { filename: 'a.txt', content: 'AAAA' }
        const fields: Record<string, Record<string, unknown>> = {
          subject: { subject: evil },
          from: { from: evil },
          replyTo: { replyTo: evil },
          headers: { headers: { 'X-A': evil } },
          filename: { attachments: [{ ...attachment, filename: evil }] },
          cid: { attachments: [{ ...attachment, cid: evil }] },
          contentType: { attachments: [{ ...attachment, contentType: `text/plain${character}X: y` }] },
          name: { to: [{ address: 'bob@b.example', name: evil }] },
        }
        expect(await refusal({ text: 'x', ...fields[field] })).toBe('invalid_input')
      }
    },
  )

  test('headers outside the list are refused, those inside go out', async () => {
    for (const name of ['Bcc', 'From', 'Received', 'DKIM-Signature', 'X-MS-Exchange-Organization-SCL', 'Content-Type'])
      expect(await refusal({ text: 'x', headers: { [name]: 'y' } })).toBe('invalid_input')
    expect(await compose({ text: 'x', headers: { 'X-Ticket': '7', 'In-Reply-To': '<a@b>' } })).toContain('X-Ticket: 7')
  })

  test('an encoded word that decodes to a line break stays inert text', async () => {
    const raw = await compose({ text: 'x', subject: '=?utf-8?Q?a=0D=0ABcc:_evil@x.example?=' })
    expect(headersOf(raw)).not.toMatch(/^Bcc/im)
  })
})

test('SEC-29: nothing in a submission names a file or an address to load from', async () => {
  for (const text of [{ path: '/etc/hostname' }, { href: 'http://127.0.0.1:1/' }, { raw: 'x' }])
    expect(await refusal({ text })).toBe('invalid_input')
  for (const extra of [{ path: '/etc/hostname' }, { href: 'http://127.0.0.1:1/' }, { encoding: 'utf8' }, { raw: 'x' }])
    expect(await refusal({ text: 'x', attachments: [{ filename: 'a', content: 'AAAA', ...extra }] })).toBe(
      'invalid_input',
    )
  const raw = await compose({ text: '/etc/hostname', html: 'data:text/html,x' })
  expect(raw).toContain('/etc/hostname')
})

describe('SEC-28: end-of-data look-alikes', () => {
  const alikes = ['\n.\n', '\r.\r', '\n.\r\n', '\r\n.\n', '\r.\r\n', '\r\n.\r', '\n.\r', '\r\n\0.\r\n']
  test.each(alikes.map((alike) => [JSON.stringify(alike), alike]))(
    '%s leaves no bare CR or LF',
    async (_name, alike) => {
      const evil = `before${alike}MAIL FROM:<evil@x.example>\r\nafter`
      const mime = Buffer.from(`From: sales@acme.example\nSubject: x\n\n${evil}`).toString('base64')
      for (const fields of [{ text: evil }, { html: evil }, { raw: mime }]) {
        const raw = await compose(fields).catch((error: { code: string }) => error.code)
        expect(raw.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/)
      }
    },
  )
})

describe('SEC-30: raw MIME', () => {
  const raw = (headers: string) => ({ raw: Buffer.from(`${headers}\r\n\r\nbody\r\n`).toString('base64') })
  test('with the mailbox’s own From goes out without Bcc', async () => {
    const out = await compose(
      raw('From: "Sales, Acme" <SALES@acme.example>\r\nBcc: a@x.example,\r\n b@x.example\r\nSubject: hi'),
    )
    expect(out).not.toContain('x.example')
    expect(out).toMatch(
      /^From: "Sales, Acme" <SALES@acme.example>\r\nSubject: hi\r\nMessage-ID: <m1@acme.example>\r\nDate: /,
    )
    expect(out.endsWith('\r\n\r\nbody\r\n')).toBe(true)
  })
  test.each([
    ['From: boss@acme.example'],
    ['From: sales@acme.example\r\nFrom: boss@acme.example'],
    ['From: sales@acme.example\r\n , boss@acme.example'],
    ['From: sales@acme.example (c)\r\n <boss@acme.example>'],
    ['From: Group: sales@acme.example;'],
    ['From: "sales@acme.example" <boss@acme.example>'],
    ['From : sales@acme.example'],
    ['From: sales@acme.example\r\nSender: boss@acme.example'],
    ['Subject: none'],
    ['MAIL FROM:<x>\r\nnot a header\r\nFrom: sales@acme.example'],
    ['From: =?utf-8?Q?sales=40acme.example?= <boss@acme.example>'],
  ])('%j is refused', async (headers) => {
    expect(await refusal(raw(headers))).toBe('invalid_input')
  })
})

test('all problems are named at once, each with its field', () => {
  const bad = {
    to: [],
    text: 7,
    whenUnknown: 'maybe',
    attachments: [{ filename: 'a/b', content: '!' }],
    unknownField: 1,
  }
  try {
    parseMailSubmission(bad)
    expect.unreachable()
  } catch (error) {
    const fields = (error as { problems: { field: string }[] }).problems.map((problem) => problem.field)
    expect(fields).toEqual(
      expect.arrayContaining(['text', 'whenUnknown', 'attachments[0].filename', 'attachments[0].content']),
    )
  }
  expect(() => parseMailSubmission(JSON.parse('{"to":["a@b.example"],"__proto__":{"raw":"x"}}'))).toThrow(/__proto__/)
})
