/** Mail out and mail in. */
import type { Operation } from '../operation.js'
import { act, all, apiBody, list, paging, show } from './operation-kinds.js'

export const mailOperations = {
  mailSubmit: {
    name: 'mail-submit',
    limited: 'mail',
    method: 'POST',
    route: 'api/v1/mails',
    roles: all,
    tenant: true,
    summary: 'Accepts a mail for sending. With Idempotency-Key the same request gives the same mail.',
    body: async () => (await import('../../model/mail-submission.js')).mailSubmissionSchema,
    maxBytes: 60 * 1024 * 1024,
    headers: { 'Idempotency-Key': 'Up to 200 characters; unique per mail.' },
    success: [202, 'Accepted; durable.'],
    errors: ['too_many_requests', 'no_mail_server', 'from_not_allowed', 'idempotency_conflict', 'mail_too_large'],
  },
  mailShow: show('mail-show', 'mails/{id}', 'State, attempts, last error and remedy of a mail.'),
  mailList: list(
    'mail-list',
    'mails',
    all,
    'Open mail, page by page; includeDone=true adds what was finished today and yesterday.',
    {
      ...paging,
      includeDone: 'true: the last page also has final mails, as many as fit.',
      mailbox: 'Mailbox id.',
    },
  ),
  mailRelease: act('mail-release', 'mails/{id}/release', all, 'Releases a held mail.', ['wrong_state']),
  mailCancel: act('mail-cancel', 'mails/{id}/cancel', all, 'Cancels a mail that has not left.', ['wrong_state']),
  mailRetry: act(
    'mail-retry',
    'mails/{id}/retry',
    all,
    'Ends the wait of a mail, or takes up a failed one again; a planned start (notBefore) is kept.',
    ['wrong_state', 'mail_content_gone'],
  ),
  mailSendNow: act(
    'mail-send-now',
    'mails/{id}/send-now',
    all,
    'Sends a planned or waiting mail now; replaces the planned start.',
    ['wrong_state'],
  ),
  mailResolve: {
    ...act('mail-resolve', 'mails/{id}/resolve', all, 'Decides a mail of unknown outcome.', ['wrong_state']),
    body: apiBody('resolveSchema'),
  },
  receivedList: list('received-list', 'mailboxes/{id}/received', all, 'Received mail, newest first.', {
    ...paging,
    state: 'not-imported lists what could not be handed over.',
  }),
  receivedShow: show('received-show', 'mailboxes/{id}/received/{mail}', 'A received mail as JSON.'),
  receivedAttachment: show(
    'received-attachment',
    'mailboxes/{id}/received/{mail}/attachments/{index}',
    'Bytes of one attachment, as a download of unknown content.',
  ),
  receivedRaw: show('received-raw', 'mailboxes/{id}/received/{mail}/raw', 'A received mail as it arrived.'),
} satisfies Record<string, Operation>
