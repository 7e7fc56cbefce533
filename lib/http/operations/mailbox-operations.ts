/** Mailboxes. */
import type { Operation } from '../operation.js'
import {
  act,
  adminBody,
  admins,
  all,
  apiBody,
  connectAnswer,
  list,
  mailAnswer,
  mailboxAnswer,
  query,
  remove,
  show,
} from './operation-kinds.js'

export const mailboxOperations = {
  mailboxCreate: {
    name: 'mailbox-create',
    method: 'POST',
    route: 'api/v1/mailboxes',
    roles: all,
    tenant: true,
    summary: 'Adds a mailbox to an app-only connection and tries it out; other mailboxes are added by a sign-in.',
    body: apiBody('mailboxCreateSchema'),
    answer: mailboxAnswer('addedMailbox'),
    success: [201, 'Added, with a verdict for each direction.'],
    errors: ['sign_in_needed', 'mailbox_exists'],
  },
  mailboxList: list(
    'mailbox-list',
    'mailboxes',
    all,
    'Mailboxes with state and last success per direction.',
    mailboxAnswer('mailboxes'),
  ),
  mailboxShow: show('mailbox-show', 'mailboxes/{id}', 'One mailbox.', mailboxAnswer('mailbox')),
  mailboxChange: {
    name: 'mailbox-change',
    method: 'PATCH',
    route: 'api/v1/mailboxes/{id}',
    roles: admins,
    tenant: true,
    summary: 'Changes a mailbox; default: true makes it the one used when a mail names none.',
    body: adminBody('mailboxChangeSchema'),
    answer: mailboxAnswer('mailbox'),
    success: [200, 'Changed.'],
    errors: ['not_found', 'mailbox_key_taken', 'server_needs_sign_in', 'changed_meanwhile'],
  },
  mailboxRemove: {
    ...remove(
      'mailbox-remove',
      'mailboxes/{id}',
      admins,
      'Removes a mailbox and disconnects it when nothing else uses the connection; forced also the default, and one with open mail, which is cancelled.',
    ),
    query: query('forced'),
    errors: ['not_found', 'mailbox_is_default', 'mailbox_in_use'],
  },
  mailboxPoll: {
    ...act('mailbox-poll-now', 'mailboxes/{id}/poll', all, 'Polls a mailbox now.', mailboxAnswer('polled')),
    limited: 'connect',
  },
  mailboxTestMail: {
    ...act(
      'mailbox-test-mail',
      'mailboxes/{id}/test-mail',
      all,
      'Sends one mail now and answers with its final state, the log row and, when it failed, the diagnosis.',
      mailAnswer('testMail'),
    ),
    errors: ['not_found', 'mailbox_busy', 'no_mail_server'],
    limited: 'connect',
    body: apiBody('testMailSchema'),
  },
  mailboxReconnect: {
    ...act(
      'mailbox-reconnect',
      'mailboxes/{id}/reconnect',
      admins,
      'A link by which the mailbox owner signs in again; id, cursor and history stay, and so do provider, servers and account unless allowChange names them.',
      connectAnswer('startedSignIn'),
    ),
    limited: 'connect',
    body: apiBody('reconnectSchema'),
    bodyOptional: true,
  },
} as const satisfies Record<string, Operation>
