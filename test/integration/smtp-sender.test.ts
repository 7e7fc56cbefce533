import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../lib/errors.js'
import { closesGate } from '../../lib/flows/send/open-session.js'
import type { Authority } from '../../lib/ports/authority.js'
import { AllRefusedError, type OutgoingMail } from '../../lib/ports/sender.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { type SmtpSenderOptions, smtpSender } from '../../lib/transports/smtp-sender.js'
import { badCertificates, makeCertificates } from '../../local/emulators/certificate.js'
import { type ScriptedSmtpOptions, smtpPhases, startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { type SmtpOptions as ServerOptions, startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { failure } from '../support/general/failure.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

const stops = stopsAfterEach()
const certificates = await makeCertificates()

const password = 'canary-Pass-4711'
const token = 'canaryToken0123456789abcdefGHIJ'
const anonymous: Authority = { kind: 'anonymous' }
const byPassword: Authority = { kind: 'password', user: 'ana@contoso.example', password: new Secret(password) }
const byToken = (tokens = [token]): Authority & { asked: boolean[] } => {
  const asked: boolean[] = []
  return {
    kind: 'bearer',
    user: 'ana@contoso.example',
    asked,
    token: async ({ renew = false } = {}) => {
      asked.push(renew)
      return new Secret(tokens[Math.min(asked.length, tokens.length) - 1]!)
    },
  }
}

const mailOf = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  mailId: 'm1',
  messageId: '<m1@contoso.example>',
  from: 'ana@contoso.example',
  recipients: ['bo@example.org'],
  raw: Buffer.from('From: ana@contoso.example\r\nSubject: Hello\r\n\r\nHello\r\n'),
  ...change,
})

const sender = (options: Partial<SmtpSenderOptions> = {}) =>
  smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca, ...options })

const target = (port: number, tls: 'implicit' | 'starttls' | 'plain', host = 'localhost') =>
  ({ transport: 'smtp', smtp: { host, port, tls, messagesPerSession: 3 } }) as const

const never = () => new AbortController().signal
const journal = () => {
  const entries: object[] = []
  return { entries, handingOver: async (evidence: object) => void entries.push(evidence) }
}

async function scripted(options: ScriptedSmtpOptions = {}) {
  const server = await startScriptedSmtp(options)
  stops.push(server.stop)
  return server
}

async function emulated(options: Partial<ServerOptions> = {}) {
  const server = await startSmtp({
    accounts: (user) => (user.startsWith('nobody') ? undefined : { password }),
    verifyToken: (presented) => (presented === token ? { upn: 'ana@contoso.example' } : undefined),
    mode: 'starttls',
    tls: certificates,
    ...options,
  })
  stops.push(server.stop)
  return server
}

type Expected = 'sent' | 'not-sent' | 'unknown' | 'open-fails'

function expected(phase: (typeof smtpPhases)[number], fault: NonNullable<ScriptedSmtpOptions['fault']>): Expected {
  const index = smtpPhases.indexOf(phase)
  if (index <= smtpPhases.indexOf('auth')) return 'open-fails'
  if (phase === 'after-reply' || phase === 'quit') return 'sent'
  if (phase === 'after-dot') return fault === 421 ? 'not-sent' : 'unknown'
  return 'not-sent'
}

const faults = ['close', 'reset', 'hang', 'garbage', 421] as const
const cells = smtpPhases.flatMap((phase) => faults.map((fault) => [phase, fault, expected(phase, fault)] as const))

