/**
 * What the tenant's app is told: ids, states and codes, no bodies. One schema for each type types what a flow emits,
 * shapes what is sent, and appears in the OpenAPI document under `webhooks`.
 */
import * as z from 'zod'
import { count, errorCode, exampleId, id, oneOf, orNull, tenantId, text, time } from './answers/answer-fields.js'

const mailboxId = id('The mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags')
const connectionId = orNull(text('The connection; null when the mailbox has none.', 'c4x7mq2zkw5tn3hdrjfvbeuags'))
const messageId = text('Message-ID header, with angle brackets.', `<${exampleId}@contoso.example>`)
const description = text('What happened, in plain words.', 'The address does not exist.')
const remedy = text('What to do.', 'Correct the address and send the mail again.')

const metadata = z
  .record(z.string(), z.string())
  .meta({ description: 'Metadata that the application gave with the mail.', examples: [{ order: '4711' }] })

const outgoing = {
  mailId: id('The mail.'),
  mailboxId,
  messageId,
  attempts: count('Attempts made.', 1),
  metadata,
}
const refusedCount = count('Recipients refused permanently; GET /mails/{id} names them under refused.', 0)

const data = {
  'mail.received': z.object({
    mailboxId,
    mailboxKey: text('Short key of the mailbox.', 'ana'),
    receivedId: id('The received mail.'),
    messageId: orNull(text('Message-ID header as the sender wrote it; null when it has none.', '<1@fabrikam.example>')),
    receivedAt: time('When the mail server received it.'),
    bytes: count('Size in bytes.', 2048),
  }),
  'mail.quarantined': z.object({
    mailboxId,
    mailboxKey: text('Short key of the mailbox.', 'ana'),
    receivedId: id('The received mail; if it is imported after all, its event mail.received follows.'),
    receivedAt: time('When the mail server received it.'),
    code: errorCode('Why it was not imported.'),
    whoActs: text('Who must act, in plain words.', 'An administrator, after checking the mailbox'),
    description,
    remedy,
  }),
  'mail.sent': z.object({ ...outgoing, refusedCount }),
  'mail.failed': z.object({ ...outgoing, refusedCount, code: errorCode(), description, remedy: orNull(remedy) }),
  'mail.unknown': z.object({ ...outgoing, code: errorCode(), description, remedy }),
  'mail.rejected': z.object({
    queueMessageId: text('Id of the queue message that brought it.', '0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7'),
    code: errorCode(),
    description,
    remedy,
    metadata,
  }),
  'connection.changed': z.object({
    connectionId,
    mailboxId: orNull(mailboxId).describe('The mailbox; null when it concerns every mailbox of the connection.'),
    direction: oneOf(
      ['send', 'receive'],
      'The direction that stopped or works again; null when both are concerned.',
      'send',
    ).nullable(),
    state: oneOf(
      ['connected', 'needs-reconnect', 'needs-admin', 'removed', 'permanent', 'transient'],
      'State of the connection; with a direction, who must act for that direction.',
      'needs-reconnect',
    ),
    code: orNull(errorCode('Why; null when it is connected or was removed.')),
    description: orNull(description).describe('The same in plain words; null when there is nothing to say.'),
    remedy: orNull(remedy).describe('What to do; null when there is nothing to do.'),
  }),
  'sign-in.pending': z.object({
    signInId: id('The sign-in.', 's2x7mq4zkw5tn3hdrjfvbeuagc'),
    kind: oneOf(['connect', 'reconnect', 'admin-consent'], 'What it is for.', 'connect'),
    confirmUntil: time('When it expires.', '2026-02-01T08:00:00.000Z'),
  }),
  'sign-in.ended': z.object({
    signInId: id('The sign-in.', 's2x7mq4zkw5tn3hdrjfvbeuagc'),
    kind: oneOf(['connect', 'reconnect', 'admin-consent'], 'What it was for.', 'connect'),
    state: oneOf(
      ['refused', 'cancelled', 'rejected', 'expired'],
      'refused: the link may be used again; the other states are final.',
      'cancelled',
    ),
    code: text('Stable code of the reason.', 'sign_in_cancelled'),
  }),
}

const summaries: Record<EventType, string> = {
  'mail.received': 'A mail arrived and is stored.',
  'mail.quarantined': 'A mail arrived that could not be imported; the mails after it still arrive.',
  'mail.sent': 'The mail service accepted a mail.',
  'mail.failed': 'A mail was refused permanently, or its deadline has passed.',
  'mail.unknown': 'Nobody can tell whether a mail was sent; a person must decide.',
  'mail.rejected': 'A mail submitted through the queue was not accepted.',
  'connection.changed': 'A connection, or one direction of a mailbox, works again or stopped.',
  'sign-in.pending': 'A tenant administrator must confirm a sign-in.',
  'sign-in.ended': 'A sign-in was refused, or ended without a mailbox.',
}

export type EventType = keyof typeof data
export type EventData<T extends EventType> = z.input<(typeof data)[T]>

const schemaNames = (type: EventType): string =>
  `${type.replace(/(^|[.-])(\w)/g, (_, _dot, letter: string) => letter.toUpperCase())}Event`

const schemaOf = <T extends EventType>(type: T) =>
  z
    .object({
      v: z.literal(1).meta({ description: 'Version of the event.', examples: [1] }),
      id: text(
        'Stable per cause: the same event may come twice, always under the same id.',
        'b5x2mq7zkc4wn3hdrjfvteuags',
      ),
      type: z.literal(type).meta({ description: 'What happened.', examples: [type] }),
      tenant: tenantId,
      time: time('When the event was emitted.'),
      data: data[type].describe('About what.'),
    })
    .meta({ id: schemaNames(type), description: summaries[type] })

export const eventTypes = Object.keys(data) as EventType[]
export const eventSchemas = Object.fromEntries(eventTypes.map((type) => [type, schemaOf(type)])) as {
  [T in EventType]: ReturnType<typeof schemaOf<T>>
}
export const eventSummary = (type: EventType): string => summaries[type]

export interface GatewayEvent<T extends EventType = EventType> {
  v: 1
  /** Stable per cause, so that a repeated hand-over can be recognised. */
  id: string
  type: T
  tenant: string
  /** ISO date. */
  time: string
  data: EventData<T>
}
