/** What the API answers about what is broken, for a tenant and for one mailbox. */
import * as z from 'zod'
import { attentionKinds } from '../attention.js'
import { errorClass, errorCode, id, listOf, oneOf, orNull, text, time } from './answer-fields.js'

const attentionAction = z
  .object({
    operation: text('Name of the operation.', 'mailboxReconnect'),
    label: text('What it does, for a button.', 'Create a reconnect link'),
    method: oneOf(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'HTTP method.', 'POST'),
    path: text('Path with its ids.', '/api/v1/mailboxes/q7m2ztn4kc5xw3hdrjfvbeuags/reconnect'),
    body: text('JSON body as far as it is known in advance; absent: no body, or one with a secret.', '{}').optional(),
    console: text('Path below /console that does the same.', '/mailboxes/q7m2ztn4kc5xw3hdrjfvbeuags/reconnect'),
    asks: z
      .literal(true)
      .optional()
      .meta({ description: 'The console asks for confirmation first.', examples: [true] }),
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
    remedy: text('What to do.', 'Create a reconnect link and send it to the owner.'),
    peerLine: orNull(text("The server's response line; null when there was none.", 'AADSTS700082: …')),
    mailboxId: orNull(id('The mailbox.', 'q7m2ztn4kc5xw3hdrjfvbeuags')).describe(
      'The mailbox concerned; null when it concerns none or several.',
    ),
    connectionId: orNull(id('The connection concerned; null when it concerns none.', 'c4x7mq2zkw5tn3hdrjfvbeuags')),
    subject: orNull(
      text(
        'The name that people know it by: an address or a user name; null when there is none.',
        'ana@contoso.example',
      ),
    ),
    actions: listOf(attentionAction, 'Calls of this API that help; empty when none does.'),
  })
  .meta({ id: 'AttentionItem', description: 'One thing that is broken now.' })
