/** What apps send besides mail. */
import * as z from 'zod'
import { line } from './mail-submission.js'

const address = z
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

export const signInStartSchema = z.strictObject({
  address,
  displayName: line(100).default(''),
  /** Who will sign in when it is not the mailbox itself: the delegate of a shared mailbox. */
  expectedUser: address.optional(),
  /** Object id or user principal name of a shared mailbox at Microsoft, when it is not its address. */
  mailboxUser: graphUser.optional(),
  receive: z.boolean().default(true),
  send: z.boolean().default(true),
  /** `graph` chooses Microsoft: nothing is looked up, and no password is asked for. */
  transport: z.enum(['auto', 'graph', 'imap-smtp']).default('auto'),
  registrationId: z.string().max(40).optional(),
  /** One of the registered return URLs; without it the gateway's own result page ends the journey. */
  returnUrl: z.string().max(500).optional(),
  /** Opaque value derived from the app user's session; the same one redeems the result code. */
  binding: z.string().min(16, 'must have at least 16 characters').max(200).optional(),
  confirmation: z.enum(['result-code', 'tenant-admin', 'confirmed-by-link']).default('result-code'),
})

/** A link for a mailbox that is connected; without a word nothing but the authority itself changes. */
export const reconnectSchema = z.strictObject({
  /** What the owner may change: the provider, servers of another owner, the account that signs in. */
  allowChange: z
    .array(z.enum(['provider', 'server', 'identity']))
    .max(3)
    .optional(),
  /** Who will sign in from now on; for `identity`. */
  expectedUser: address.optional(),
})

export const adminConsentSchema = z.strictObject({
  mode: z.enum(['app-only', 'delegated']).default('app-only'),
  registrationId: z.string().max(40).optional(),
  receive: z.boolean().default(true),
  send: z.boolean().default(true),
})

/** A mailbox that the application opens by itself. */
export const mailboxCreateSchema = z.strictObject({
  connectionId: z.string().regex(/^[a-z2-7]{26}$/, 'must be an id of 26 characters'),
  address,
  /** Object id or user principal name at Microsoft, when it is not the address. */
  user: graphUser.optional(),
  displayName: line(100).default(''),
  receive: z.boolean().default(true),
  send: z.boolean().default(true),
})

export const redeemSchema = z.strictObject({
  code: z.string().min(1).max(200),
  binding: z.string().min(16).max(200),
})

export const resolveSchema = z.strictObject({
  outcome: z.enum(['sent', 'not-sent', 'resend']),
})

export const testMailSchema = z.strictObject({
  /** Left out: the mailbox writes to itself. */
  to: address.optional(),
})

export type AdminConsentInput = z.infer<typeof adminConsentSchema>
export type MailboxCreateInput = z.infer<typeof mailboxCreateSchema>
export type ReconnectInput = z.infer<typeof reconnectSchema>
export type SignInStartInput = z.infer<typeof signInStartSchema>
