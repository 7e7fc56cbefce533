import { once } from 'node:events'
import { connect } from 'node:net'
import { createTransport } from 'nodemailer'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { badCertificates, type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import {
  type ScriptedFault,
  type ScriptedPhase,
  type ScriptedSmtpOptions,
  smtpPhases,
  startScriptedSmtp,
} from '../../local/emulators/smtp/scripted-smtp.js'
import { startSmtpSink } from '../../local/emulators/smtp/smtp-sink.js'
import { type SmtpOptions, startSmtp } from '../../local/emulators/smtp/start-smtp.js'

let certificates: Certificates
const open: { stop(): Promise<void> }[] = []
const accounts: SmtpOptions['accounts'] = (user) =>
  ({
    'ana@contoso.example': { password: 'right', sendAs: ['sendasdenied@contoso.example', 'storing@contoso.example'] },
    'info@contoso.example': { delegates: ['ana@contoso.example'] },
    'disabled@contoso.example': { password: 'right' },
    'throttled@contoso.example': { password: 'right' },
  })[user]
const verifyToken = (token: string) => (token === 'token-of-ana' ? { upn: 'ana@contoso.example' } : undefined)
const ana = { user: 'ana@contoso.example', pass: 'right' }
const mail = { from: 'ana@contoso.example', to: 'kim@example.com', subject: 'Hello', text: 'One\r\n.\r\ntwo' }

beforeAll(async () => {
  certificates = await makeCertificates()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.stop()))
})

async function smtp(options: Partial<SmtpOptions> = {}) {
  const server = await startSmtp({ accounts, verifyToken, mode: 'starttls', tls: certificates, ...options })
  open.push(server)
  return server
}

async function scripted(options: ScriptedSmtpOptions) {
  const server = await startScriptedSmtp(options)
  open.push(server)
  return server
}

const client = (server: { port: number }, more: object = { auth: ana }) =>
  createTransport({
    host: 'localhost',
    port: server.port,
    requireTLS: true,
    tls: { ca: certificates.ca },
    greetingTimeout: 10_000,
    socketTimeout: 10_000,
    ...more,
  })

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: Error) => error as never,
  )

describe('SMTP emulator', () => {
  it('takes a mail over STARTTLS with a password, byte for byte', async () => {
    const server = await smtp()
    await client(server).sendMail(mail)
    expect(server.mails).toHaveLength(1)
    expect(server.mails[0]).toMatchObject({
      from: 'ana@contoso.example',
      to: ['kim@example.com'],
      session: { user: 'ana@contoso.example', secure: true, method: 'PLAIN' },
    })
    expect(server.mails[0]!.raw.toString()).toContain('One\r\n.\r\ntwo')
    expect(server.connections).toBe(1)
  })

  it('takes a mail over implicit TLS with a token, also for a shared mailbox by its delegate', async () => {
    const server = await smtp({ mode: 'implicit' })
    for (const user of ['ana@contoso.example', 'info@contoso.example']) {
      const auth = { type: 'OAuth2', user, accessToken: 'token-of-ana' }
      await client(server, { secure: true, auth }).sendMail({ ...mail, from: user })
    }
    expect(server.mails.map((m) => [m.session.user, m.session.method])).toEqual([
      ['ana@contoso.example', 'XOAUTH2'],
      ['info@contoso.example', 'XOAUTH2'],
    ])
  })

  it('greets without the delay of its library', async () => {
    const server = await smtp()
    // The library greets from a timer; with time standing still its greeting would never come.
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    try {
      const socket = connect(server.port, '127.0.0.1')
      const [greeting] = (await once(socket, 'data')) as [Buffer]
      socket.destroy()
      expect(greeting.toString()).toMatch(/^220 /)
    } finally {
      vi.useRealTimers()
    }
  })

  it('refuses a login in clear text, a bad password and a bad token', async () => {
    const server = await smtp()
    const plain = await failure(client(server, { requireTLS: false, ignoreTLS: true, auth: ana }).sendMail(mail))
    expect(plain).toMatchObject({ responseCode: 538 })
    const password = await failure(client(server, { auth: { user: ana.user, pass: 'wrong' } }).sendMail(mail))
    expect(password).toMatchObject({ code: 'EAUTH', responseCode: 535, response: expect.stringContaining('535 5.7.3') })
    const oauth = { type: 'OAuth2', user: ana.user, accessToken: 'stale' }
    expect(await failure(client(server, { auth: oauth }).sendMail(mail))).toMatchObject({ responseCode: 535 })
    expect(server.mails).toEqual([])
  })

  it.each([
    ['busy@example.com', 451, '4.7.500'],
    ['unknown@example.com', 550, '5.1.1'],
    ['full@example.com', 552, '5.2.2'],
  ])('refuses the recipient %s with %i %s', async (to, code, enhanced) => {
    const server = await smtp()
    const error = await failure(client(server).sendMail({ ...mail, to }))
    expect(error).toMatchObject({ code: 'EENVELOPE', responseCode: code, command: 'RCPT TO' })
    expect((error as unknown as { response: string }).response).toContain(`${code} ${enhanced} `)
  })

  it('greylists once, reports partial refusals, denies foreign senders and oversized mail', async () => {
    const server = await smtp({ maxBytes: 20_000 })
    const greylisted = { ...mail, to: 'greylisted@example.com' }
    expect(await failure(client(server).sendMail(greylisted))).toMatchObject({ responseCode: 451 })
    await client(server).sendMail(greylisted)
    const partly = await client(server).sendMail({ ...mail, to: ['kim@example.com', 'unknown@example.com'] })
    expect(partly.rejected).toEqual(['unknown@example.com'])
    for (const from of ['sendasdenied@contoso.example', 'ben@contoso.example']) {
      const error = await failure(client(server).sendMail({ ...mail, from }))
      expect(error).toMatchObject({ responseCode: 554, response: expect.stringContaining('554 5.2.252 SendAsDenied') })
    }
    const big = await failure(client(server).sendMail({ ...mail, text: 'x\r\n'.repeat(10_000) }))
    expect(big).toMatchObject({ responseCode: 552 })
    const storing = await failure(client(server).sendMail({ ...mail, from: 'storing@contoso.example' }))
    expect(storing).toMatchObject({ responseCode: 432 })
    expect(server.mails).toHaveLength(2)
  })

  it('answers logins as Exchange does when SMTP AUTH is disabled or throttled', async () => {
    const server = await smtp()
    const login = (user: string) => failure(client(server, { auth: { user, pass: 'right' } }).sendMail(mail))
    expect(await login('disabled@contoso.example')).toMatchObject({ response: expect.stringContaining('535 5.7.139') })
    expect(await login('throttled@contoso.example')).toMatchObject({ responseCode: 421 })
  })

  it('misbehaves on order and then recovers', async () => {
    const server = await smtp()
    server.control.order('data', { code: 451, text: '4.3.2 Storage is busy' })
    expect(await failure(client(server).sendMail(mail))).toMatchObject({ responseCode: 451 })
    await client(server).sendMail(mail)
    expect(server.mails).toHaveLength(1)
  })

  it('shows its certificate only under its names', async () => {
    const bad = await badCertificates(certificates)
    for (const tls of Object.values(bad)) {
      const server = await smtp({ tls })
      expect(await failure(client(server).sendMail(mail))).toBeInstanceOf(Error)
      expect(server.logins).toBe(0)
    }
  })
})

