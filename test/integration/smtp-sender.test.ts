/** The SMTP sender at servers that behave: how it signs in, and the answer for each recipient. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../lib/errors.js'
import { closesGate } from '../../lib/flows/send/open-session.js'
import type { Authority } from '../../lib/ports/authority.js'
import { AllRefusedError } from '../../lib/ports/sender.js'
import { Secret } from '../../lib/secret.js'
import { failure } from '../support/general/failure.js'
import {
  anonymous,
  byPassword,
  byToken,
  certificates,
  emulated,
  journal,
  mailOf,
  never,
  scripted,
  sender,
  stops,
  target,
  token,
  useSmtpServers,
} from '../support/send/smtp-sessions.js'

useSmtpServers()

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
      login(connection, {
        kind: 'bearer',
        user: 'ana@contoso.example',
        secret: new Secret(token),
        server: { host: '127.0.0.1', port },
      }),
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

  test('REL-06: all refused: the mildest answer decides, all are listed, the session continues', async () => {
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
