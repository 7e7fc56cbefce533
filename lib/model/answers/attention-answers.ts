/** What the API answers about what is broken, for a tenant and for one mailbox. */
import * as z from 'zod'
import { attentionKinds } from '../attention.js'
import { errorClass, errorCode, id, listOf, oneOf, orNull, text, time } from './answer-fields.js'

const attentionAction = z
  .object({
    operation: text('The operation it is.', 'mailboxReconnect'),
    label: text('What it does, for a button.', 'Make a reconnect link'),
    method: oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'HTTP method.', 'POST'),
    path: text('Path with its ids.', '/api/v1/mailboxes/q7m2ztn4kc5xw3hdrjfvbeuags/reconnect'),
    body: text('JSON body as far as it is known beforehand; absent: none, or one with a secret.', '{}').optional(),
    console: text('Path below /console that does the same.', '/mailboxes/q7m2ztn4kc5xw3hdrjfvbeuags/reconnect'),
    asks: z
      .literal(true)
      .optional()
      .meta({ description: 'The console asks before it does it.', examples: [true] }),
  })
  .meta({ id: 'AttentionAction', description: 'One call that helps.' })

export const attentionItem = z
  .object({
    tenant: text("Id of the tenant, or ~ for the deployment's own.", 'contoso'),
    kind: oneOf(attentionKinds, 'What is broken.', 'mailbox-send'),
    id: text(
      'Id of what is broken: of the mailbox, connection, registration, endpoint, mail …',
      'q7m2ztn4kc5xw3hdrjfvbeuags',
    ),
    since: time('Since when.'),
    code: errorCode(),
    class: errorClass,
    whoActs: text('Who must act, in plain words.', 'Mailbox owner'),
    description: text('What is wrong.', 'The mailbox owner must sign in again.'),
    remedy: text('What to do.', 'Make a reconnect link and send it to the owner.'),
    peerLine: orNull(text("The server's own line; null when it said nothing.", 'AADSTS700082: …')),
    mailboxId: orNull(id('The mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags')).describe(
      'The mailbox it is about; null when it is about none, or about several.',
    ),
    connectionId: orNull(id('The connection it is about; null when it is about none.', 'c4x7mq2zkw5tn3hdrjfvbeuags')),
    subject: orNull(
      text('What people know it by: an address or a user name; null when there is none.', 'ana@contoso.example'),
    ),
    actions: listOf(attentionAction, 'What helps, as calls of this API; empty when no call does.'),
  })
  .meta({ id: 'AttentionItem', description: 'One thing that is broken now.' })
