/** What apps send besides mail. */
import * as z from 'zod'
import { line } from './mail-submission.js'
import { freeName } from './mailbox-name.js'

export const address = z
  .string()
  .max(254, 'must have at most 254 characters')
  .regex(/^[^\s@<>]+@[^\s@<>]+\.[^\s@<>]+$/, 'must be a mail address')

/** How Graph names a mailbox that is not named by its address (M-064). */
export const graphUser = z
  .string()
  .max(254)
  .regex(
    /^([0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[^\s@<>/?#]+@[^\s@<>/?#]+)$/,
    'must be an object id (GUID) or a user principal name',
  )

export const afterReceiveSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('leave').describe('Nothing changes.') }),
  z.strictObject({ action: z.literal('mark-read').describe('It is marked as read.') }),
  z.strictObject({
    action: z.literal('move').describe('It moves to `folder`.'),
    folder: line(200).min(1).describe('Folder it moves to; 1 to 200 characters.'),
  }),
  z.strictObject({ action: z.literal('delete').describe('It is deleted.') }),
])

export const signInStartSchema = z
  .strictObject({
    address: address.describe('Mail address of the mailbox; at most 254 characters.'),
    displayName: line(100).default('').describe('Name shown for the mailbox; at most 100 characters.'),
    name: freeName.optional(),
    expectedUser: address
      .optional()
      .describe(
        'Mail address of the person who will sign in, if it is not the mailbox itself: the delegate of a shared mailbox.',
      ),
    mailboxUser: graphUser
      .optional()
      .describe('Object id or user principal name of a shared mailbox at Microsoft, if it differs from the address.'),
    receive: z.boolean().default(true).describe('The mailbox receives mail.'),
    send: z.boolean().default(true).describe('The mailbox sends mail.'),
    after: afterReceiveSchema
      .optional()
      .describe(
        'What happens to a received mail on the server; left out, as the settings say. A mailbox that only receives and leaves its mail as it is asks for less.',
      ),
    permissions: z
      .literal('full')
      .optional()
      .describe(
        'full: every permission over mail, so that a mailbox that only sends can look up a mail whose outcome is unknown and send large mail. Left out: what the mailbox needs for what it does.',
      ),
    transport: z
      .enum(['auto', 'graph', 'imap-smtp'])
      .default('auto')
      .describe(
        'auto: looked up from the address. graph: Microsoft; the gateway looks nothing up and asks for no password.',
      ),
    registrationId: z
      .string()
      .max(40)
      .optional()
      .describe(
        "Id of the registration to sign in with; left out, the gateway chooses from the tenant's registrations and its own.",
      ),
    returnUrl: z
      .string()
      .max(500)
      .optional()
      .describe("One of the registered return URLs; left out, the sign-in ends on the gateway's own result page."),
    binding: z
      .string()
      .min(16, 'must have at least 16 characters')
      .max(200)
      .optional()
      .describe(
        "Opaque value of 16 to 200 characters, derived from the app user's session; the same value redeems the result code.",
      ),
    confirmation: z
      .enum(['result-code', 'tenant-admin', 'confirmed-by-link'])
      .default('result-code')
      .describe(
        'Who confirms it: the application with the result code, a tenant administrator, or nobody because the link itself confirmed it.',
      ),
  })
  .meta({
    id: 'SignInStart',
    description: 'A mailbox to connect.',
    examples: [
      {
        address: 'ana@contoso.example',
        displayName: 'Ana Smith',
        returnUrl: 'https://app.example.com/connected',
        binding: '3f1d6c0a9b7e42858e0c4d2f',
      },
    ],
  })

/** A link for a mailbox that is connected; without a word nothing but the authority itself changes. */
export const reconnectSchema = z
  .strictObject({
    allowChange: z
      .array(z.enum(['provider', 'server', 'identity']))
      .max(3)
      .optional()
      .describe(
        'What the owner may change: the provider, servers of another owner, the account that signs in. Left out: nothing.',
      ),
    expectedUser: address
      .optional()
      .describe('Mail address of the person who will sign in from now on; for `identity`.'),
    permissions: z
      .literal('full')
      .optional()
      .describe(
        'full: every permission over mail, for a mailbox that so far may only send or only read. Left out: what it needs and had.',
      ),
  })
  .meta({
    id: 'ReconnectInput',
    description: 'A link for a mailbox that is connected.',
    examples: [{ allowChange: ['server'] }],
  })

