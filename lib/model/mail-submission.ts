/**
 * What an app submits for sending, over HTTP or the queue `outbound-mail`. Strings and base64 only: no paths, URLs or
 * stream objects, so that nothing in a submission can make the gateway read a file or open a connection (SEC-29).
 */
import * as z from 'zod'
import { invalidInput, type Problem } from '../errors.js'
import { judge, mostProblems, refusedInput } from './parse.js'

const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/
export const line = (max: number) =>
  z
    .string()
    .max(max, { error: `must have at most ${max} characters; shorten it`, abort: true })
    .refine((text) => !control.test(text), 'must not contain line breaks or control characters; remove them')

const address = line(320).min(3, 'must be a mail address such as ana@example.com')
export const recipientSchema = z.union(
  [
    address,
    z.strictObject({
      address: address.describe(
        'Mail address; at most 320 characters. Quoted local parts (RFC 5321 4.1.2) and letters of every script (RFC 6531) are accepted; non-ASCII letters before the @ need a mail server with SMTPUTF8.',
      ),
      name: line(200).optional().describe('Display name; at most 200 characters.'),
    }),
  ],
  'must be a mail address, or an object of address and name',
)
const recipients = z.array(recipientSchema).max(1000, 'must have at most 1000 entries; split the mail').default([])

const base64 = (maxChars: number) =>
  z
    .string()
    .max(maxChars, { error: `must have at most ${maxChars} base64 characters; send less`, abort: true })
    .refine(isBase64, 'must be base64 (RFC 4648, with padding, without line breaks)')

