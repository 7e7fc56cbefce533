/** What the API answers about itself, what happened, and what is broken now. */
import * as z from 'zod'
import { count, exampleId, flag, id, listOf, nextPage, oneOf, orNull, text, time } from './answer-fields.js'
import { attentionItem } from './attention-answers.js'

export const health = z
  .object({
    ok: flag('Everything works.'),
    checks: listOf(
      z
        .object({
          name: oneOf(
            ['tables', 'queues', 'blobs', 'vault', 'clock', 'timers', 'balance', 'messages'],
            'What was checked.',
            'tables',
          ),
          ok: flag('It works.'),
          code: orNull(text('Stable code of what is wrong; null when it works.', 'storage_unavailable')),
          text: text('What was found.', 'answers'),
          remedy: orNull(text('What to do; null when it works.', 'Check the network rules.')),
        })
        .meta({ id: 'HealthCheck', description: 'The verdict on one dependency.' }),
      'One verdict per dependency.',
    ),
  })
  .meta({ id: 'Health', description: 'Whether the gateway and what it depends on work.' })

export const version = z
  .object({
    version: text('Version of this build.', '0.1.0'),
    commit: orNull(text('Commit it was built from; null when run from source.', 'c88b33d')),
    capabilities: z
      .object({
        providers: listOf(text('Name.', 'microsoft'), 'Identity providers.'),
        senders: listOf(text('Name.', 'graph'), 'Ways to send.'),
        receivers: listOf(text('Name.', 'imap'), 'Ways to receive.'),
        webhooks: listOf(text('Name.', 'standard-webhooks'), 'How events are signed.'),
      })
      .describe('What this build can do.'),
  })
  .meta({ id: 'Version', description: 'Version of the gateway.' })

export const openApiDocument = z
  .record(z.string(), z.unknown())
  .meta({ id: 'OpenApiDocument', description: 'An OpenAPI 3.1 document.', examples: [{ openapi: '3.1.0' }] })

const mailboxId = id('The mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags')

/** One shape for the three logs, so that a client reads them alike; which fields a row has depends on what happened. */
const logRow = z
  .object({
    id: text('Id of the row; newer rows have smaller ones.', '8230153599999~k3v9qa'),
    at: time('When.'),
    tenant: text("Id of the tenant, or ~ for the deployment's own rows.", 'contoso'),
    failed: flag('Something did not work.', false),
    mailId: id('Sending: the mail.', exampleId).optional(),
    mailboxId: mailboxId.optional(),
    receivedId: id('Receiving: the received mail.', exampleId).optional(),
    connectionId: text('The connection; may be empty.', 'c4x7mq2zkw5tn3hdrjfvbeuags').optional(),
    endpointId: id('The webhook endpoint.', 'w4x7mq2zkc5tn3hdrjfvbeuags').optional(),
    messageId: text('Id of a queue message that was removed.', exampleId).optional(),
    queueMessageId: text(
      'Id of the queue message that brought a mail.',
      '0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7',
    ).optional(),
    state: text('Sending: state of the mail afterwards, or rejected, event-dropped.', 'sent').optional(),
    attempt: count('Sending: which attempt.', 1).optional(),
    recipients: text('Sending: the first recipients, masked.', 'b…n@fabrikam.example').optional(),
    recipientCount: count('Sending: how many recipients.', 1).optional(),
    refusedCount: count('Sending: how many recipients were refused permanently.', 0).optional(),
    bytes: count('Sending: size of the mail in bytes.', 1834).optional(),
    outcome: oneOf(
      ['received', 'not-imported', 'set-aside', 'gone', 'recovered', 'resynced', 'failed'],
      'Receiving: how the poll ended.',
      'received',
    ).optional(),
    handedOver: count('Receiving: mails handed over.', 1).optional(),
    quarantined: count('Receiving: mails put into quarantine.', 0).optional(),
    duplicates: count('Receiving: mails that were already known.', 0).optional(),
    resynced: flag('Receiving: the position was lost and found again.', false).optional(),
    failures: count('Receiving: consecutive failures.', 1).optional(),
    attempts: count('How many times it was tried.', 1).optional(),
    action: text('Audit: what was done, by operation or as one word.', 'mailbox-connected').optional(),
    subject: text('Audit: id of the object of the action.', 'q7m2ztn4kc5xw3hdrjfvbeuags').optional(),
    role: oneOf(['app', 'tenant-admin', 'operator'], 'Audit: role of the key that did it.', 'app').optional(),
    keyId: text('Audit: the API key that did it.', 'k3v9qa2m').optional(),
    signInId: id('Audit: the sign-in that it started.', 'q7m2ztn4kc5xw3hdrjfvbeuags').optional(),
    allowed: text(
      'Audit: what a confirmed reconnect was allowed to change, as words separated by spaces.',
      'server identity',
    ).optional(),
    changes: text('Audit: what a reconnect may change, as words separated by spaces.', 'server identity').optional(),
    revocation: text(
      'Audit: what happened to the authority at the provider.',
      'not offered by the provider',
    ).optional(),
    code: text('Stable code of the outcome or error.', 'sent').optional(),
    class: text('Who must act; may be empty.', 'permanent').optional(),
    description: text('What happened, in plain words; may be empty.', 'The address does not exist.').optional(),
    remedy: text('What to do; may be empty.', 'Correct the address.').optional(),
    peerLine: text(
      "The server's or the identity provider's own words, without secrets; may be empty.",
      '550 5.1.1 User unknown',
    ).optional(),
    requestId: id('Audit: the request id that the page of a refused sign-in shows.', exampleId).optional(),
    trace: text(
      'Audit: by which the identity provider finds a refusal in its own logs; may be empty.',
      'trace_id=0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7 timestamp=2026-12-01 10:15:00Z',
    ).optional(),
  })
  .meta({ id: 'LogRow', description: 'One row of a log. Fields that do not apply are absent.' })

export type LogRow = z.input<typeof logRow>
export const logPage = z
  .object({ rows: listOf(logRow, 'Newest first.'), next: nextPage })
  .meta({ id: 'LogPage', description: 'One page of a log; the last one may be empty.' })

export const attentionPage = z
  .object({ attention: listOf(attentionItem, 'By kind; empty when all is well.'), next: nextPage })
  .meta({
    id: 'AttentionPage',
    description: 'One page of what is broken now; it may contain fewer rows than requested.',
  })
