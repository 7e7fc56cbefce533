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
  'queued: accepted. sending, handing-over: a worker has it. waiting: retried later, or somebody must act first. sent: the mail service accepted it. failed: refused permanently. unknown: the connection broke while it was handed over. cancelled: taken back before it left.',
  'sent',
)
const messageId = text(
  'Message-ID header of the mail, with angle brackets; the same in every attempt.',
  '<h3kz6wq2mfa4t7xn5rjcbvudeg@contoso.example>',
)

export const attempt = z
  .object({
    at: time('When it ended.'),
    code: text('sent, cancelled, resolved_…, or the stable word of the error (docs/errors.md).', 'smtp_550_5_1_1'),
    class: orNull(errorClass),
    whoActs: orNull(text('Who must act, in plain words; null when nobody has to.', 'Sender of the mail')),
    text: orNull(
      text('What happened, in plain words; null when there is nothing to say.', 'The address does not exist.'),
    ),
    remedy: orNull(
      text('What to do; null when nothing is to be done.', 'Correct the address and send the mail again.'),
    ),
    reply: orNull(text("The mail service's own line, shortened; null when it said nothing.", '550 5.1.1 User unknown')),
  })
  .meta({ id: 'Attempt', description: 'One attempt to send a mail, or what a person decided about it.' })

export const refusedRecipient = z
  .object({
    address: text('Mail address of the recipient.', 'unknown@fabrikam.example'),
    code: errorCode(),
    remedy: orNull(text('What to do; null when nothing is known.', 'Correct the address and send the mail again.')),
    reply: text("The mail service's own line, or why the gateway did not ask it.", '550 5.1.1 User unknown'),
  })
  .meta({ id: 'RefusedRecipient', description: 'A recipient that was refused permanently while others were accepted.' })

export const mail = z
  .object({
    id: id('Id of the mail.'),
    mailboxId: id('The mailbox it leaves from.', 'q7m2ztn4kc5xw3hdrjfvbeuags'),
    state: mailState,
    held: flag('Waits for release; only while queued.', false),
    from: text('Address of the sender.', 'ana@contoso.example'),
    recipients: listOf(text('Mail address.', 'ben@fabrikam.example'), 'Addresses of to, cc and bcc, each once.'),
    refused: listOf(refusedRecipient, 'Recipients refused permanently; empty when all were accepted.'),
    delivered: listOf(
      text('Mail address.', 'ben@fabrikam.example'),
      'Recipients accepted in an earlier attempt, while others must be retried.',
    ),
    messageId,
    subject: orNull(text('Subject; null unless the setting keepSubject is yes.', 'Your invoice 4711')),
    metadata: z
      .record(z.string(), z.string())
      .meta({ description: 'What the submission gave along; empty when nothing.', examples: [{ invoice: '4711' }] }),
    bytes: count('Size of the whole mail in bytes.', 1834),
    attempts: count('Attempts made so far.', 1),
    lastError: attempt.nullable().describe('The latest attempt when it did not send the mail; else null.'),
    history: listOf(attempt, 'The latest 20 attempts, oldest first.'),
    plannedAt: orNull(time('The start that was asked for; null when there was none, or a person replaced it.')),
    notBefore: orNull(time('The next attempt is not before this time.')),
    deadline: orNull(
      time(
        'The gateway gives up after this time; null for a held mail without one of its own.',
        '2026-02-03T08:00:00.000Z',
      ),
    ),
    lookUpAt: orNull(
      time('Of an unknown mail: when the gateway looks for it in Sent Items; null once only a person can tell.'),
    ),
    whenUnknown: oneOf(
      ['stop', 'resend'],
      'What follows when nobody can tell whether it left: wait for a person, or send once more under the same Message-ID.',
      'stop',
    ),
    acceptedAt: time('When the gateway accepted it.'),
    finalAt: orNull(time('When it was sent, failed or cancelled; null while it is open.', '2026-01-31T08:00:02.000Z')),
  })
  .meta({ id: 'Mail', description: 'A mail that was handed in to be sent.' })

export const acceptedMail = z
  .object({
    id: id('Id of the mail.'),
    state: mailState,
    held: flag('Waits for release.', false),
    created: flag('False: this very mail had been accepted before under the same Idempotency-Key.'),
  })
  .meta({
    id: 'AcceptedMail',
    description: 'The mail is stored durably: it leaves once, or you are told why not.',
    examples: [{ id: exampleId, state: 'queued', held: false, created: true }],
  })

export const mailPage = z
  .object({ mails: listOf(mail, 'The mails of this page.'), next: nextPage })
  .meta({ id: 'MailPage', description: 'One page of mail.' })

export const retriedMails = z
  .object({
    mails: count('Taken up again; with dryRun those that would be. At most 200 in one call.', 12),
    contentGone: count('Whose content is no longer kept; submit them anew.'),
    codes: listOf(text('Code of the last attempt.', 'exo_smtp_sendasdenied'), 'Why they had failed.'),
    more: flag('There may be more: call again.', false),
  })
  .meta({ id: 'RetriedMails', description: 'What became of mails that failed because somebody had to act first.' })

export const testMail = z
  .object({
    mailId: id('Id of the test mail.'),
    logId: orNull(text('Its row in the sending log; null when writing the log failed.', '8230153599999~k3v9qa')),
    state: mailState,
    diagnosis: attempt.nullable().describe('Why it did not leave, and who must act; null when it did.'),
  })
  .meta({ id: 'TestMail', description: 'How a test mail ended.' })
