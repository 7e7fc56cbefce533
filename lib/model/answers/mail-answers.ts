/** What the API answers about mail that is sent. */
import * as z from 'zod'
import {
  count,
  errorClass,
  errorCode,
  exampleId,
  flag,
  id,
  listOf,
  nextPage,
  oneOf,
  orNull,
  text,
  time,
} from './answer-fields.js'

const mailStates = ['queued', 'sending', 'handing-over', 'waiting', 'sent', 'failed', 'unknown', 'cancelled'] as const

export const mailState = oneOf(
  mailStates,
  'queued: accepted. sending, handing-over: a worker is sending it. waiting: the gateway retries later, or somebody must act first. sent: the mail service accepted it. failed: refused permanently. unknown: the connection broke while it was handed over. cancelled: cancelled before it was sent.',
  'sent',
)
const messageId = text(
  'Message-ID header of the mail, with angle brackets; the same in every attempt.',
  '<h3kz6wq2mfa4t7xn5rjcbvudeg@contoso.example>',
)

export const attempt = z
  .object({
    at: time('When it ended.'),
    code: text('sent, cancelled, resolved_…, or the stable error code (docs/errors.md).', 'smtp_550_5_1_1'),
    class: orNull(errorClass),
    whoActs: orNull(text('Who must act, in plain words; null when nobody has to.', 'Sender of the mail')),
    text: orNull(
      text('What happened, in plain words; null when there is nothing to say.', 'The address does not exist.'),
    ),
    remedy: orNull(
      text('What to do; null when there is nothing to do.', 'Correct the address and send the mail again.'),
    ),
    reply: orNull(
      text("The mail service's response line, shortened; null when there was none.", '550 5.1.1 User unknown'),
    ),
  })
  .meta({ id: 'Attempt', description: 'One attempt to send a mail, or what a person decided about it.' })

export const refusedRecipient = z
  .object({
    address: text('Mail address of the recipient.', 'unknown@fabrikam.example'),
    code: errorCode(),
    remedy: orNull(text('What to do; null when nothing is known.', 'Correct the address and send the mail again.')),
    reply: text("The mail service's response line, or why the gateway did not ask it.", '550 5.1.1 User unknown'),
  })
  .meta({ id: 'RefusedRecipient', description: 'A recipient that was refused permanently while others were accepted.' })

export const mail = z
  .object({
    id: id('Id of the mail.'),
    mailboxId: id('The mailbox that sends it.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    state: mailState,
    held: flag('The mail waits for release; only while queued.', false),
    from: text('Address of the sender.', 'ana@contoso.example'),
    recipients: listOf(text('Mail address.', 'ben@fabrikam.example'), 'Addresses of to, cc and bcc, each once.'),
    refused: listOf(refusedRecipient, 'Recipients refused permanently; empty when all were accepted.'),
    delivered: listOf(
      text('Mail address.', 'ben@fabrikam.example'),
      'Recipients accepted in an earlier attempt, while the gateway still retries others.',
    ),
    messageId,
    subject: orNull(text('Subject; null unless the setting keepSubject is yes.', 'Your invoice 4711')),
    metadata: z
      .record(z.string(), z.string())
      .meta({ description: 'Metadata of the submission; empty when there is none.', examples: [{ invoice: '4711' }] }),
    bytes: count('Size of the whole mail in bytes.', 1834),
    attempts: count('Attempts made so far.', 1),
    lastError: attempt.nullable().describe('The latest attempt if it did not send the mail; otherwise null.'),
    history: listOf(attempt, 'The latest 20 attempts, oldest first.'),
    plannedAt: orNull(time('The requested start; null when there was none, or when a person replaced it.')),
    notBefore: orNull(time('The next attempt is made no earlier than this.')),
    deadline: orNull(
      time(
        'The gateway gives up after this time; null for a held mail without a deadline of its own.',
        '2026-02-03T08:00:00.000Z',
      ),
    ),
    lookUpAt: orNull(
      time('For an unknown mail: when the gateway looks for it in Sent Items; null once only a person can tell.'),
    ),
    whenUnknown: oneOf(
      ['stop', 'resend'],
      'What happens when nobody can tell whether it was sent: wait for a person, or send once more with the same Message-ID.',
      'stop',
    ),
    acceptedAt: time('When the gateway accepted it.'),
    finalAt: orNull(
      time('When it was sent, failed or was cancelled; null while it is open.', '2026-01-31T08:00:02.000Z'),
    ),
  })
  .meta({ id: 'Mail', description: 'A mail that was submitted for sending.' })

export const acceptedMail = z
  .object({
    id: id('Id of the mail.'),
    state: mailState,
    held: flag('The mail waits for release.', false),
    created: flag('False: the same mail had already been accepted with this Idempotency-Key.'),
  })
  .meta({
    id: 'AcceptedMail',
    description: 'The mail is stored durably: it is sent once, or you are told why not.',
    examples: [{ id: exampleId, state: 'queued', held: false, created: true }],
  })

export const mailPage = z
  .object({ mails: listOf(mail, 'The mails of this page.'), next: nextPage })
  .meta({ id: 'MailPage', description: 'One page of mail.' })

export const retriedMails = z
  .object({
    mails: count('Mails that are retried; with dryRun, those that would be. At most 200 per call.', 12),
    contentGone: count('Mails whose content is no longer kept; submit them again.'),
    codes: listOf(text('Code of the last attempt.', 'exo_smtp_sendasdenied'), 'Why they had failed.'),
    more: flag('There may be more mails: repeat the call.', false),
  })
  .meta({ id: 'RetriedMails', description: 'What happened to mails that failed because somebody had to act first.' })

export const testMail = z
  .object({
    mailId: id('Id of the test mail.'),
    logId: orNull(text('Its row in the sending log; null when writing the log failed.', '8230153599999~k3v9qa')),
    state: mailState,
    diagnosis: attempt.nullable().describe('Why it was not sent, and who must act; null when it was.'),
  })
  .meta({ id: 'TestMail', description: 'How a test mail ended.' })
