import { invalidInput } from '../errors.js'
import { flagOf } from './flag-of.js'

/** `limit` of a list: 1 to 200, default 50. */
export function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '50'
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200)
    throw invalidInput('limit', 'must be a whole number from 1 to 200.')
  return limit
}

export interface LogQueryInput {
  log: 'sending' | 'receiving' | 'audit'
  day?: string
  failed: boolean
  mailboxId?: string
  limit: number
}

export function logQuery(query: URLSearchParams): LogQueryInput {
  const log = query.get('log') ?? 'sending'
  if (log !== 'sending' && log !== 'receiving' && log !== 'audit')
    throw invalidInput('log', 'must be sending, receiving or audit.')
  const day = query.get('day')
  const mailboxId = query.get('mailbox')
  return {
    log,
    failed: flagOf(query, 'failed'),
    limit: limitOf(query),
    ...(day === null ? {} : { day }),
    ...(mailboxId === null ? {} : { mailboxId }),
  }
}