describe('REL-04: a broken connection never hides whether the mail was taken', () => {
  const large = Buffer.concat([Buffer.from('Subject: big\r\n\r\n'), Buffer.alloc(12_000_000, 'line of text.\r\n')])

  test.each(cells)('REL-04: at %s: %s → %s', async (phase, fault, outcome) => {
    const server = await scripted({ phase, fault, tls: certificates })
    const { entries, handingOver } = journal()
    const from = sender({ timeoutsMs: { connect: 300, reply: 300 } })
    const opening = from.open(target(server.port, 'starttls'), byPassword, never())
    if (outcome === 'open-fails') {
      const error = await failure(opening)
      // STARTTLS refused permanently and for now are different people's business; the rest waits.
      expect(error.class).toBe('transient')
      if (fault === 421) expect(error.code, 'T3: why the server hangs up').toMatch(/^(smtp_|starttls_not_offered)/)
      expect(entries).toEqual([])
      expect(server.mails).toEqual([])
      return
    }
    const session = await opening
    const mail = mailOf(phase === 'body-before-dot' ? { raw: large } : {})
    if (outcome === 'sent') {
      expect(await session.send(mail, handingOver)).toMatchObject({ refused: [] })
      expect(session.sent).toBe(1)
    } else {
      const error = await failure(session.send(mail, handingOver))
      expect(error).toMatchObject({ outcome, class: 'transient' })
      if (fault === 421) expect(error.code, 'T3: why the server hangs up').toMatch(/^smtp_/)
      expect(session.sent).toBe(0)
      if (outcome === 'unknown') expect(error).toMatchObject({ code: 'send_outcome_unknown', hint: 'unknown-outcome' })
    }
    // What the client believes is never more than what the server did, and the journal knew before the dot.
    if (outcome === 'not-sent') expect(server.mails).toEqual([])
    if (server.mails.length > 0) expect(entries).toEqual([{}])
    await session.close()
  })

  test('REL-04: the second mail over a connection that died after the first is not sent', async () => {
    const server = await scripted({ phase: 'after-reply', fault: 'close' })
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    await session.send(mailOf(), journal().handingOver)
    expect(await failure(session.send(mailOf(), journal().handingOver))).toMatchObject({ outcome: 'not-sent' })
    expect(server.mails).toHaveLength(1)
    await session.close()
  })

  test('REL-04: no dot leaves before the journal is durable, and none when the journal refuses', async () => {
    const server = await scripted()
    const open = () => sender().open(target(server.port, 'plain'), anonymous, never())
    const slow = await open()
    let durable = false
    await slow.send(mailOf(), async () => {
      // A whole session beside it: what was sent before has arrived by then.
      await (await open()).close()
      expect(server.mails).toEqual([])
      durable = true
    })
    expect(durable).toBe(true)
    expect(server.mails).toHaveLength(1)
    await slow.close()

    const refused = await open()
    const reason = new Error('lease lost')
    expect(await failure(refused.send(mailOf(), () => Promise.reject(reason)))).toBe(reason)
    await refused.close()
    expect(server.mails).toHaveLength(1)
  })

  test('REL-04: a server that says yes before the dot has taken nothing', async () => {
    const server = createServer((socket) => {
      socket.write('220 x\r\n')
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
          if (line.startsWith('EHLO')) socket.write('250 x\r\n')
          else if (/^(MAIL|RCPT)/.test(line)) socket.write('250 ok\r\n')
          else if (line === 'DATA') socket.write('354 go\r\n250 2.0.0 already taken\r\n')
        }
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(async () => void server.close())
    const { port } = server.address() as { port: number }
    const session = await sender().open(target(port, 'plain'), anonymous, never())
    const slowly = () => new Promise<void>((done) => setTimeout(done, 50))
    expect(await failure(session.send(mailOf(), slowly))).toMatchObject({ outcome: 'not-sent', class: 'transient' })
    await session.close()
  })

  test('REL-04: when the caller stops in the middle, nothing is sent', async () => {
    const server = await scripted()
    const stop = new AbortController()
    const session = await sender().open(target(server.port, 'plain'), anonymous, stop.signal)
    const error = await failure(session.send(mailOf(), async () => stop.abort()))
    expect(error).toMatchObject({ code: 'stopped', outcome: 'not-sent' })
    await session.close()
    expect(server.mails).toEqual([])
  })
})

describe('the outside of a session', () => {
  test.each(['starttls', 'implicit', 'plain'] as const)('M-023, M-026: a password over %s', async (mode) => {
    const server = await emulated({ mode })
    const session = await sender().open(target(server.port, mode), byPassword, never())
    const { entries, handingOver } = journal()
    const receipt = await session.send(mailOf(), handingOver)
    expect(receipt).toMatchObject({ refused: [], reply: expect.stringMatching(/^250 /) })
    expect(entries).toEqual([{}])
    expect(server.mails[0]).toMatchObject({ from: 'ana@contoso.example', to: ['bo@example.org'] })
    expect(server.mails[0]!.raw.toString()).toBe(mailOf().raw.toString())
    expect(server.mails[0]!.session).toMatchObject({ secure: mode !== 'plain', method: 'PLAIN' })
    await session.close()
  })

  test('M-026: LOGIN where PLAIN is not offered; a wrong password needs its owner', async () => {
    const server = await scripted({ mechanisms: ['LOGIN'] })
    await (await sender().open(target(server.port, 'plain'), byPassword, never())).close()
    expect(server.commands.map(({ line }) => line)).toContain('AUTH LOGIN')
    const strict = await emulated()
    const wrong: Authority = { kind: 'password', user: 'nobody@contoso.example', password: new Secret('wrong') }
    expect(await failure(sender().open(target(strict.port, 'starttls'), wrong, never()))).toMatchObject({
      class: 'needs-reconnect',
    })
  })

  test('M-025: anonymous submission says no AUTH', async () => {
    const server = await scripted()
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    await session.send(mailOf(), journal().handingOver)
    await session.close()
    expect(server.commands.map(({ line }) => line.split(' ')[0])).toEqual(['EHLO', 'MAIL', 'RCPT', 'DATA', 'QUIT'])
  })

  test('M-027: the SASL string of XOAUTH2 is user, token and two \\x01, nothing else', async () => {
    const server = await scripted({ tls: certificates })
    const session = await sender().open(target(server.port, 'starttls'), byToken(), never())
    await session.close()
    const auth = server.commands.find(({ line }) => line.startsWith('AUTH'))!
    expect(auth.secure).toBe(true)
    const [, mechanism, answer] = auth.line.split(' ')
    expect(mechanism).toBe('XOAUTH2')
    expect(Buffer.from(answer!, 'base64').toString()).toBe(`user=ana@contoso.example\x01auth=Bearer ${token}\x01\x01`)
  })

  test('M-027: a refused token is renewed once, on a new connection', async () => {
    const server = await emulated()
    const renewed = byToken(['stale', token])
    const session = await sender().open(target(server.port, 'starttls'), renewed, never())
    expect(renewed.asked).toEqual([false, true])
    expect(server.connections).toBe(2)
    await session.close()

    const hopeless = byToken(['stale'])
    const error = await failure(sender().open(target(server.port, 'starttls'), hopeless, never()))
    expect(hopeless.asked).toEqual([false, true])
    expect(error).toMatchObject({ class: 'needs-reconnect' })
  })

  test('M-027: the JSON challenge of a refusal is answered by an empty line', async () => {
    const lines: string[] = []
    const challenge = Buffer.from('{"status":"400","schemes":"bearer","scope":"mail"}').toString('base64')
    const server = createServer((socket) => {
      socket.write('220 x gsmtp\r\n')
      socket.on('error', () => undefined)
      socket.on('data', (chunk) => {
        const line = chunk.toString()
        lines.push(line)
        if (line.startsWith('EHLO')) socket.write('250-x\r\n250 AUTH XOAUTH2\r\n')
        else if (line.startsWith('AUTH')) socket.write(`334 ${challenge}\r\n`)
        else if (line === '\r\n') socket.write('535-5.7.8 Username and Password not accepted. gsmtp\r\n535 5.7.8 x\r\n')
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    stops.push(async () => void server.close())
    const { port } = server.address() as { port: number }
    const { login } = await import('../../lib/transports/smtp-login.js')
    const { default: SMTPConnection } = await import('nodemailer/lib/smtp-connection')
    const connection = new SMTPConnection({ host: '127.0.0.1', port, ignoreTLS: true, logger: false })
    await new Promise<void>((done) => connection.connect(() => done()))
    const error = await failure(
      login(connection, { kind: 'bearer', user: 'ana@contoso.example', secret: new Secret(token) }),
    )
    expect(error).toMatchObject({ responseCode: 535 })
    expect(lines.filter((line) => line === '\r\n')).toHaveLength(1)
    connection.close()
  })

  test('M-122: SMTP AUTH switched off for the tenant is told apart and not retried', async () => {
    const server = await emulated()
    const off: Authority = { ...byToken(), user: 'disabled@contoso.example' } as Authority
    const error = await failure(sender().open(target(server.port, 'starttls'), off, never()))
    expect(error).toMatchObject({
      code: 'exo_smtp_smtpclientauthentication_is_disabled_for_the_tenant',
      class: 'needs-admin',
    })
    expect(server.connections).toBe(1)
  })

  test('M-031: a session counts what it handed over', async () => {
    const server = await scripted()
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    for (let i = 0; i < 3; i++) await session.send(mailOf(), journal().handingOver)
    expect(session.sent).toBe(3)
    await session.close()
    expect(server.connections).toBe(1)
    expect(server.mails).toHaveLength(3)
  })
})

describe('SEC-26: encryption is never given up', () => {
  const secretsSeen = (lines: { line: string; secure: boolean }[]) =>
    lines.filter(({ line, secure }) => !secure && /AUTH|MAIL|[A-Za-z0-9+/]{20,}/.test(line))

  test.each(['absent', 'refused'] as const)('SEC-26, M-024: STARTTLS %s: no login', async (startTls) => {
    const server = await scripted(startTls === 'absent' ? {} : { tls: certificates, startTls })
    const error = await failure(sender().open(target(server.port, 'starttls'), byPassword, never()))
    expect(error.code).toBe('starttls_not_offered')
    expect(secretsSeen(server.commands)).toEqual([])
  })

  test('SEC-26: replies injected behind STARTTLS are not believed', async () => {
    const server = await scripted({ tls: certificates, startTls: 'injected' })
    const session = await sender().open(target(server.port, 'starttls'), byPassword, never())
    await session.send(mailOf(), journal().handingOver)
    await session.close()
    expect(server.mails).toHaveLength(1)
    expect(secretsSeen(server.commands)).toEqual([])
  })

  test('SEC-26, M-024: wrong name, expired, self-signed and foreign authority are refused', async () => {
    const bad = await badCertificates(certificates)
    for (const [name, tls] of Object.entries(bad)) {
      for (const mode of ['starttls', 'implicit'] as const) {
        const server = await scripted({ tls, implicitTls: mode === 'implicit' })
        const error = await failure(sender().open(target(server.port, mode), byPassword, never()))
        expect(error, `${name} ${mode}`).toMatchObject({ code: 'tls_untrusted', class: 'needs-admin' })
        expect(secretsSeen(server.commands)).toEqual([])
        expect(server.commands.filter(({ secure }) => secure)).toEqual([])
      }
    }
  })

  test('M-024: an unknown authority is refused, and accepted when the mailbox names it', async () => {
    const server = await scripted({ tls: certificates, implicitTls: true })
    const strict = smtpSender({ lookup: guardedLookup({ allowLoopback: true }) })
    const { smtp } = target(server.port, 'implicit')
    expect(await failure(strict.open({ transport: 'smtp', smtp }, byPassword, never()))).toMatchObject({
      code: 'tls_untrusted',
    })
    const trusting = { ...smtp, ca: certificates.ca }
    await (await strict.open({ transport: 'smtp', smtp: trusting }, byPassword, never())).close()
  })

  test('SEC-26: a token is never offered without TLS', async () => {
    const server = await scripted()
    const authority = byToken()
    expect(await failure(sender().open(target(server.port, 'plain'), authority, never()))).toMatchObject({
      code: 'token_needs_tls',
    })
    expect([authority.asked, server.connections]).toEqual([[], 0])
  })

  test('SEC-34: a refusal that repeats the AUTH line leaves no secret in the error', async () => {
    const server = await scripted({ echoAuth: true, tls: certificates })
    for (const authority of [byPassword, byToken()]) {
      const error = await failure(sender().open(target(server.port, 'starttls'), authority, never()))
      const everything = JSON.stringify([error, error.message, error.stack, String(error.cause)])
      const sasl = server.commands.find(({ line }) => line.startsWith('AUTH'))!.line.split(' ')[2]!
      expect(everything).toContain('[redacted]')
      for (const canary of [password, token, sasl, sasl.slice(8, 30)]) expect(everything).not.toContain(canary)
      // Negative control: the server did repeat it.
      expect(sasl.length).toBeGreaterThan(24)
      server.commands.length = 0
    }
  })
})

describe('REL-06: every recipient has its own answer', () => {
  test('REL-06: partial refusals are listed, the others get the mail', async () => {
    const server = await emulated()
    const session = await sender().open(target(server.port, 'starttls'), byPassword, never())
    const recipients = ['bo@example.org', 'unknown@example.org', 'busy@example.org']
    const receipt = await session.send(mailOf({ recipients }), journal().handingOver)
    expect(receipt.refused).toEqual([
      {
        address: 'unknown@example.org',
        transient: false,
        code: 'smtp_esc_5_1_1',
        remedy: expect.stringMatching(/address/i),
        reply: expect.stringMatching(/^550/),
      },
      {
        address: 'busy@example.org',
        transient: true,
        code: expect.any(String),
        remedy: expect.stringMatching(/\S/),
        reply: expect.stringMatching(/^451/),
      },
    ])
    expect(server.mails[0]!.to).toEqual(['bo@example.org'])
    await session.close()
  })

  test('REL-06: all refused: the mildest answer decides, all are listed, the session goes on', async () => {
    const server = await emulated()
    const session = await sender().open(target(server.port, 'starttls'), byPassword, never())
    const { entries, handingOver } = journal()
    const mixed = await failure(
      session.send(mailOf({ recipients: ['unknown@a.example', 'busy@a.example'] }), handingOver),
    )
    expect(mixed).toBeInstanceOf(AllRefusedError)
    expect(mixed).toMatchObject({ class: 'transient', outcome: 'not-sent' })
    expect((mixed as AllRefusedError).refused.map(({ transient }) => transient)).toEqual([false, true])
    const final = await failure(session.send(mailOf({ recipients: ['unknown@a.example'] }), handingOver))
    expect(final).toMatchObject({ class: 'permanent', code: 'smtp_esc_5_1_1' })
    expect(entries).toEqual([])
    await session.send(mailOf(), handingOver)
    expect(server.connections).toBe(1)
    await session.close()
  })

  test.each([
    ['after-dot', '250-2.0.0 almost\r\n550 5.7.1 Rejected by policy', 'permanent'],
    ['rcpt-to', '250-2.1.5 almost\r\n550 5.1.1 No such user', 'permanent'],
    ['rcpt-to', '450 5.1.1 Greylisted, come again', 'transient'],
    ['after-dot', '451 5.7.1 Greylisted, come again', 'transient'],
    ['rcpt-to', '550 4.2.0 No such user', 'permanent'],
  ] as const)(
    'field 19: %s answered by %j is %s: the last line and its first digit decide (RFC 5321 4.2.1)',
    async (step, words, kind) => {
      const server = await scripted({ says: { [step]: words } })
      const session = await sender().open(target(server.port, 'plain'), anonymous, never())
      const error = await failure(session.send(mailOf(), journal().handingOver))
      expect(error).toMatchObject({ class: kind, outcome: 'not-sent' })
      expect(server.mails).toEqual([])
      await session.close()
    },
  )

  test('field 19: a server that refuses RSET after a refused mail: the next mail is not blamed for it', async () => {
    const server = await scripted({ says: { 'rcpt-to': '550 5.1.1 No such user', rset: '502 5.5.1 Not implemented' } })
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    const { handingOver } = journal()
    expect(await failure(session.send(mailOf(), handingOver))).toMatchObject({ class: 'permanent' })
    expect(await failure(session.send(mailOf(), handingOver))).toMatchObject({
      class: 'transient',
      outcome: 'not-sent',
    })
    await session.close()
  })

  test('REL-05: send-as denied after the dot is final, known, and the connection stays', async () => {
    const server = await emulated()
    const session = await sender().open(target(server.port, 'starttls'), byPassword, never())
    const error = await failure(session.send(mailOf({ from: 'other@contoso.example' }), journal().handingOver))
    expect(error).toMatchObject({ code: 'exo_smtp_sendasdenied', class: 'needs-admin', outcome: 'not-sent' })
    await session.send(mailOf(), journal().handingOver)
    expect(server.connections).toBe(1)
    await session.close()
  })
})

describe('SEC-27, SEC-28: nothing but the intended leaves', () => {
  const hostile = [
    'b@x.example>\r\nRCPT TO:<evil@x.example',
    'b@x.example\r\nRSET',
    'b@x.example\n',
    'b\0@x.example',
    'b@x.example> SIZE=1',
    'b @x.example',
    'b@x\u2028.example',
    '"a b@x.example',
    '"a>b"@x.example',
    'b@',
    '@x.example',
    'b',
    `${'b'.repeat(65)}@x.example`,
    `b@${'x'.repeat(64)}.example`,
    'b@[127.0.0.1]',
    'a,b@x.example',
    'b@x..example',
  ]

  test.each(hostile)('SEC-27: %j is refused before the wire', async (address) => {
    const server = await scripted()
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    for (const change of [{ recipients: ['bo@example.org', address] }, { from: address }]) {
      const error = await failure(session.send(mailOf(change), journal().handingOver))
      expect(error).toMatchObject({ code: 'invalid_address', class: 'permanent', outcome: 'not-sent' })
    }
    await session.send(mailOf(), journal().handingOver)
    await session.close()
    expect(server.commands.map(({ line }) => line)).toEqual([
      expect.stringMatching(/^EHLO /),
      expect.stringMatching(/^MAIL FROM:<ana@contoso.example>/),
      'RCPT TO:<bo@example.org>',
      'DATA',
      'QUIT',
    ])
  })

  test('SEC-27: letters beyond ASCII: a domain becomes IDNA, a name needs a server that takes it', async () => {
    const server = await scripted()
    const session = await sender().open(target(server.port, 'plain'), anonymous, never())
    await session.send(mailOf({ recipients: ['bo@bücher.example'] }), journal().handingOver)
    expect(server.mails[0]!.to).toEqual(['bo@xn--bcher-kva.example'])
    expect(
      await failure(session.send(mailOf({ recipients: ['jürgen@x.example'] }), journal().handingOver)),
    ).toMatchObject({
      code: 'address_needs_smtputf8',
    })
    await session.close()
  })

  test.each(['\n.\n', '\r.\r', '\n.\r\n', '\r\n.\n', '\r\n.\r', '\r.\r\n', '\n.\r', '\r\n.\r\n'])(
    'SEC-28: %j inside a mail ends nothing',
    async (end) => {
      const server = await scripted()
      const session = await sender().open(target(server.port, 'plain'), anonymous, never())
      const smuggled = `Subject: x\r\n\r\nfirst${end}MAIL FROM:<evil@x.example>\r\nRCPT TO:<v@x.example>\r\nDATA\r\nsecond\r\n`
      await session.send(mailOf({ raw: Buffer.from(smuggled) }), journal().handingOver)
      await session.close()
      expect(server.mails).toHaveLength(1)
      expect(server.commands.filter(({ line }) => /evil/.test(line))).toEqual([])
      expect(server.mails[0]!.raw.toString()).not.toMatch(/(^|[^\r])\n|\r(?!\n)/)
    },
  )

  test('M-036: a mail over the size the server named is refused before the wire', async () => {
    const server = await emulated({ maxBytes: 1000 })
    const session = await sender().open(target(server.port, 'starttls'), byPassword, never())
    const error = await failure(session.send(mailOf({ raw: Buffer.alloc(2000, 'a') }), journal().handingOver))
    expect(error).toMatchObject({ code: 'attachment_too_large', class: 'permanent', outcome: 'not-sent' })
    await session.close()
  })
})

describe('SEC-24: only allowed hosts are dialled', () => {
  test('SEC-24: loopback is refused unless local mode allows it, under any spelling', async () => {
    const server = await scripted()
    const strict = sender({ lookup: guardedLookup({ allowLoopback: false }) })
    for (const host of [
      'localhost',
      '127.0.0.1',
      '127.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '::1',
      '::ffff:127.0.0.1',
      '0',
    ]) {
      const error = await failure(strict.open(target(server.port, 'plain', host), anonymous, never()))
      expect(['host_not_allowed', 'net_enotfound', 'net_eai_again', 'unclassified'], `${host} ${error.code}`).toContain(
        error.code,
      )
    }
    expect(server.connections).toBe(0)
    // Negative control: the same host is reached in local mode.
    await (await sender().open(target(server.port, 'plain', '127.0.0.1'), anonymous, never())).close()
    expect(server.connections).toBe(1)
  })

  test('SEC-24: a resolver that flips between calls is asked once; the checked address is the connected one', async () => {
    const server = await scripted()
    let calls = 0
    const lookup = guardedLookup({
      allowLoopback: false,
      resolve: async () => [{ address: calls++ % 2 === 0 ? '192.0.0.8' : '127.0.0.1', family: 4 }],
    })
    for (let i = 0; i < 100; i++)
      await failure(sender({ lookup }).open(target(server.port, 'plain', 'flip.example'), anonymous, never()))
    expect([calls, server.connections]).toEqual([100, 0])
    // Once allowed, the socket goes to the very address that was checked.
    let asked = 0
    const turning = guardedLookup({
      allowLoopback: true,
      resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '10.0.0.1', family: 4 }],
    })
    const session = await sender({ lookup: turning }).open(
      target(server.port, 'plain', 'flip.example'),
      anonymous,
      never(),
    )
    await session.close()
    expect([asked, server.connections]).toEqual([1, 1])
  })

  test('SEC-24: only mail ports', async () => {
    const strict = sender({ allowPort: (port) => port === 587 })
    expect(await failure(strict.open(target(22, 'plain'), anonymous, never()))).toMatchObject({
      code: 'host_not_allowed',
    })
  })
})

// 19-554-greeting.smtp; RFC 5321 3.1 (554), RFC 7504 (521), RFC 5321 3.8 (421).
test.each([554, 521, 421])(
  'field 19: a %i greeting keeps its line, closes the gate only when it is final, and the next connection is served',
  async (code) => {
    const server = await emulated()
    const enhanced = code < 500 ? '4.7.1' : '5.7.1'
    server.control.order('connect', { code, text: `${enhanced} t.example: your address is listed, try again later` })
    const open = () => sender().open(target(server.port, 'starttls'), byPassword, never())
    const error = (await failure(open())) as GatewayError
    expect(error).toMatchObject({
      outcome: 'not-sent',
      peerLine: expect.stringContaining(`${code} ${enhanced} t.example`),
    })
    expect(closesGate(error)).toBe(code !== 421)
    const session = await open()
    expect(await session.send(mailOf(), journal().handingOver)).toMatchObject({ refused: [] })
    await session.close()
  },
)
