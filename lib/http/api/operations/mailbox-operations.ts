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
  serverBody,
  show,
} from './operation-kinds.js'

export const mailboxOperations = {
  mailboxCreate: {
    name: 'mailbox-create',
    method: 'POST',
    route: 'api/v1/mailboxes',
    roles: all,
    tenant: true,
    summary: 'Adds a mailbox to an app-only connection and tests it; other mailboxes are added by a sign-in.',
    body: apiBody('mailboxCreateSchema'),
    answer: mailboxAnswer('addedMailbox'),
    success: [201, 'Added, with a verdict for each direction.'],
    errors: ['sign_in_needed', 'mailbox_exists', 'mailbox_name_taken', 'mailbox_held'],
  },
  serverMailboxCreate: {
    name: 'server-mailbox-create',
    method: 'POST',
    route: 'api/v1/server-mailboxes',
    roles: admins,
    tenant: true,
    summary:
      'Connects a mailbox at mail servers without a sign-in page: tests both directions with their accounts, and stores it only if they work.',
    body: serverBody('serverMailboxSchema'),
    query: query('dryRunQuery'),
    answer: mailboxAnswer('serverMailboxAdded'),
    success: [201, 'Connected; every direction asked for works.'],
    otherwise: [200, 'With dryRun=true: what the test found. Nothing was stored.'],
    errors: ['mailbox_exists', 'mailbox_name_taken', 'mailbox_held', 'mail_server_test_failed'],
    limited: 'connect',
  },
  mailboxList: {
    ...list('mailbox-list', 'mailboxes', {
      roles: all,
      summary:
        'Mailboxes with state and last success per direction, all or those that a filter means. A filtered page may have few rows, or none, and a next page.',
      answer: mailboxAnswer('mailboxPage'),
    }),
    query: query('mailboxListQuery'),
  },
  mailboxShow: show('mailbox-show', 'mailboxes/{id}', { summary: 'One mailbox.', answer: mailboxAnswer('mailbox') }),
  mailboxChange: {
    name: 'mailbox-change',
    method: 'PATCH',
    route: 'api/v1/mailboxes/{id}',
    roles: admins,
    tenant: true,
    summary: 'Changes a mailbox; default: true makes it the mailbox that sends when a mail names none.',
    body: adminBody('mailboxChangeSchema'),
    answer: mailboxAnswer('mailbox'),
    success: [200, 'Changed.'],
    errors: ['not_found', 'mailbox_key_taken', 'mailbox_name_taken', 'server_needs_sign_in', 'changed_meanwhile'],
  },
  mailboxRemove: {
    ...remove('mailbox-remove', 'mailboxes/{id}', {
      roles: admins,
      summary:
        'Removes a mailbox, and its connection when nothing else uses it. With force=true also the default mailbox and one with open mail, which then fails with mailbox_removed.',
    }),
    query: query('forced'),
    errors: ['not_found', 'mailbox_is_default', 'mailbox_in_use'],
  },
  mailboxPoll: {
    ...act('mailbox-poll-now', 'mailboxes/{id}/poll', {
      roles: all,
      summary: 'Polls a mailbox now.',
      answer: mailboxAnswer('polled'),
    }),
    limited: 'connect',
  },
  mailboxCheck: {
    ...act('mailbox-check', 'mailboxes/{id}/check', {
      roles: all,
      summary:
        'Tests sign-in, reading and sending of a mailbox within ten seconds and says where each one stopped; it fetches, sends and changes nothing there. Directions that work now resume immediately.',
      answer: mailboxAnswer('checkedMailbox'),
    }),
    success: [200, 'Tested: what works, and where the rest stopped.'],
    limited: 'connect',
  },
  mailboxImport: {
    ...act('mailbox-import', 'mailboxes/{id}/import', {
      roles: all,
      summary:
        'Imports the mail that a mailbox has in quarantine: each mail is tried once more, and one that fails again returns to quarantine.',
      answer: mailboxAnswer('importAsked'),
    }),
    success: [200, 'How many mails a worker tries now.'],
    limited: 'connect',
  },
  mailboxTestMail: {
    ...act('mailbox-test-mail', 'mailboxes/{id}/test-mail', {
      roles: all,
      summary: 'Sends one mail now and answers with its final state, the log row and, when it failed, the diagnosis.',
      answer: mailAnswer('testMail'),
    }),
    errors: ['not_found', 'mailbox_busy', 'no_mail_server'],
    limited: 'connect',
    body: apiBody('testMailSchema'),
  },
  mailboxRetryMails: {
    ...act('mailbox-retry-mails', 'mailboxes/{id}/retry-mails', {
      roles: all,
      summary:
        'Retries, after a repair, the mails of a mailbox that failed because an administrator or the owner had to act first.',
      answer: mailAnswer('retriedMails'),
    }),
    query: query('dryRunQuery'),
    success: [200, 'How many mails are retried; with dryRun, how many would be.'],
  },
  mailboxReconnect: {
    ...act('mailbox-reconnect', 'mailboxes/{id}/reconnect', {
      roles: admins,
      summary:
        'Creates a link with which the mailbox owner signs in again. Id, cursor and history stay the same, and so do provider, servers and account unless allowChange names them.',
      answer: connectAnswer('startedSignIn'),
    }),
    limited: 'connect',
    body: apiBody('reconnectSchema'),
    bodyOptional: true,
    errors: ['not_found', 'mailbox_unused', 'mailbox_without_sign_in'],
  },
} as const satisfies Record<string, Operation>