describe('REL-04: scripted SMTP server', () => {
  const taken = new Set<ScriptedPhase>(['after-dot', 'after-reply', 'quit'])
  const faults: ScriptedFault[] = ['close', 'reset', 'hang', 'garbage', 421]
  it.each(faults)('breaks by %s at each phase and counts what it took', async (fault) => {
    await Promise.all(
      smtpPhases.map(async (phase) => {
        const server = await scripted({ fault, phase, tls: certificates })
        const large = phase === 'body-before-dot' ? `${'x'.repeat(70)}\r\n` : 'x'
        // Short only where it must run out: a busy machine takes its time everywhere else.
        const patience = fault === 'hang' && phase !== 'quit' ? { greetingTimeout: 1_500, socketTimeout: 1_500 } : {}
        const sending = client(server, { auth: ana, ...patience })
        const error = await failure(sending.sendMail({ ...mail, text: large.repeat(400_000 / large.length) }))
        if (phase === 'quit')
          connect(server.port, '127.0.0.1')
            .on('error', () => undefined)
            .write('QUIT\r\n')
        await expect.poll(() => [phase, server.faults]).toEqual([phase, 1])
        expect([phase, server.mails.length], String(error)).toEqual([
          phase,
          taken.has(phase) && !(phase === 'after-dot' && fault === 421) ? 1 : 0,
        ])
        if (!['after-reply', 'quit'].includes(phase)) expect([phase, error]).toEqual([phase, expect.any(Error)])
      }),
    )
  })

  it('works when nothing is broken, and breaks only as often as told', async () => {
    const server = await scripted({ fault: 'close', phase: 'auth', times: 1, tls: certificates })
    expect(await failure(client(server).sendMail(mail))).toBeInstanceOf(Error)
    await client(server).sendMail(mail)
    expect(server.mails).toMatchObject([{ connection: 2, from: mail.from, to: [mail.to] }])
    expect(server.mails[0]!.raw.toString()).toContain('One\r\n.\r\ntwo')
    expect(server.commands.map((c) => c.line.split(' ')[0]).slice(-7)).toEqual([
      'EHLO',
      'STARTTLS',
      'EHLO',
      'AUTH',
      'MAIL',
      'RCPT',
      'DATA',
    ])
  })

  it.each(['absent', 'refused', 'injected'] as const)(
    'SEC-26: STARTTLS %s gets no credential in clear text',
    async (startTls) => {
      const server = await scripted({ startTls, tls: certificates })
      await failure(client(server).sendMail(mail))
      expect(server.commands.some((c) => !c.secure && c.line.startsWith('AUTH'))).toBe(false)
      // Negative control: a client that does not insist gives its password away to the same server.
      await failure(client(server, { requireTLS: false, ignoreTLS: true, auth: ana }).sendMail(mail))
      expect(server.commands.some((c) => !c.secure && c.line.startsWith('AUTH'))).toBe(true)
    },
  )

  it('SEC-34: repeats the AUTH line in its refusal', async () => {
    const server = await scripted({ echoAuth: true, tls: certificates })
    const error = await failure(client(server).sendMail(mail))
    const line = server.commands.find((c) => c.line.startsWith('AUTH'))!.line
    expect((error as unknown as { response: string }).response).toContain(line)
  })
})

it('the sink takes many mails over one connection', async () => {
  const sink = await startSmtpSink()
  open.push(sink)
  const transport = createTransport({
    host: '127.0.0.1',
    port: sink.port,
    pool: true,
    maxConnections: 1,
    maxMessages: 1000,
    auth: ana,
  })
  await Promise.all(Array.from({ length: 50 }, () => transport.sendMail(mail)))
  transport.close()
  expect([sink.mails, sink.connections]).toEqual([50, 1])
})
