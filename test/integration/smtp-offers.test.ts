/** What a server has not offered never reaches it, and one that never comes to an answer is left in time (field 16, H7). */
import { isAscii } from 'node:buffer'
import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'
import type { Authority } from '../../lib/ports/authority.js'
import { AllRefusedError, type OutgoingMail } from '../../lib/ports/sender.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { type SmtpSenderOptions, smtpSender } from '../../lib/transports/smtp-sender.js'
import { type ScriptedFault, type ScriptedPhase, startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { type SmtpExtension, startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { failure } from '../support/general/failure.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

const stops = stopsAfterEach()
const ana = 'ana@contoso.example'
const all: SmtpExtension[] = ['8BITMIME', 'SMTPUTF8', 'SIZE', 'PIPELINING']

async function sendTo(lacks: SmtpExtension[], change: Partial<OutgoingMail>) {
  const server = await startSmtp({ accounts: () => ({ password: '' }), mode: 'plain', anonymous: true, lacks })
  stops.push(server.stop)
  const session = await open(server.port)
  stops.push(() => session.close())
  const journal: object[] = []
  const mail = {
    mailId: 'm1',
    messageId: '<m1@x.example>',
    from: ana,
    recipients: ['bo@example.org'],
    raw: Buffer.alloc(0),
  }
  const sending = session.send({ ...mail, ...change }, async (evidence) => void journal.push(evidence))
  return { server, sending, journal }
}

const open = (
  port: number,
  authority: Authority = { kind: 'anonymous' },
  timeoutsMs?: SmtpSenderOptions['timeoutsMs'],
) =>
  smtpSender({ lookup: guardedLookup({ allowLoopback: true }), ...(timeoutsMs ? { timeoutsMs } : {}) }).open(
    { transport: 'smtp', smtp: { host: 'localhost', port, tls: 'plain', messagesPerSession: 3 } },
    authority,
    new AbortController().signal,
  )

describe('field 16: an offer is heeded for every property of the bytes (RFC 6152, 6531, 5321 4.5.3.1)', () => {
  const text = (body: string, more = '') =>
    Buffer.from(`From: ${ana}\r\nTo: bo@example.org\r\nSubject: Grüße\r\n${more}\r\n${body}\r\n`)

  test.each([[all], [['8BITMIME']], [['SMTPUTF8']], [[]]] as SmtpExtension[][][])(
    '8-bit text, letters in the subject, dots and a long line reach a server without %j',
    async (lacks) => {
      const long = `${'ö'.repeat(700)} end`
      const body = `Grüße aus Köln\r\n.\r\n..\r\n${long}`
      const more = 'Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n'
      const { server, sending } = await sendTo(lacks, { raw: text(body, more) })
      await sending
      const found = await PostalMime.parse(server.mails[0]!.raw)
      expect(found.subject).toBe('Grüße')
      expect(found.text?.trim()).toBe(body.replaceAll('\r\n', '\n'))
    },
  )

  test('a signed mail with 8-bit bytes is refused before DATA, with the reason, and leaves the journal alone', async () => {
    const parts = '--s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGrüße\r\n--s--\r\n'
    const raw = text(parts, 'Content-Type: multipart/signed; boundary=s\r\n')
    const refused = await sendTo(['8BITMIME'], { raw })
    expect(await failure(refused.sending)).toMatchObject({
      ...{ code: 'mail_not_convertible', class: 'permanent', outcome: 'not-sent' },
      description: expect.stringContaining('multipart/signed'),
    })
    expect(refused.journal).toEqual([])
    expect(refused.server.mails).toEqual([])
    const taken = await sendTo([], { raw })
    await taken.sending
    expect(String(taken.server.mails[0]!.raw)).toContain(parts)
  })

  test('a mail that grew beyond SIZE is refused before DATA', async () => {
    const server = await startSmtp({
      accounts: () => ({ password: '' }),
      mode: 'plain',
      anonymous: true,
      lacks: ['8BITMIME'],
      maxBytes: 4_000,
    })
    stops.push(server.stop)
    const session = await open(server.port)
    stops.push(() => session.close())
    const raw = text('ö'.repeat(400).concat('\r\n').repeat(4))
    expect(raw.length).toBeLessThan(4_000)
    const mail = { mailId: 'm', messageId: '<m@x>', from: ana, recipients: ['bo@example.org'], raw }
    expect(await failure(session.send(mail, async () => {}))).toMatchObject({
      code: 'attachment_too_large',
      outcome: 'not-sent',
    })
  })
})

describe('valid addresses: what RFC 5321 4.1.2 and RFC 6531 allow is sent where the server can', () => {
  const raw = Buffer.from(`From: ${ana}\r\nSubject: Hi\r\n\r\nhi\r\n`)

  test.each(['"a b"@x.example', '"a\\"b"@x.example', '"a..b"@x.example', '"a@b"@x.example', '"a,b;c"@x.example'])(
    'a quoted local part, to any server: %s',
    async (address) => {
      const { server, sending } = await sendTo(all, { recipients: [address], raw })
      expect(await sending).toMatchObject({ refused: [] })
      expect(server.mails[0]!.to).toEqual([address])
    },
  )

  test('letters of every script before the @, with SMTPUTF8 only; the domain goes to every server', async () => {
    const taken = await sendTo([], { recipients: ['jörg@münchen.example', '用户@xn--mnchen-3ya.example'], raw })
    expect(await taken.sending).toMatchObject({ refused: [] })
    expect(taken.server.mails).toHaveLength(1)
    const plain = await startScriptedSmtp()
    stops.push(plain.stop)
    const session = await open(plain.port)
    const mail = { mailId: 'm', messageId: '<m@x>', from: ana, recipients: ['joerg@münchen.example'], raw }
    await session.send(mail, async () => {})
    await session.close()
    expect(plain.mails[0]!.to).toEqual(['joerg@xn--mnchen-3ya.example'])
    const refused = await sendTo(['SMTPUTF8'], { recipients: ['jörg@münchen.example'], raw })
    expect(await failure(refused.sending)).toMatchObject({
      ...{ code: 'address_needs_smtputf8', class: 'permanent', outcome: 'not-sent' },
      description: expect.stringMatching(/jörg@.*SMTPUTF8/),
      remedy: expect.stringMatching(/ASCII/),
    })
    expect(refused.server.mails).toEqual([])
  })

  test('a header that names such an address asks for SMTPUTF8 although the envelope is ASCII (RFC 6531 3.4)', async () => {
    const named = Buffer.from(`From: ${ana}\r\nTo: <jörg@münchen.example>\r\nSubject: Hi\r\n\r\nhi\r\n`)
    const { server, sending } = await sendTo([], { raw: named })
    await sending
    expect(String(server.mails[0]!.raw)).toContain('To: <jörg@münchen.example>')
    // Bo gets the mail, and sees that Jörg was meant, though no server of the old kind could be told his address.
    const plain = await sendTo(['SMTPUTF8'], { raw: named })
    await plain.sending
    const seen = await PostalMime.parse(plain.server.mails[0]!.raw)
    expect(seen.to).toEqual([{ name: 'jörg@münchen.example', group: [] }])
    const from = Buffer.from(String(named).replace('To:', 'Reply-To:'))
    const refused = await sendTo(['SMTPUTF8'], { raw: from })
    expect(await failure(refused.sending)).toMatchObject({ code: 'address_needs_smtputf8', outcome: 'not-sent' })
  })

  test('without SMTPUTF8 only the recipient who needs it is refused, with the remedy; the others have the mail (RFC 6531 3.2)', async () => {
    const named = Buffer.from(
      `From: ${ana}\r\nTo: Bo <bo@example.org>, Jörg K. <jörg@münchen.example>,\r\n "用户" <ann@münchen.example>\r\nSubject: Hi\r\n\r\nhi\r\n`,
    )
    const recipients = ['bo@example.org', 'jörg@münchen.example', 'ann@münchen.example']
    const { server, sending, journal } = await sendTo(['SMTPUTF8'], { recipients, raw: named })
    expect((await sending).refused).toEqual([
      {
        address: 'jörg@münchen.example',
        transient: false,
        code: 'address_needs_smtputf8',
        remedy: expect.stringMatching(/ASCII/),
        reply: expect.stringContaining('SMTPUTF8'),
      },
    ])
    expect(journal).toHaveLength(1)
    // The domain came as A-labels, which this server shows in letters.
    expect(server.mails[0]!.to).toEqual(['bo@example.org', 'ann@münchen.example'])
    const seen = await PostalMime.parse(server.mails[0]!.raw)
    expect(seen.to).toEqual([
      { name: 'Bo', address: 'bo@example.org' },
      { name: 'Jörg K. <jörg@münchen.example>', group: [] },
      { name: '用户', address: 'ann@xn--mnchen-3ya.example' },
    ])
    expect(isAscii(server.mails[0]!.raw)).toBe(true)
    const withUnknown = await sendTo(['SMTPUTF8'], { recipients: ['unknown@example.org', 'jörg@x.example'], raw })
    const none = await failure(withUnknown.sending)
    expect(none).toBeInstanceOf(AllRefusedError)
    expect((none as AllRefusedError).refused.map(({ code }) => code)).toEqual([
      'address_needs_smtputf8',
      'smtp_esc_5_1_1',
    ])
  })
})

describe('H7, H8: a server that never comes to its answer is left in time, with a reason of its own', () => {
  const cases: [ScriptedPhase, ScriptedFault][] = [
    ...(['greeting', 'ehlo', 'auth'] as const).flatMap((phase): [ScriptedPhase, ScriptedFault][] => [
      [phase, 'endless'],
      [phase, 'drip'],
      [phase, 'hang'],
    ]),
  ]
  test.each(cases)('%s: %s', async (phase, fault) => {
    const server = await startScriptedSmtp({ phase, fault })
    stops.push(server.stop)
    const login: Authority = { kind: 'password', user: ana, password: new Secret('correct-horse') }
    // Much shorter than what the library alone would wait.
    const error = await failure(open(server.port, login, { connect: 60_000, reply: 60_000, stage: 700 }))
    expect(error).toMatchObject({ class: 'transient', hint: 'slow', outcome: 'not-sent' })
    expect(['smtp_stage_exceeded', 'smtp_unreadable_reply']).toContain(error.code)
    expect(`${error.description} ${error.peerLine}`).not.toMatch(/smtp connection|ESTREAM|EPROTOCOL|Unexpected/)
  })

  test('after it, nothing is left open', async () => {
    const server = await startScriptedSmtp({ phase: 'auth', fault: 'endless' })
    stops.push(server.stop)
    const login: Authority = { kind: 'password', user: ana, password: new Secret('correct-horse') }
    await failure(open(server.port, login))
    await expect.poll(() => server.open).toBe(0)
    expect(server.commands.filter(({ line }) => line === '').length).toBeLessThanOrEqual(8)
  })
})

test('C11: a storage fault at the hand-over is the storage’s, not the server’s, and nothing was sent', async () => {
  const server = await startSmtp({ accounts: () => ({ password: '' }), mode: 'plain', anonymous: true })
  stops.push(server.stop)
  const session = await open(server.port)
  const fault = Object.assign(new Error('storage'), { code: 'ServerBusy' })
  const mail = {
    mailId: 'm',
    messageId: '<m@x>',
    from: ana,
    recipients: ['bo@example.org'],
    raw: Buffer.from('Subject: Hi\r\n\r\nhi\r\n'),
  }
  const thrown = await session.send(mail, () => Promise.reject(fault)).catch((error: unknown) => error)
  expect(thrown).toBe(fault)
  expect(fault.code).toBe('ServerBusy')
  expect(server.mails).toEqual([])
})
