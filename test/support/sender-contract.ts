/**
 * What the gateway relies on in every sender, whatever the protocol: the same cases against each mail server, first at
 * the port, then through the send flow. A new transport is done when this suite passes for it.
 */
import { createHash, randomBytes } from 'node:crypto'
import PostalMime from 'postal-mime'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { AllRefusedError, type Evidence, type OutgoingMail, type SendSession } from '../../lib/ports/sender.js'
import { connectAs } from './connect/connect-as.js'
import { failure } from './general/failure.js'
import { sendHarness } from './send/send-harness.js'
import type { SenderSubject } from './sender-subjects.js'

const { acceptMail, drainLane, readMail } = sendFlows
const ben = 'ben@contoso.example'
const kim = 'kim@example.com'

const mib = 1024 * 1024
/** Attachment sizes of M-036, mail by mail. */
export const attachmentSizes = [[1, 3 * mib - 1, 3 * mib], [25 * mib]]

export function senderContract(server: string, start: () => Promise<SenderSubject>, sizes = [[1, 100_000]]): void {
  describe(`sender contract: ${server}`, () => {
    let peer: SenderSubject
    let open: SendSession[] = []
    beforeEach(async () => {
      peer = await start()
    })
    afterEach(async () => {
      await Promise.all(open.map((session) => session.close()))
      open = []
      await peer.stop()
    })

    const mailOf = (change: Partial<OutgoingMail> = {}, body = 'Hello.\r\n'): OutgoingMail => ({
      mailId: 'm1',
      messageId: '<m1@gateway.example>',
      from: peer.from,
      recipients: [ben],
      raw: Buffer.from(
        `From: <${peer.from}>\r\nTo: <${ben}>\r\nSubject: Hi\r\nMessage-ID: <m1@gateway.example>\r\n\r\n${body}`,
        'latin1',
      ),
      ...change,
    })
    const session = async (): Promise<SendSession> => {
      const opened = await peer.sender.open(peer.target, peer.authority, new AbortController().signal)
      open.push(opened)
      return opened
    }
    const journal = () => {
      const notes: { evidence: Evidence; alreadyThere: number }[] = []
      const handingOver = async (evidence: Evidence) => {
        notes.push({ evidence, alreadyThere: peer.inbox(ben).length })
      }
      return { notes, handingOver }
    }

    test('REL-04: a receipt comes for what arrived, byte for byte, and the journal knew before', async () => {
      const body = `.\r\n..\r\n.dot\r\n trailing \t\r\n${'x'.repeat(990)}\r\n--b\r\nFrom here\r\n\xe4\xff\x80\r\n`
      const mail = mailOf({ recipients: [ben, kim] }, body)
      const { notes, handingOver } = journal()
      const receipt = await (await session()).send(mail, handingOver)
      expect(receipt).toMatchObject({ refused: [], reply: expect.stringMatching(/\S/) })
      expect(notes).toMatchObject([{ alreadyThere: 0 }])
      for (const address of [ben, kim]) {
        expect(peer.inbox(address)).toHaveLength(1)
        expect(peer.inbox(address)[0]!.equals(Buffer.from(mail.raw)), address).toBe(true)
      }
    })

    test('REL-04: a journal that cannot be written stops the mail', async () => {
      const sending = (await session()).send(mailOf(), () => Promise.reject(new Error('disk full')))
      await expect(sending).rejects.toThrow('disk full')
      expect(peer.inbox(ben)).toEqual([])
    })

    test('REL-06: who cannot be reached is named by the receipt or by a report, and the others have the mail', async () => {
      const some = mailOf({ recipients: [ben, peer.nobody] })
      const receipt = await (await session()).send(some, journal().handingOver)
      expect(peer.inbox(ben)).toHaveLength(1)
      const raw = Buffer.from(`From: <${peer.from}>\r\nTo: ${peer.nobody}\r\nSubject: Hi\r\n\r\nHello.\r\n`)
      const none = (await session()).send(mailOf({ recipients: [peer.nobody], raw }), journal().handingOver)
      if (peer.refusal === 'at-once') {
        expect(receipt.refused).toMatchObject([{ address: peer.nobody, transient: false }])
        const error = await failure(none)
        expect(error).toBeInstanceOf(AllRefusedError)
        expect(error).toMatchObject({ outcome: 'not-sent', class: 'permanent' })
      } else {
        expect(receipt.refused).toEqual([])
        await none
        const reports = peer.inbox(peer.from).map(String)
        expect(reports.filter((report) => report.includes(`Final-Recipient: rfc822;${peer.nobody}`))).toHaveLength(2)
      }
    })

    test('P-20: a sender that may not be used is for an administrator, and nothing left', async () => {
      peer.misbehave('not-send-as')
      const error = await failure((await session()).send(mailOf(), journal().handingOver))
      expect(error).toMatchObject({ outcome: 'not-sent', class: 'needs-admin', hint: 'sender' })
      expect(error.code).toMatch(/sendasdenied/i)
      expect(error.remedy).toMatch(/Send As/i)
      expect(peer.inbox(ben)).toEqual([])
    })

    test('P-29: a busy server is waited for, as long as it says', async () => {
      const first = await session()
      peer.misbehave('busy')
      const error = await failure(first.send(mailOf(), journal().handingOver))
      expect(error).toMatchObject({ outcome: 'not-sent', class: 'transient' })
      expect(error.retryAfterMs).toBe(peer.retryAfterMs)
      expect(peer.inbox(ben)).toEqual([])
      await (await session()).send(mailOf(), journal().handingOver)
      expect(peer.inbox(ben)).toHaveLength(1)
    })

    test('REL-04: a connection lost before the point of no return sent nothing', async () => {
      const first = await session()
      peer.misbehave('lost-before')
      const { notes, handingOver } = journal()
      expect(await failure(first.send(mailOf(), handingOver))).toMatchObject({
        outcome: 'not-sent',
        class: 'transient',
      })
      expect(notes).toEqual([])
      expect(peer.inbox(ben)).toEqual([])
    })

    test('REL-03, P-05: a connection lost after it leaves the outcome unknown, and the look-up never lies', async () => {
      const first = await session()
      peer.misbehave('lost-after')
      const { notes, handingOver } = journal()
      const mail = mailOf()
      expect(await failure(first.send(mail, handingOver))).toMatchObject({ outcome: 'unknown', class: 'transient' })
      expect(peer.inbox(ben)).toHaveLength(1)
      const { evidence } = notes[0]!
      const { signal } = new AbortController()
      const { messageId } = mail
      const found = await peer.sender.lookUp?.(peer.target, peer.authority, { messageId, evidence, signal })
      expect(['sent', undefined]).toContain(found)
    })

    describe('through the flow', () => {
      async function flow() {
        const h = await sendHarness()
        const { deps, tenant, mailbox } = h
        const row = { partitionKey: `${tenant}~${mailbox.id}`, rowKey: 'mailbox' }
        const connectionId = newId()
        const send = JSON.stringify(peer.send(connectionId))
        const identity = { issuer: '', subject: '', username: peer.from }
        await connectAs(deps, connectionId, peer.authority, { identity })
        await h.stores.tables.upsert(deps.names.table('mailboxes'), { ...row, address: peer.from, send })
        const process = () => {
          const one = h.process().deps
          one.senders = { smtp: peer.sender, graph: peer.sender }
          return one
        }
        const submit = (more: object = {}) =>
          acceptMail(process(), tenant, {
            submission: parseMailSubmission({
              to: [ben],
              subject: 'Offer',
              text: 'Hi',
              mailboxId: mailbox.id,
              ...more,
            }),
          }).then(({ mail }) => mail.id)
        const drain = () => drainLane(process(), { v: 1, tenant, mailboxId: mailbox.id })
        const bytes = async (id: string) => {
          const container = deps.names.container('outbound')
          for await (const { name } of h.stores.blobs.list(container, `${tenant}/${id}`))
            return (await h.stores.blobs.get(container, name))!
          throw new Error('no blob')
        }
        return { ...h, submit, drain, bytes, read: (id: string) => readMail(deps, tenant, id) }
      }

      test('M-031: seven mails leave in order, three per session', async () => {
        const at = await flow()
        const ids: string[] = []
        for (let n = 0; n < 7; n++) {
          ids.push(await at.submit({ subject: `Offer ${n}` }))
          at.clock.advance(1)
        }
        await Promise.all([at.drain(), at.drain(), at.drain()])
        const arrived = peer.inbox(ben).map((raw) => /^Subject: (.*)\r$/m.exec(String(raw))?.[1])
        expect(arrived).toEqual(Array.from({ length: 7 }, (_, n) => `Offer ${n}`))
        for (const id of ids) expect(await at.read(id)).toMatchObject({ state: 'sent', attempts: 1 })
        if (peer.sessions) expect(peer.sessions()).toBe(3)
      })

      test('P-29: a busy server is left alone until its time, then the mail leaves once', async () => {
        const at = await flow()
        const id = await at.submit()
        peer.misbehave('busy')
        await at.drain()
        expect(await at.read(id)).toMatchObject({ state: 'waiting' })
        at.clock.advance((peer.retryAfterMs ?? 1_000) - 1_000)
        await at.drain()
        expect(peer.inbox(ben)).toEqual([])
        at.clock.advance(3_600_000)
        await at.drain()
        expect(await at.read(id)).toMatchObject({ state: 'sent' })
        expect(peer.inbox(ben)).toHaveLength(1)
      })

      test('P-20, M-038: a refused sender fails at the first try, with the way out in its history', async () => {
        const at = await flow()
        const id = await at.submit()
        peer.misbehave('not-send-as')
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
          expect(await at.read(id)).toMatchObject({ state: 'sent' })
          for (const address of [ben, kim, '"jo hn"@example.net']) {
            expect(peer.inbox(address), address).toHaveLength(1)
            expect(await asRead(peer.inbox(address)[0]!)).toEqual(await asRead(written))
          }
          const arrived = String(peer.inbox(ben)[0])
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
            const lines = [`From: ${peer.from}`, `To: ${ben}`, `Content-Type: ${type}; boundary=b`, '', ...body]
            const raw = Buffer.from(lines.join('\r\n'))
            const before = peer.inbox(ben).length
            const submitted = at.submit({ raw: raw.toString('base64'), subject: undefined, text: undefined })
            if (peer.largestWhole < size) {
              expect(await failure(submitted)).toMatchObject({ code: 'mail_not_divisible', status: 422 })
              continue
            }
            await submitted
            await at.drain()
            expect(peer.inbox(ben)).toHaveLength(before + 1)
            const arrived = String(peer.inbox(ben).at(-1))
            expect(arrived.slice(arrived.indexOf('\r\n\r\n'))).toBe(String(raw).slice(String(raw).indexOf('\r\n\r\n')))
          }
        },
      )

      test('field 13: the envelope decides who gets complete MIME; where headers decide, it is refused (RFC 5321 2.3.1)', async () => {
        const at = await flow()
        const raw = Buffer.from(
          `From: ${peer.from}\r\nTo: ${kim}, lee@example.org\r\nCc: ${ben}\r\nSubject: only kim\r\n\r\nhi\r\n`,
        )
        const submitted = at.submit({ to: [kim], raw: raw.toString('base64'), subject: undefined, text: undefined })
        if (peer.headersDecide) {
          const error = await failure(submitted)
          expect(error).toMatchObject({ code: 'headers_name_others', status: 422, field: 'raw' })
          expect(error.description).toContain('lee@example.org')
          const mail = mailOf({ recipients: [kim], raw })
          expect(await failure((await session()).send(mail, journal().handingOver))).toMatchObject({
            outcome: 'not-sent',
          })
        } else {
          await submitted
          await at.drain()
        }
        expect(peer.inbox(ben)).toEqual([])
        expect(peer.inbox('lee@example.org')).toEqual([])
        expect(peer.inbox(kim)).toHaveLength(peer.headersDecide ? 0 : 1)
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
          const arrived = base64Parts(peer.inbox(ben)[0]!)
          expect(arrived.map((part) => part.length)).toEqual(bytes)
          for (const [n, content] of contents.entries())
            expect(arrived[n]!.equals(content), `attachment ${n}`).toBe(true)
        },
      )
    })
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
