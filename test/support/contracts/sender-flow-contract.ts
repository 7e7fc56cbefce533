/** What the gateway relies on in every sender, through the send flow: the second half of the sender contract. */
import { createHash, randomBytes } from 'node:crypto'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import { failure } from '../general/failure.js'
import { senderFlow } from './sender-flow.js'
import type { SenderSubject } from './sender-subjects.js'

const ben = 'ben@contoso.example'
const kim = 'kim@example.com'

/** The cases of one server; `peer` is the one that was started for the test at hand. */
export function senderFlowContract(peer: () => SenderSubject, sizes: number[][]): void {
  describe('through the flow', () => {
    const flow = () => senderFlow(peer(), { to: ben })

    test('M-031: seven mails leave in order, three per session', async () => {
      const at = await flow()
      const ids: string[] = []
      for (let n = 0; n < 7; n++) {
        ids.push(await at.submit({ subject: `Offer ${n}` }))
        at.clock.advance(1)
      }
      await Promise.all([at.drain(), at.drain(), at.drain()])
      const inbox = peer().inbox(ben)
      const arrived = inbox.map((raw) => /^Subject: (.*)\r$/m.exec(String(raw))?.[1])
      expect(arrived).toEqual(Array.from({ length: 7 }, (_, n) => `Offer ${n}`))
      for (const id of ids) expect(await at.read(id)).toMatchObject({ state: 'sent', attempts: 1 })
      const { sessions } = peer()
      if (sessions) expect(sessions()).toBe(3)
    })

    test('P-29: a busy server is left alone until its time, then the mail leaves once', async () => {
      const at = await flow()
      const id = await at.submit()
      peer().misbehave('busy')
      await at.drain()
      expect(await at.read(id)).toMatchObject({ state: 'waiting' })
      at.clock.advance((peer().retryAfterMs ?? 1_000) - 1_000)
      await at.drain()
      expect(peer().inbox(ben)).toEqual([])
      at.clock.advance(3_600_000)
      await at.drain()
      expect(await at.read(id)).toMatchObject({ state: 'sent' })
      expect(peer().inbox(ben)).toHaveLength(1)
    })

    test('P-20, M-038: a refused sender fails at the first try, with the way out in its history', async () => {
      const at = await flow()
      const id = await at.submit()
      peer().misbehave('not-send-as')
      for (let round = 0; round < 3; round++) {
        await at.drain()
        at.clock.advance(3_600_000)
      }
      const mail = await at.read(id)
      expect(mail).toMatchObject({ state: 'failed', attempts: 1 })
      expect(mail.history.at(-1)).toMatchObject({ class: 'needs-admin', remedy: expect.stringMatching(/Send As/i) })
    })

    test.each([1_000, 1_700_000, 3_300_000])(
      'field 14, 15: envelope, headers and every part are what was written, with a file of %i bytes (RFC 3834, 8058, 2046 5.2.1)',
      async (size) => {
        const at = await flow()
        const id = await at.submit({
          ...{
            to: [{ address: ben, name: 'Bén' }],
            cc: [kim],
            bcc: ['"jo hn"@example.net'],
            replyTo: 'answers@contoso.example',
          },
          ...{ text: 'The plain part: Grüße.', html: '<p>The rich part <img src="cid:logo"></p>' },
          headers: {
            ...{ 'list-unsubscribe': '<https://e.example/u>', 'list-unsubscribe-post': 'List-Unsubscribe=One-Click' },
            ...{
              'list-id': '<news.e.example>',
              'auto-submitted': 'auto-generated',
              precedence: 'bulk',
              importance: 'high',
            },
            ...{ 'in-reply-to': '<a@b.example>', references: '<a@b.example> <c@d.example>' },
            ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((n) => [`x-${n}`, `${n}`])),
          },
          attachments: [
            { filename: 'logo.png', contentType: 'image/png', cid: 'logo', content: 'iVBORw0KGgo=' },
            { filename: 'original.eml', contentType: 'message/rfc822', content: inner },
            {
              filename: 'Liste.csv',
              contentType: 'text/csv; charset=utf-8',
              content: Buffer.from('ä;b\n').toString('base64'),
            },
            {
              filename: 'Grüße.bin',
              contentType: 'application/octet-stream',
              content: randomBytes(size).toString('base64'),
            },
          ],
        })
        const written = await at.bytes(id)
        await at.drain()
        if (written.length > (peer().largestMail ?? Number.POSITIVE_INFINITY)) {
          const { state, history, attempts } = await at.read(id)
          expect([state, attempts, history.at(-1)?.code]).toEqual(['failed', 1, 'mail_needs_full_permissions'])
          expect(history.at(-1)?.remedy).toContain('"permissions": "full"')
          expect(peer().inbox(ben)).toEqual([])
          return
        }
        expect(await at.read(id)).toMatchObject({ state: 'sent' })
        for (const address of [ben, kim, '"jo hn"@example.net']) {
          expect(peer().inbox(address), address).toHaveLength(1)
          expect(await asRead(peer().inbox(address)[0]!)).toEqual(await asRead(written))
        }
        const arrived = String(peer().inbox(ben)[0])
        expect(/Content-Type: message\/rfc822[\s\S]*?\r\n\r\n/.exec(arrived)?.[0]).not.toContain('base64')
        expect(arrived).toContain('From: z@x.example\r\nSubject: inner\r\n\r\nbody\r\n')
        expect(arrived).not.toMatch(/^Bcc:/m)
      },
    )

    test.each([1_000, 3_300_000])(
      'field 14: complete MIME of %i bytes with a signature or an invitation arrives as it is, or is refused at once (RFC 1847, 5546)',
      async (size) => {
        const at = await flow()
        const part = [
          '--b',
          'Content-Type: text/plain',
          '',
          'hello',
          '--b',
          'Content-Type: text/calendar; method=REQUEST',
          '',
        ]
        const body = [...part, 'BEGIN:VCALENDAR\r\n'.repeat(Math.ceil(size / 17)), '--b--', '']
        for (const type of ['multipart/signed; protocol="application/pgp-signature"', 'multipart/alternative']) {
          const lines = [`From: ${peer().from}`, `To: ${ben}`, `Content-Type: ${type}; boundary=b`, '', ...body]
          const raw = Buffer.from(lines.join('\r\n'))
          const before = peer().inbox(ben).length
          const submitted = at.submit({ raw: raw.toString('base64'), subject: undefined, text: undefined })
          if (peer().largestWhole < size) {
            expect(await failure(submitted)).toMatchObject({ code: 'mail_not_divisible', status: 422 })
            continue
          }
          await submitted
          await at.drain()
          expect(peer().inbox(ben)).toHaveLength(before + 1)
          const arrived = String(peer().inbox(ben).at(-1))
          expect(arrived.slice(arrived.indexOf('\r\n\r\n'))).toBe(String(raw).slice(String(raw).indexOf('\r\n\r\n')))
        }
      },
    )

    test('field 13: the envelope decides who gets complete MIME; where headers decide, it is refused (RFC 5321 2.3.1)', async () => {
      const at = await flow()
      const raw = Buffer.from(
        `From: ${peer().from}\r\nTo: ${kim}, lee@example.org\r\nCc: ${ben}\r\nSubject: only kim\r\n\r\nhi\r\n`,
      )
      const submitted = at.submit({ to: [kim], raw: raw.toString('base64'), subject: undefined, text: undefined })
      if (peer().headersDecide) {
        const error = await failure(submitted)
        expect(error).toMatchObject({ code: 'headers_name_others', status: 422, field: 'raw' })
        expect(error.description).toContain('lee@example.org')
        const { sender, target, authority, from } = peer()
        const session = await sender.open(target, authority, new AbortController().signal)
        const mail = { mailId: 'm1', messageId: '<m1@gateway.example>', from, recipients: [kim], raw }
        expect(await failure(session.send(mail, async () => {}))).toMatchObject({ outcome: 'not-sent' })
        await session.close()
      } else {
        await submitted
        await at.drain()
      }
      expect(peer().inbox(ben)).toEqual([])
      expect(peer().inbox('lee@example.org')).toEqual([])
      expect(peer().inbox(kim)).toHaveLength(peer().headersDecide ? 0 : 1)
    })

    test.each(sizes.map((bytes) => ({ bytes, title: bytes.join(', ') })))(
      'M-036: attachments of $title bytes are the same at the receiver',
      async ({ bytes }) => {
        const at = await flow()
        const contents = bytes.map((size) => randomBytes(size))
        const attachments = contents.map((content, n) => ({
          filename: `Angebot „${n}“.pdf`,
          contentType: 'application/pdf',
          content: content.toString('base64'),
        }))
        const id = await at.submit({ attachments })
        await at.drain()
        expect(await at.read(id)).toMatchObject({ state: 'sent' })
        const arrived = base64Parts(peer().inbox(ben)[0]!)
        expect(arrived.map((part) => part.length)).toEqual(bytes)
        for (const [n, content] of contents.entries()) expect(arrived[n]!.equals(content), `attachment ${n}`).toBe(true)
      },
    )
  })
}

