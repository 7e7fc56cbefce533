/**
 * What administrators send, compiled once at load. Every object is strict: an unknown field is an error, not a
 * surprise.
 */
import * as z from 'zod'
import { afterReceiveSchema as after, graphUser } from './api-schemas.js'
import { httpsUrl } from './https-url.js'
import { isTenantId } from './ids.js'
import { line } from './mail-submission.js'
import { freeName } from './mailbox-name.js'
import { messageDefaultsSchema } from './message-defaults.js'
import { imapServer, smtpServer } from './server-schemas.js'

export const name = line(100)
  .transform((text) => text.trim())
  .refine((text) => text !== '', 'must not be empty')
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/, 'must be a mail address')

/** Endpoints on this machine (local mode) may have any port. */
const isAllowedPort = (url: URL): boolean => url.port === '' || ['127.0.0.1', 'localhost'].includes(url.hostname)

export const tenantSchema = z
  .strictObject({
    id: z
      .string()
      .refine(isTenantId, 'must have 2 to 32 characters: words of a-z and 0-9 joined by single "-"')
      .describe('2 to 32 characters: words of a-z and 0-9 joined by single hyphens. It never changes.'),
    name: name.describe('Name shown to people; 1 to 100 characters.'),
  })
  .meta({ id: 'TenantInput', description: 'A customer.', examples: [{ id: 'contoso', name: 'Contoso Ltd' }] })

export const apiKeySchema = z
  .strictObject({
    role: z.enum(['app', 'tenant-admin', 'operator']).describe('What the key may do.'),
    name: name.describe('What it is for; 1 to 100 characters.'),
    expiresInDays: z
      .number()
      .int()
      .min(1)
      .max(730)
      .optional()
      .describe('Days until it expires, 1 to 730; left out, it does not expire.'),
  })
  .meta({
    id: 'ApiKeyInput',
    description: 'An API key to create.',
    examples: [{ role: 'app', name: 'invoicing', expiresInDays: 365 }],
  })

export const returnUrlSchema = z
  .strictObject({ url: httpsUrl.describe('https:// URL of at most 500 characters; compared as a whole.') })
  .meta({
    id: 'ReturnUrlInput',
    description: 'Where the browser may return after a sign-in.',
    examples: [{ url: 'https://app.example.com/connected' }],
  })

export const webhookSchema = z
  .strictObject({
    url: httpsUrl
      .refine((text) => URL.canParse(text) && isAllowedPort(new URL(text)), 'must use port 443')
      .describe('https:// URL of at most 500 characters on port 443.'),
  })
  .meta({
    id: 'WebhookInput',
    description: 'Where the gateway posts events.',
    examples: [{ url: 'https://app.example.com/events' }],
  })

const id = z
  .string()
  .regex(/^[a-z2-7]{26}$/, 'must be an id of 26 characters')
  .describe('Id of the connection that authorises it: 26 characters.')

const receive = z.discriminatedUnion('transport', [
  z.strictObject({ transport: z.literal('none').describe('It does not.') }),
  z.strictObject({
    transport: z.literal('graph').describe('Over Microsoft Graph.'),
    connectionId: id,
    user: graphUser
      .optional()
      .describe('Object id or user principal name at Microsoft, if it differs from the address.'),
    folder: line(200).min(1).default('inbox').describe('Folder to read; 1 to 200 characters.'),
    after: after.optional().describe('What happens to a received mail on the server; left out, as the settings say.'),
  }),
  z.strictObject({
    transport: z.literal('imap').describe('Over IMAP.'),
    connectionId: id,
    imap: imapServer,
    after: after.optional().describe('What happens to a received mail on the server; left out, as the settings say.'),
  }),
])
const send = z.discriminatedUnion('transport', [
  z.strictObject({ transport: z.literal('none').describe('It does not.') }),
  z.strictObject({
    transport: z.literal('graph').describe('Over Microsoft Graph.'),
    connectionId: id,
    user: graphUser
      .optional()
      .describe('Object id or user principal name at Microsoft, if it differs from the address.'),
  }),
  z.strictObject({
    transport: z.literal('smtp').describe('Over SMTP.'),
    connectionId: id,
    smtp: smtpServer,
  }),
])

export const mailboxChangeSchema = z
  .strictObject({
    key: z
      .string()
      .regex(/^[a-z0-9]{1,5}$/, 'must have 1 to 5 characters of a-z and 0-9')
      .optional()
      .describe('Short key: 1 to 5 characters of a-z and 0-9.'),
    name: freeName.optional(),
    displayName: line(100).optional().describe('Name shown for the mailbox; at most 100 characters.'),
    description: line(500).optional().describe('For people; at most 500 characters.'),
    purpose: line(50)
      .optional()
      .describe('Word with which mails and settings choose among mailboxes; at most 50 characters.'),
    active: z.boolean().optional().describe('false: switched off; it neither receives mail nor accepts mail to send.'),
    default: z
      .literal(true)
      .optional()
      .describe('It becomes the mailbox that sends mail that names none, in place of any other.'),
    addressDefault: z
      .literal(true)
      .optional()
      .describe(
        'Of several mailboxes at its address it becomes the one that the address means, in place of any other.',
      ),
    sendAs: z.array(address).max(50).optional().describe('Other addresses it may send as; at most 50. Replaces all.'),
    defaults: messageDefaultsSchema
      .optional()
      .describe('Values for fields that a mail leaves empty. Replaces all defaults; {} for none.'),
    receive: receive.optional().describe('How it receives.'),
    send: send.optional().describe('How it sends.'),
  })
  .meta({
    id: 'MailboxChange',
    description: 'What to change; fields that are left out stay the same.',
    examples: [{ displayName: 'Invoices', purpose: 'billing', sendAs: ['billing@contoso.example'] }],
  })

/** Names, kinds and limits are checked against the settings table, all at once. */
export const settingsSchema = z
  .record(z.string().max(50), z.union([line(300), z.number()], 'must be text or a number'))
  .refine((values) => Object.keys(values).length <= 50, 'must have at most 50 settings')
  .meta({
    id: 'SettingsInput',
    description:
      'Values by name of the setting (docs/configuration.md), at most 50; a setting that is left out falls back to the next level.',
    examples: [{ keepSubject: 'yes' }],
  })

export type TenantInput = z.infer<typeof tenantSchema>
export type ApiKeyInput = z.infer<typeof apiKeySchema>
export type MailboxChange = z.infer<typeof mailboxChangeSchema>