export const adminConsentSchema = z
  .strictObject({
    mode: z
      .enum(['app-only', 'delegated'])
      .default('app-only')
      .describe('app-only: the application opens mailboxes without a person. delegated: people may connect their own.'),
    registrationId: z.string().max(40).optional().describe('Id of the registration the consent is for.'),
    transport: z
      .enum(['graph', 'imap-smtp'])
      .optional()
      .describe(
        'graph, or left out: permissions of Microsoft Graph. imap-smtp: those of IMAP and SMTP; an Exchange administrator then also registers the application in Exchange.',
      ),
    receive: z.boolean().default(true).describe('Request the permission to read mail.'),
    send: z.boolean().default(true).describe('Request the permission to send mail.'),
  })
  .meta({
    id: 'AdminConsentStart',
    description: 'A consent to request from an administrator.',
    examples: [{ mode: 'app-only', receive: true, send: true }],
  })

/** A mailbox that the application opens without a person. */
export const mailboxCreateSchema = z
  .strictObject({
    connectionId: z
      .string()
      .regex(/^[a-z2-7]{26}$/, 'must be an id of 26 characters')
      .describe('The app-only connection that opens it.'),
    address: address.describe('Mail address of the mailbox; at most 254 characters.'),
    user: graphUser
      .optional()
      .describe('Object id or user principal name at Microsoft, if it differs from the address.'),
    displayName: line(100).default('').describe('Name shown for the mailbox; at most 100 characters.'),
    name: freeName.optional(),
    transport: z
      .enum(['graph', 'imap-smtp'])
      .optional()
      .describe('How its mail is read and sent; left out, as the connection was consented to.'),
    receive: z.boolean().default(true).describe('The mailbox receives mail.'),
    send: z.boolean().default(true).describe('The mailbox sends mail.'),
  })
  .meta({
    id: 'MailboxCreate',
    description: 'A mailbox that the application opens without a person.',
    examples: [
      { connectionId: 'c4x7mq2zkw5tn3hdrjfvbeuags', address: 'invoices@contoso.example', displayName: 'Invoices' },
    ],
  })

export const redeemSchema = z
  .strictObject({
    code: z
      .string()
      .min(1)
      .max(200)
      .describe('The part of `result` after the full stop; it works once, for ten minutes.'),
    binding: z
      .string()
      .min(16)
      .max(200)
      .describe('The binding with which the sign-in was started; 16 to 200 characters.'),
  })
  .meta({
    id: 'SignInRedeem',
    description: 'Proof that the session that started a sign-in also ends it.',
    examples: [{ code: 'Zk3wq7Jm2rT9xB4c', binding: '3f1d6c0a9b7e42858e0c4d2f' }],
  })

export const resolveSchema = z
  .strictObject({
    outcome: z
      .enum(['sent', 'not-sent', 'resend'])
      .describe(
        'sent: it was sent. not-sent: it was not and will not be. resend: send it once more with the same Message-ID.',
      ),
  })
  .meta({
    id: 'MailResolve',
    description: 'What a person found out about a mail whose outcome was unknown.',
    examples: [{ outcome: 'sent' }],
  })

export const testMailSchema = z
  .strictObject({
    to: address.optional().describe('Mail address of the recipient; left out, the mailbox writes to itself.'),
  })
  .meta({
    id: 'TestMailInput',
    description: 'A mail that tests a mailbox.',
    examples: [{ to: 'ana@contoso.example' }],
  })

export type AdminConsentInput = z.infer<typeof adminConsentSchema>
export type MailboxCreateInput = z.infer<typeof mailboxCreateSchema>
export type ReconnectInput = z.infer<typeof reconnectSchema>
export type SignInStartInput = z.infer<typeof signInStartSchema>
