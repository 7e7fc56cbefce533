/** The SMTP sender: encryption, what may leave, and which hosts are dialled. */
import { describe, expect, test } from 'vitest'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { badCertificates } from '../../local/emulators/certificate.js'
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
  password,
  scripted,
  sender,
  target,
  token,
  useSmtpServers,
} from '../support/send/smtp-sessions.js'

useSmtpServers()

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
