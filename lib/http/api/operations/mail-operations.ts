/** Mail out and mail in. */
import type { Operation } from '../operation.js'
import { act, all, apiBody, list, mailAnswer, query, receivedAnswer, show } from './operation-kinds.js'

export const mailOperations = {
  mailSubmit: {
    name: 'mail-submit',
    limited: 'mail',
    method: 'POST',
    route: 'api/v1/mails',
    roles: all,
    tenant: true,
    summary: 'Accepts a mail for sending. With an Idempotency-Key, repeating the request returns the same mail.',
    body: async () => (await import('../../../model/mail-submission.js')).mailSubmissionSchema,
    answer: mailAnswer('acceptedMail'),
    judgedByFlow: true,
    maxBytes: 60 * 1024 * 1024,
    headers: { 'Idempotency-Key': 'Up to 200 characters; unique per mail.' },
    success: [202, 'Accepted; durable.'],
    answerHeaders: { Location: 'Path of the mail.' },
    errors: [
      'too_many_requests',
      'no_mail_server',
      'from_not_allowed',
      'idempotency_conflict',
      'mail_too_large',
      'mail_too_complex',
      'headers_name_others',
      'mail_not_divisible',
    ],
  },
  mailShow: show('mail-show', 'mails/{id}', {
    summary: 'State, attempts, last error and remedy of a mail.',
    answer: mailAnswer('mail'),
  }),
  mailList: {
    ...list('mail-list', 'mails', {
      roles: all,
      summary:
        'Open mail, page by page. With includeDone=true or a filter other than mailbox, also finished mail, newest first, for as long as it is kept.',
      answer: mailAnswer('mailPage'),
    }),
    query: query('mailListQuery'),
    errors: ['subjects_not_kept'],
  },
  mailRelease: {
    ...act('mail-release', 'mails/{id}/release', {
      roles: all,
      summary: 'Releases a held mail.',
      answer: mailAnswer('mail'),
    }),
    errors: ['not_found', 'wrong_state'],
  },
  mailCancel: {
    ...act('mail-cancel', 'mails/{id}/cancel', {
      roles: all,
      summary: 'Cancels a mail that has not been sent.',
      answer: mailAnswer('mail'),
    }),
    errors: ['not_found', 'wrong_state'],
  },
  mailRetry: {
    ...act('mail-retry', 'mails/{id}/retry', {
      roles: all,
      summary: 'Retries a waiting or failed mail now; a planned start (notBefore) is kept.',
      answer: mailAnswer('mail'),
    }),
    errors: ['not_found', 'wrong_state', 'mail_content_gone'],
  },
  mailSendNow: {
    ...act('mail-send-now', 'mails/{id}/send-now', {
      roles: all,
      summary: 'Sends a planned or waiting mail now; this replaces the planned start.',
      answer: mailAnswer('mail'),
    }),
    errors: ['not_found', 'wrong_state'],
  },
  mailResolve: {
    ...act('mail-resolve', 'mails/{id}/resolve', {
      roles: all,
      summary: 'Resolves a mail whose outcome is unknown.',
      answer: mailAnswer('mail'),
    }),
    body: apiBody('resolveSchema'),
    errors: ['not_found', 'wrong_state'],
  },
  receivedList: {
    ...list('received-list', 'mailboxes/{id}/received', {
      roles: all,
      summary:
        'Received mail, newest first; with state=not-imported, the mail that could not be handed over, in order of id.',
      answer: receivedAnswer('receivedPage'),
    }),
    query: query('receivedListQuery'),
    errors: ['not_found'],
  },
  receivedShow: show('received-show', 'mailboxes/{id}/received/{mail}', {
    summary:
      'A received mail as JSON; a mail that cannot be fully parsed is given as far as possible, with the reason in incomplete.',
    answer: receivedAnswer('receivedMailContent'),
  }),
  receivedAttachment: {
    ...show('received-attachment', 'mailboxes/{id}/received/{mail}/attachments/{index}', {
      summary: 'Bytes of one attachment, as a download of unspecified type.',
      answer: { media: 'application/octet-stream' },
    }),
    errors: ['not_found', 'mail_not_kept'],
  },
  receivedRaw: {
    ...show('received-raw', 'mailboxes/{id}/received/{mail}/raw', {
      summary: 'A received mail as it arrived.',
      answer: { media: 'message/rfc822' },
    }),
    errors: ['not_found', 'mail_not_kept'],
  },
} as const satisfies Record<string, Operation>
