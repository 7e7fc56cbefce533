/** What happened, and what is broken now. */
import type { Operation } from '../operation.js'
import { all, list, query, watchAnswer } from './operation-kinds.js'

export const watchOperations = {
  logList: {
    ...list(
      'log-list',
      'logs',
      all,
      'Sending, receiving or audit log of one day, newest first.',
      watchAnswer('logPage'),
    ),
    query: query('logQuery'),
    deployment: true,
  },
  attentionList: {
    ...list(
      'attention-list',
      'attention',
      all,
      'What is broken now, who must act and what to do. Operators who send x-tenant: ~ get that of every tenant and of the deployment.',
      watchAnswer('attentionPage'),
    ),
    deployment: true,
  },
} as const satisfies Record<string, Operation>
