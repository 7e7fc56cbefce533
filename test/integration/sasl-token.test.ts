/** How an access token is shown to IMAP and SMTP servers, and what their refusals say (M-027, M-051). */
import { describe, expect, test } from 'vitest'
import type { Authority } from '../../lib/ports/authority.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import type { TokenMechanism } from '../../local/emulators/accounts.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import { failure } from '../support/general/failure.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

const stops: (() => Promise<unknown>)[] = []
stopsAfterEach(stops)
const certificates = await makeCertificates()
const lookup = guardedLookup({ allowLoopback: true })
const never = new AbortController().signal
const good = 'the-good-token-0123456789'

interface Server {
  /** Opens a session and closes it again; the mechanism that the server saw. */
  open(authority: Authority): Promise<string>
}

const servers: Record<string, (options: object, user: string) => Promise<Server>> = {
  IMAP: async (options, user) => {
    const server = await startImap({ ...accountOf(user), mode: 'implicit', tls: certificates, ...options })
    stops.push(server.stop)
    const receiver = imapReceiver({ lookup, rootCa: certificates.ca })
    const imap = { host: 'localhost', port: server.port, tls: 'implicit', folder: 'INBOX' } as const
    return {
      open: async (authority) => {
        await (await receiver.open({ transport: 'imap', imap }, authority, never)).close()
        return server.commands.map(({ line }) => /AUTHENTICATE (\S+)/.exec(line)?.[1]).find(Boolean) ?? ''
      },
    }
  },
  SMTP: async (options, user) => {
    const methods: string[] = []
    const server = await startSmtp({
      ...accountOf(user),
      mode: 'implicit',
      tls: certificates,
      enforceSender: false,
      onMail: (_envelope, _raw, { method }) => void methods.push(method ?? ''),
      ...options,
    })
    stops.push(server.stop)
    const sender = smtpSender({ lookup, rootCa: certificates.ca })
    const smtp = { host: 'localhost', port: server.port, tls: 'implicit' } as const
    return {
      open: async (authority) => {
        const session = await sender.open({ transport: 'smtp', smtp }, authority, never)
        const raw = Buffer.from('Subject: Hello\r\n\r\nHello\r\n')
        const mail = {
          mailId: 'm',
          messageId: '<m@example.com>',
          from: 'ana@example.com',
          recipients: ['bo@example.org'],
          raw,
        }
        await session.send(mail, async () => {})
        await session.close()
        return methods[0] ?? ''
      },
    }
  },
}

const accountOf = (user: string) => ({
  accounts: (name: string) => (name === user ? {} : undefined),
  verifyToken: (token: string) => (token === good ? { upn: user } : undefined),
})

const showing = (tokens: string[], user: string): Authority & { asked: boolean[] } => {
  const asked: boolean[] = []
  const token = async ({ renew = false } = {}) => {
    asked.push(renew)
    return new Secret(tokens[Math.min(asked.length, tokens.length) - 1]!)
  }
  return { kind: 'bearer', user, asked, token }
}

describe.each(Object.entries(servers))('%s', (name, start) => {
  test.each([
    [['XOAUTH2'], 'XOAUTH2'],
    [['OAUTHBEARER'], 'OAUTHBEARER'],
    [['XOAUTH2', 'OAUTHBEARER'], 'XOAUTH2'],
    [['OAUTHBEARER', 'XOAUTH2'], 'XOAUTH2'],
  ] as [TokenMechanism[], string][])('M-027, M-051: of %s it gets %s', async (tokenMechanisms, expected) => {
    const server = await start({ tokenMechanisms }, 'ana@example.com')
    expect(await server.open(showing([good], 'ana@example.com'))).toBe(expected)
  })

  test('RFC 5801: a name with the signs of the mechanism signs in as itself', async () => {
    const user = 'ana=a,n@example.com'
    const server = await start({ tokenMechanisms: ['OAUTHBEARER'] }, user)
    expect(await server.open(showing([good], user))).toBe('OAUTHBEARER')
    // Negative control: another name is nobody.
    expect(await failure(server.open(showing([good], 'ana@example.com')))).toMatchObject({ class: 'needs-reconnect' })
  })

  test.each(['XOAUTH2', 'OAUTHBEARER'] as const)(
    'RFC 7628: %s: the challenge to a token that ended is read, and the token renewed once',
    async (mechanism) => {
      const user = 'ana@example.com'
      const tokenRefusal = {
        status: 'invalid_token',
        scope: 'mail',
        'openid-configuration': 'https://login.example.com',
      }
      const server = await start({ tokenMechanisms: [mechanism], tokenRefusal }, user)
      const renewing = showing(['the-token-that-ended', good], user)
      expect(await server.open(renewing)).toBe(mechanism)
      expect(renewing.asked).toEqual([false, true])
      const hopeless = showing(['the-token-that-ended'], user)
      const error = await failure(server.open(hopeless))
      expect(error).toMatchObject({ class: 'needs-reconnect', code: `${name.toLowerCase()}_token_refused` })
      expect(error.peerLine).toContain('"scope":"mail"')
      expect(error.peerLine).not.toContain('the-token-that-ended')
      expect(hopeless.asked).toEqual([false, true])
    },
  )

  test('RFC 7628: a token without the scope for mail is the business of whoever keeps the registration', async () => {
    const tokenRefusal = { status: 'insufficient_scope', scope: 'mail-read mail-send' }
    const server = await start({ tokenMechanisms: ['OAUTHBEARER'], tokenRefusal }, 'ana@example.com')
    const error = await failure(server.open(showing(['without-scope'], 'ana@example.com')))
    expect(error).toMatchObject({ class: 'needs-admin', hint: 'operator', code: `${name.toLowerCase()}_token_scope` })
    expect(error.peerLine).toContain('mail-read mail-send')
  })
})
