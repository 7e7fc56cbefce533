/** Sessions of the SMTP sender at emulated and scripted servers. */
import type { Authority } from '../../../lib/ports/authority.js'
import type { OutgoingMail } from '../../../lib/ports/sender.js'
import { Secret } from '../../../lib/secret.js'
import { guardedLookup } from '../../../lib/transports/guarded-lookup.js'
import { type SmtpSenderOptions, smtpSender } from '../../../lib/transports/smtp-sender.js'
import { makeCertificates } from '../../../local/emulators/certificate.js'
import { type ScriptedSmtpOptions, startScriptedSmtp } from '../../../local/emulators/smtp/scripted-smtp.js'
import { type SmtpOptions as ServerOptions, startSmtp } from '../../../local/emulators/smtp/start-smtp.js'
import { stopsAfterEach } from '../general/stops-after-each.js'

export const stops: (() => Promise<unknown>)[] = []
export const certificates = await makeCertificates()

export const password = 'canary-Pass-4711'
export const token = 'canaryToken0123456789abcdefGHIJ'
export const anonymous: Authority = { kind: 'anonymous' }
export const byPassword: Authority = { kind: 'password', user: 'ana@contoso.example', password: new Secret(password) }
export const byToken = (tokens = [token]): Authority & { asked: boolean[] } => {
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

export const mailOf = (change: Partial<OutgoingMail> = {}): OutgoingMail => ({
  mailId: 'm1',
  messageId: '<m1@contoso.example>',
  from: 'ana@contoso.example',
  recipients: ['bo@example.org'],
  raw: Buffer.from('From: ana@contoso.example\r\nSubject: Hello\r\n\r\nHello\r\n'),
  ...change,
})

export const sender = (options: Partial<SmtpSenderOptions> = {}) =>
  smtpSender({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca, ...options })

export const target = (port: number, tls: 'implicit' | 'starttls' | 'plain', host = 'localhost') =>
  ({ transport: 'smtp', smtp: { host, port, tls, messagesPerSession: 3 } }) as const

export const never = () => new AbortController().signal
export const journal = () => {
  const entries: object[] = []
  return { entries, handingOver: async (evidence: object) => void entries.push(evidence) }
}

export async function scripted(options: ScriptedSmtpOptions = {}) {
  const server = await startScriptedSmtp(options)
  stops.push(server.stop)
  return server
}

export async function emulated(options: Partial<ServerOptions> = {}) {
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

/** Stops after each test what it started. */
export function useSmtpServers(): void {
  stopsAfterEach(stops)
}