const inner = Buffer.from('From: z@x.example\nSubject: inner\n\nbody\n').toString('base64')

/** A mail as its reader sees it: headers, texts and files. What servers on the way put on top is left out. */
async function asRead(raw: Uint8Array) {
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true })
  const own = mail.headers.filter(({ key }) => !/^(received|mime-version|content-.*)$/.test(key))
  return {
    headers: own.map(({ key, value }) => `${key}: ${value}`).sort(),
    text: mail.text?.trim(),
    html: mail.html?.trim(),
    files: mail.attachments
      .map(({ content, filename, mimeType, disposition, contentId }) => ({
        ...{ filename, mimeType, disposition, contentId },
        content: createHash('sha256')
          .update(new Uint8Array(content as ArrayBuffer))
          .digest('hex'),
      }))
      .sort((a, b) => `${a.filename}`.localeCompare(`${b.filename}`)),
  }
}

/** Bytes of the attachments: what a part with a file name holds up to its boundary. */
function base64Parts(raw: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = raw.indexOf('filename'); at >= 0; at = raw.indexOf('filename', at + 1)) {
    const from = raw.indexOf('\r\n\r\n', at) + 4
    const to = raw.indexOf('\r\n--', from)
    parts.push(Buffer.from(raw.toString('latin1', from, to), 'base64'))
    at = to
  }
  return parts
}
