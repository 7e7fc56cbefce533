/** What administrators send, compiled once at load. Every object is strict: an unknown field is an error, not a surprise. */
import * as z from 'zod'
import { graphUser } from './api-schemas.js'
import { isTenantId } from './ids.js'
import { line } from './mail-submission.js'
import { messageDefaultsSchema } from './message-defaults.js'
import { type MailProtocol, splitHost, usualPort } from './server-address.js'

const name = line(100)
  .transform((text) => text.trim())
  .refine((text) => text !== '', 'must not be empty')
const httpsUrl = z
  .string()
  .max(500)
  .refine(
    (text) => URL.canParse(text) && isAllowedUrl(new URL(text)),
    'must be an https:// URL without user name, password or fragment',
  )
const host = z.string().regex(/^[a-zA-Z0-9.:-]{1,253}$/, 'must be a host name or IP address')
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/, 'must be a mail address')

function isAllowedUrl(url: URL): boolean {
  if (url.username !== '' || url.password !== '' || url.hash !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname))
}

/** Endpoints on this machine (local mode) may have any port. */
const isAllowedPort = (url: URL): boolean => url.port === '' || ['127.0.0.1', 'localhost'].includes(url.hostname)

export const tenantSchema = z.strictObject({
  id: z.string().refine(isTenantId, 'must have 2 to 32 characters: words of a-z and 0-9 joined by single "-"'),
  name,
})

export const apiKeySchema = z.strictObject({
  role: z.enum(['app', 'tenant-admin', 'operator']),
  name,
  expiresInDays: z.number().int().min(1).max(730).optional(),
})

export const returnUrlSchema = z.strictObject({ url: httpsUrl })

export const webhookSchema = z.strictObject({
  url: httpsUrl.refine((text) => URL.canParse(text) && isAllowedPort(new URL(text)), 'must use port 443'),
})

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const registrationSchema = z.strictObject({
  name,
  kind: z.literal('microsoft'),
  clientId: z.string().regex(guid, 'must be the application (client) id: a GUID'),
  /** Microsoft tenant: GUID, `common`, `organizations` or `consumers` (M-052). */
  directory: z
    .string()
    .refine(
      (text) => guid.test(text) || ['common', 'organizations', 'consumers'].includes(text),
      'must be a tenant id (GUID), "common", "organizations" or "consumers"',
    ),
  /** Left out: keeps the stored secret, or a public client when there is none. */
  clientSecret: z.string().min(1).max(1000).optional(),
  clientSecretExpiresAt: z.iso.datetime().optional(),
})

const tls = z.enum(['implicit', 'starttls', 'plain'])
const ca = z
  .string()
  .max(20_000)
  .regex(/-----BEGIN CERTIFICATE-----/, 'must be a PEM certificate')
  .optional()
const port = z.number().int().min(1).max(65535)

/** The port may stand behind the host, or be left to the usual one of protocol and encryption (M-023). */
const listening =
  (protocol: MailProtocol) =>
  <T extends { host: string; port?: number | undefined; tls: z.infer<typeof tls> }>(
    server: T,
    context: z.RefinementCtx,
  ): T & { port: number } => {
    const named = splitHost(server.host)
    const chosen = server.port ?? named.port ?? usualPort(protocol, server.tls)
    if ((named.port ?? chosen) !== chosen)
      context.addIssue({ code: 'custom', path: ['port'], message: 'is another than the one in host; give it once' })
    if (chosen < 1 || chosen > 65_535)
      context.addIssue({ code: 'custom', path: ['host'], message: 'must have a port from 1 to 65535' })
    return { ...server, host: named.host, port: chosen }
  }

const after = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('leave') }),
  z.strictObject({ action: z.literal('mark-read') }),
  z.strictObject({ action: z.literal('move'), folder: line(200).min(1) }),
  z.strictObject({ action: z.literal('delete') }),
])
const id = z.string().regex(/^[a-z2-7]{26}$/, 'must be an id of 26 characters')

const receive = z.discriminatedUnion('transport', [
  z.strictObject({ transport: z.literal('none') }),
  z.strictObject({
    transport: z.literal('graph'),
    connectionId: id,
    user: graphUser.optional(),
    folder: line(200).min(1).default('inbox'),
    after: after.optional(),
  }),
  z.strictObject({
    transport: z.literal('imap'),
    connectionId: id,
    imap: z
      .strictObject({ host, port: port.optional(), tls, ca, folder: line(200).min(1).default('INBOX') })
      .transform(listening('imap')),
    after: after.optional(),
  }),
])
const send = z.discriminatedUnion('transport', [
  z.strictObject({ transport: z.literal('none') }),
  z.strictObject({ transport: z.literal('graph'), connectionId: id, user: graphUser.optional() }),
  z.strictObject({
    transport: z.literal('smtp'),
    connectionId: id,
    smtp: z
      .strictObject({
        host,
        port: port.optional(),
        tls,
        ca,
        messagesPerSession: z.number().int().min(1).max(1000).optional(),
      })
      .transform(listening('smtp')),
  }),
])

export const mailboxChangeSchema = z.strictObject({
  key: z
    .string()
    .regex(/^[a-z0-9]{1,5}$/, 'must have 1 to 5 characters of a-z and 0-9')
    .optional(),
  displayName: line(100).optional(),
  description: line(500).optional(),
  purpose: line(50).optional(),
  active: z.boolean().optional(),
  default: z.literal(true).optional(),
  sendAs: z.array(address).max(50).optional(),
  /** Replaces all defaults; {} for none. */
  defaults: messageDefaultsSchema.optional(),
  receive: receive.optional(),
  send: send.optional(),
})

/** Names, kinds and limits are checked against the settings table, all at once. */
export const settingsSchema = z
  .record(z.string().max(50), z.union([line(300), z.number()], 'must be text or a number'))
  .refine((values) => Object.keys(values).length <= 50, 'must have at most 50 settings')

export type TenantInput = z.infer<typeof tenantSchema>
export type ApiKeyInput = z.infer<typeof apiKeySchema>
export type RegistrationInput = z.infer<typeof registrationSchema>
export type MailboxChange = z.infer<typeof mailboxChangeSchema>