/** Linear and without a regular expression over megabytes. */
function isBase64(text: string): boolean {
  if (text.length % 4 !== 0) return false
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  for (let at = 0; at < text.length - padding; at++) {
    const c = text.charCodeAt(at)
    const known = (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 43 || c === 47
    if (!known) return false
  }
  return true
}

const maxBase64 = 210_000_000
const time = z.iso.datetime({ offset: true, error: 'must be a time such as 2026-01-31T08:00:00Z' })

const attachmentSchema = z.strictObject({
  filename: line(200)
    .min(1, 'must not be empty; name the file')
    .refine((name) => !/[/\\]/.test(name), 'must not contain / or \\; give the file name only')
    .describe('File name without a path; 1 to 200 characters.'),
  contentType: line(150)
    .regex(
      /^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+(; ?[a-z0-9-]+=[a-z0-9._+-]+)*$/i,
      'must be a media type such as application/pdf',
    )
    .default('application/octet-stream')
    .describe('Media type; at most 150 characters.'),
  content: base64(maxBase64).describe(
    'The bytes in base64 (RFC 4648) with padding; the whole mail is limited by MAX_MAIL_BYTES.',
  ),
  cid: line(200)
    .regex(/^[^\s<>]+$/, 'must not contain spaces or angle brackets')
    .optional()
    .describe('Content-ID without angle brackets, with which the HTML refers to it as cid:…; at most 200 characters.'),
  disposition: z
    .enum(['attachment', 'inline'], { error: 'must be attachment or inline' })
    .optional()
    .describe('inline: belongs in the text. Left out: inline if there is a cid, otherwise attachment.'),
})

export const headersSchema = z
  .record(z.string().regex(/^[A-Za-z0-9-]{1,76}$/, 'must be a header name of letters, digits and hyphens'), line(2_000))
  .refine((headers) => Object.keys(headers).length <= 50, 'must have at most 50 headers')

const mostMetadata = 4_096
/** The application's own words about a mail; they come back with its state and its events. */
export const metadataSchema = z
  .record(
    z.string().regex(/^[A-Za-z0-9_.-]{1,40}$/, 'must be a name of 1 to 40 letters, digits, _ . and -; rename it'),
    line(500),
  )
  .refine((metadata) => Object.keys(metadata).length <= 20, 'must have at most 20 names; keep the rest on your side')
  .refine(
    (metadata) => Buffer.byteLength(JSON.stringify(metadata)) <= mostMetadata,
    `must have at most ${mostMetadata} bytes as JSON; keep a reference instead`,
  )

const fieldsSchema = z.strictObject({
  mailboxId: z
    .string()
    .max(40, 'must be a mailbox id')
    .optional()
    .describe('Id of the mailbox that sends; without mailboxId, mailbox or purpose, the default mailbox sends.'),
  mailbox: line(320).optional().describe('Short key, name or address of the mailbox that sends, instead of mailboxId.'),
  purpose: line(100).optional().describe('Purpose of the mailbox that sends, instead of mailboxId.'),
  from: recipientSchema
    .optional()
    .describe("Sender: the mailbox's address or another that it may send as; left out, the mailbox itself."),
  to: recipients.describe('Recipients, each an address or an object of address and name; at most 1000.'),
  cc: recipients.describe('Copies; at most 1000.'),
  bcc: recipients.describe('Blind copies; at most 1000.'),
  replyTo: recipientSchema.optional().describe('Where replies go; left out, to the sender.'),
  subject: line(2_000).default('').describe('One line; at most 2000 characters.'),
  text: z
    .string()
    .max(20_000_000, 'must have at most 20000000 characters; attach it instead')
    .optional()
    .describe('Plain text; at most 20000000 characters.'),
  html: z
    .string()
    .max(20_000_000, 'must have at most 20000000 characters; attach it instead')
    .optional()
    .describe("HTML; at most 20000000 characters. If text is given too, the recipient's mail program chooses."),
  attachments: z
    .array(attachmentSchema)
    .max(200, 'must have at most 200 entries; put the files into an archive')
    .default([])
    .describe('Files; at most 200.'),
  headers: headersSchema
    .default({})
    .describe('Further header fields by name; at most 50, values up to 2000 characters.'),
  raw: base64(maxBase64)
    .optional()
    .describe(
      'Complete MIME in base64, instead of subject, text, html, attachments, headers and replyTo. The fields to, cc and bcc decide who gets it. If the mailbox sends by Microsoft Graph, the headers To and Cc may name nobody else.',
    ),
  hold: z.boolean().default(false).describe('The mail waits for release.'),
  notBefore: time.optional().describe('Planned start, with UTC offset; at most a year ahead. Left out: immediately.'),
  deadline: time
    .optional()
    .describe('Time with UTC offset after which the gateway gives up; left out, MAIL_DEADLINE_HOURS after acceptance.'),
  whenUnknown: z
    .enum(['stop', 'resend'], { error: 'must be stop or resend' })
    .optional()
    .describe(
      'What to do when nobody can tell whether it was sent. stop: a person decides. resend: send once more with the same Message-ID.',
    ),
  /** Without a default: the hash of a mail without it stays what older builds made of it. */
  metadata: metadataSchema
    .optional()
    .describe('Your own references by name, returned with state and events; at most 20, values up to 500 characters.'),
})

export const mailSubmissionSchema = fieldsSchema
  .superRefine((mail, context) => {
    for (const { field, message } of problemsTogether(mail))
      context.addIssue({ code: 'custom', path: [field], message })
  })
  .meta({
    id: 'MailSubmission',
    description: 'A mail to send: at least one recipient, and at most one of mailboxId, mailbox and purpose.',
    examples: [
      {
        mailboxId: 'q7m2ztn4kc5xw3hdrjfvbeuags',
        to: [{ address: 'kim@example.com', name: 'Kim' }],
        subject: 'Your invoice 4711',
        text: 'Dear Kim, the invoice is attached.',
        attachments: [{ filename: 'invoice-4711.txt', contentType: 'text/plain', content: 'VG90YWw6IDQyIEVVUgo=' }],
        metadata: { invoice: '4711' },
      },
    ],
  })

/** What is wrong between fields that are each right alone. */
function problemsTogether(mail: z.infer<typeof fieldsSchema>): Problem[] {
  const problems: Problem[] = []
  const problem = (field: string, message: string) => problems.push({ field, message })
  if (mail.to.length + mail.cc.length + mail.bcc.length === 0)
    problem('to', 'must name at least one recipient in to, cc or bcc')
  if ([mail.mailboxId, mail.mailbox, mail.purpose].filter((choice) => choice !== undefined).length > 1)
    problem('mailbox', 'must be the only one of mailboxId, mailbox and purpose')
  const composed =
    mail.subject !== '' ||
    mail.text !== undefined ||
    mail.html !== undefined ||
    mail.attachments.length > 0 ||
    Object.keys(mail.headers).length > 0 ||
    mail.replyTo !== undefined
  if (mail.raw !== undefined && composed)
    problem('raw', 'must stand alone: leave out subject, text, html, attachments, headers and replyTo')
  if (mail.deadline && mail.notBefore && Date.parse(mail.deadline) <= Date.parse(mail.notBefore))
    problem('deadline', 'must be later than notBefore')
  return problems
}

export type MailSubmission = z.infer<typeof mailSubmissionSchema>
export type SubmittedRecipient = z.infer<typeof recipientSchema>

const lists = {
  to: { element: recipientSchema, most: 1_000 },
  cc: { element: recipientSchema, most: 1_000 },
  bcc: { element: recipientSchema, most: 1_000 },
  attachments: { element: attachmentSchema, most: 200 },
} as const

/** A submission as far as it can be read, and everything that is wrong with it so far. */
export interface JudgedSubmission {
  /** Without the fields that cannot be read; undefined when nothing can. */
  submission: MailSubmission | undefined
  problems: Problem[]
  /** Fields that are absent from `submission`, or hold less, because a part of them cannot be read. */
  unread: ReadonlySet<string>
  /** Where the entries of a list stood in what was given. */
  places: Readonly<Record<string, readonly number[]>>
}

/** The submission with its defaults; throws `invalid_input` naming every problem at once. */
export function parseMailSubmission(input: unknown): MailSubmission {
  const { submission, problems } = judgeMailSubmission(input)
  if (problems.length > 0 || submission === undefined) throw refusedInput(problems)
  return submission
}

/**
 * Judges lists entry by entry, so that it can stop after the fiftieth bad one: a refusal must not cost more than a mail
 * (A3). What is right is handed on even so, for checks that know more than the form.
 */
export function judgeMailSubmission(input: unknown): JudgedSubmission {
  refuseProto(input, 'body', 0)
  if (!isObject(input)) throw refusedInput([{ field: 'body', message: 'must be an object' }])
  const problems: Problem[] = []
  const unread = new Set<string>()
  const short: Record<string, unknown> = { ...input }
  const read: Record<string, unknown> = {}
  const places: Record<string, number[]> = {}
  for (const [field, { element, most }] of Object.entries(lists)) {
    const given = short[field]
    if (!Array.isArray(given) || given.length > most) continue
    const wrong = problems.length
    const standing: number[] = []
    places[field] = standing
    read[field] = given.flatMap((entry, at) => {
      if (problems.length >= mostProblems) return []
      const judged = judge<unknown>(element, entry, [field, at])
      if ('problems' in judged) {
        problems.push(...judged.problems)
        return []
      }
      standing.push(at)
      return [judged.data]
    })
    if (problems.length > wrong) unread.add(field)
    // The others were read above.
    short[field] = (read[field] as unknown[]).slice(0, 1)
  }
  const first = judge(fieldsSchema, short)
  if ('problems' in first) {
    problems.push(...first.problems)
    for (const { field } of first.problems) {
      const [name = ''] = field.split(/[.[]/)
      unread.add(name)
      delete short[name]
      delete read[name]
    }
  }
  const second = 'data' in first ? first : judge(fieldsSchema, short)
  if (!('data' in second)) return { submission: undefined, problems: problems.slice(0, mostProblems), unread, places }
  const submission = { ...second.data, ...read } as MailSubmission
  problems.push(...problemsTogether(submission).filter(({ field }) => !unread.has(field)))
  return { submission, problems: problems.slice(0, mostProblems), unread, places }
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** JSON can carry an own key `__proto__`, which copies turn into a prototype. */
function refuseProto(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > 5) return
  if (Object.hasOwn(value, '__proto__')) throw invalidInput(path, 'must not contain the key __proto__; remove it')
  for (const [key, inner] of Object.entries(value)) refuseProto(inner, `${path}.${key}`, depth + 1)
}

/** The metadata of something that never became a mail; empty when there is none that could be kept. */
export function metadataOf(input: unknown): Record<string, string> {
  const given = typeof input === 'object' && input !== null && 'metadata' in input ? input.metadata : undefined
  return metadataSchema.safeParse(given).data ?? {}
}
