/** What happened, and what is broken now. */
import type { Operation } from '../operation.js'
import { all, limit, list } from './operation-kinds.js'

export const watchOperations = {
  logList: {
    ...list('log-list', 'logs', all, 'Sending, receiving or audit log of one day, newest first.', {
      ...limit,
      log: 'sending, receiving or audit; default sending.',
      day: 'yyyymmdd (audit: yyyymm), default today.',
      failed: 'true: failures only.',
      mailbox: 'Mailbox id.',
    }),
    deployment: true,
  },
  attentionList: list('attention-list', 'attention', all, 'What is broken now, who must act and what to do.'),
} satisfies Record<string, Operation>
