/** Values with which a mailbox fills absent fields of a mail; present ones stay as they are (M-032). */
import * as z from 'zod'
import { headersSchema, line, type MailSubmission, recipientSchema } from './mail-submission.js'

export const messageDefaultsSchema = z.strictObject({
  from: recipientSchema.optional().describe('Sender.'),
  replyTo: recipientSchema.optional().describe('Where replies go.'),
  bcc: z
    .array(recipientSchema)
    .max(20, 'must have at most 20 entries')
    .optional()
    .describe('Blind copies; at most 20.'),
  subject: line(200).optional().describe('Subject; at most 200 characters.'),
  headers: headersSchema.optional().describe('Header fields by name; at most 50.'),
})

export type MessageDefaults = z.infer<typeof messageDefaultsSchema>

/** Complete MIME keeps its header fields; only the envelope is filled. */
export function withDefaults(mail: MailSubmission, defaults: MessageDefaults): MailSubmission {
  const bcc = mail.bcc.length > 0 ? mail.bcc : (defaults.bcc ?? [])
  if (mail.raw !== undefined) return { ...mail, bcc }
  const from = mail.from ?? defaults.from
  const replyTo = mail.replyTo ?? defaults.replyTo
  const given = new Set(Object.keys(mail.headers).map((name) => name.toLowerCase()))
  const added = Object.entries(defaults.headers ?? {}).filter(([name]) => !given.has(name.toLowerCase()))
  return {
    ...mail,
    bcc,
    ...(from === undefined ? {} : { from }),
    ...(replyTo === undefined ? {} : { replyTo }),
    subject: mail.subject === '' ? (defaults.subject ?? '') : mail.subject,
    headers: { ...Object.fromEntries(added), ...mail.headers },
  }
}
