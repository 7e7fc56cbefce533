/** What happened, and what is broken now. */
import type { Operation } from '../operation.js'
import { all, list, query, watchAnswer } from './operation-kinds.js'

export const watchOperations = {
  logList: {
    ...list('log-list', 'logs', {
      roles: all,
      summary: 'Sending, receiving or audit log of one day, newest first.',
      answer: watchAnswer('logPage'),
    }),
    query: query('logQuery'),
    deployment: true,
  },
  attentionList: {
    ...list('attention-list', 'attention', {
      roles: all,
      summary:
        'What is broken now, who must act and what to do. Operators who send x-tenant: ~ get that of every tenant and of the deployment.',
      answer: watchAnswer('attentionPage'),
    }),
    deployment: true,
  },
} as const satisfies Record<string, Operation>
