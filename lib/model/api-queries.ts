/** The query parameters of calls: the same definition validates and documents them. */
import * as z from 'zod'
import { mailboxFilterFields } from './mailbox-filter.js'

const wrongLimit = 'must be a whole number from 1 to 200'
const limit = z
  .int(wrongLimit)
  .min(1, wrongLimit)
  .max(200, wrongLimit)
  .default(50)
  .describe('Number of rows to return.')
const after = z
  .string()
  .max(200)
  .optional()
  .describe('`next` of the previous page, unchanged; leave it out for the first page.')
export const pageQuery = z.object({ limit, after })
export const mailboxListQuery = z.object({ limit, after, ...mailboxFilterFields })

const flag = (description: string) => z.boolean().default(false).describe(description)
const mailbox = z
  .string()
  .regex(/^[a-z2-7]{26}$/, 'must be the id of a mailbox, 26 characters')
  .optional()
  .describe('Only this mailbox, by its id.')

export const forced = z.object({ force: flag('Do it even though it is in use.') })

export const holderQuery = z.object({
  address: z
    .string()
    .max(254, 'must have at most 254 characters')
    .regex(/^[^\s@]+@[^\s@]+$/, 'must be one mail address')
    .describe('The mail address.'),
})

const purpose = z
  .string()
  .max(50, 'must have at most 50 characters')
  .default('')
  .describe('Purpose of the mailboxes whose settings are meant; left out: the settings of the whole tenant.')
const dryRun = flag('Check and show the effective values, but change nothing.')
export const purposeQuery = z.object({ purpose })
export const settingsSaveQuery = z.object({ purpose, dryRun })
export const dryRunQuery = z.object({ dryRun })

export const signInListQuery = z.object({
  limit,
  after,
  state: z
    .enum(['pending', 'started', 'returned', 'signed-in', 'confirmed', 'refused', 'cancelled', 'expired'])
    .optional()
    .describe('Only sign-ins in this state; pending: signed in, and an administrator must confirm.'),
})

/** A 31 February would be read as 3 March, and hour 24 as the next day. */
const isOfCalendar = (text: string): boolean =>
  z.iso.date().safeParse(text).success || z.iso.datetime({ offset: true }).safeParse(text).success

const moment = (description: string) =>
  z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/, {
      error: 'must be a day such as 2026-01-31 or a time such as 2026-01-31T08:00:00Z; + is %2B in an address',
      abort: true,
    })
    .refine(isOfCalendar, 'is not a valid calendar time; correct it')
    .optional()
    .describe(description)
const filter = (most: number, description: string) =>
  z
    .string()
    .min(1, 'must not be empty; leave it out')
    .max(most, `must have at most ${most} characters`)
    .optional()
    .describe(description)

export const mailListQuery = z
  .object({
    limit,
    after,
    mailbox,
    recipient: z
      .string()
      .max(320, 'must have at most 320 characters')
      .regex(/^[^\s@<>]+@[^\s@<>]+$/, 'must be a whole mail address such as ana@example.com')
      .optional()
      .describe('A recipient: a whole mail address, in to, cc or bcc.'),
    subject: filter(200, 'Part of the subject, ignoring case; needs the setting keepSubject.'),
    messageId: filter(998, 'Message-ID, with or without its angle brackets.'),
    idempotencyKey: z
      .string()
      .regex(
        /^[\x21-\x7e]{1,200}$/,
        'must have 1 to 200 visible ASCII characters, like every Idempotency-Key; correct it',
      )
      .optional()
      .describe('Idempotency-Key of the submission.'),
    metadata: z
      .string()
      .max(600, 'must have at most 600 characters')
      .regex(/^[A-Za-z0-9_.-]{1,40}:/, 'must be name:value, with the whole value, such as invoice:4711')
      .optional()
      .describe('One metadata entry of the submission, as name:value.'),
    state: z
      .enum(['queued', 'held', 'sending', 'handing-over', 'waiting', 'sent', 'failed', 'unknown', 'cancelled'])
      .optional()
      .describe('Only mail in this state; held: queued and waiting for release.'),
    since: moment('Accepted at this time or later; a day begins at midnight UTC.'),
    until: moment('Accepted before this time.'),
    includeDone: flag('Also finished mail, even without a search.'),
  })
  .refine(({ since, until }) => since === undefined || until === undefined || Date.parse(since) < Date.parse(until), {
    error: 'must be later than since: nothing lies between them',
    path: ['until'],
  })

export const receivedListQuery = z.object({
  limit,
  after,
  state: z.enum(['not-imported']).optional().describe('Only mail that could not be handed over.'),
})

export const logQuery = z.object({
  limit,
  after,
  mailbox,
  log: z.enum(['sending', 'receiving', 'audit']).default('sending').describe('Which log.'),
  day: z
    .string()
    .regex(/^\d{6}(\d\d)?$/, 'must be yyyymmdd, for the audit log yyyymm')
    .optional()
    .describe('Day in UTC as yyyymmdd, or for the audit log month as yyyymm; left out: the current one.'),
  failed: flag('Failures only.'),
  requestId: z
    .string()
    .regex(/^[a-z2-7]{26}$/, 'must be a request id: 26 lower-case letters and digits from 2 to 7')
    .optional()
    .describe('Audit: only the refused sign-in whose page showed this request id.'),
})
