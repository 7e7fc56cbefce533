/** Mail servers as administrators name them. */
import { X509Certificate } from 'node:crypto'
import * as z from 'zod'
import { line } from './mail-submission.js'
import { type MailProtocol, splitHost, usualPort } from './server-address.js'

export const host = z
  .string()
  .regex(/^[a-zA-Z0-9.:-]{1,253}$/, 'must be a host name or IP address')
  .describe('Host name or IP address; the port may follow it.')
export const tls = z
  .enum(['implicit', 'starttls', 'plain'])
  .describe('implicit: TLS from the first byte. starttls: TLS before the login. plain: none.')
export const ca = z
  .string()
  .max(20_000)
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be a PEM certificate')
  .refine(areCertificates, 'must be a PEM certificate: one of its blocks cannot be read; copy it again')
  .exactOptional()
  .describe('PEM certificate of a private authority against which the server is verified; at most 20000 characters.')
export const port = z
  .number()
  .int()
  .min(1)
  .max(65535)
  .describe('1 to 65535; left out, the port given after the host, or the usual one.')

/** What cannot be read would fail at every connection, with a riddle. */
function areCertificates(text: string): boolean {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  try {
    for (const block of blocks) new X509Certificate(block)
  } catch {
    return false
  }
  return blocks.length > 0
}

/** The port may stand behind the host, or be left to the usual one of protocol and encryption (M-023). */
export const listening =
  (protocol: MailProtocol) =>
  <T extends { host: string; port?: number; tls: z.infer<typeof tls> }>(
    server: T,
    context: z.RefinementCtx,
  ): T & { port: number } => {
    const named = splitHost(server.host)
    const chosen = server.port ?? named.port ?? usualPort(protocol, server.tls)
    if ((named.port ?? chosen) !== chosen)
      context.addIssue({ code: 'custom', path: ['port'], message: 'differs from the port in host; give it only once' })
    if (chosen < 1 || chosen > 65_535)
      context.addIssue({ code: 'custom', path: ['host'], message: 'must have a port from 1 to 65535' })
    return { ...server, host: named.host, port: chosen }
  }

export const imapServer = z
  .strictObject({
    host,
    port: port.exactOptional(),
    tls,
    ca,
    folder: line(200).min(1).default('INBOX').describe('Folder to read; 1 to 200 characters.'),
  })
  .transform(listening('imap'))
  .describe('The server.')

export const smtpServer = z
  .strictObject({
    host,
    port: port.exactOptional(),
    tls,
    ca,
    messagesPerSession: z
      .number()
      .int()
      .min(1)
      .max(1000)
      .exactOptional()
      .describe('Mails per sign-in, 1 to 1000; left out, as the settings say.'),
  })
  .transform(listening('smtp'))
  .describe('The server.')
