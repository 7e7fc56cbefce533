export interface LogFilter {
  log: 'sending' | 'receiving' | 'audit'
  day?: string
  failed: boolean
  mailboxId?: string
  requestId?: string
  after?: string
  limit: number
}

export const consoleLogLimit = 50

/** The filters of the log page; a date field says `2026-11-21` and an empty filter means all. */
export function consoleLogQuery(query: URLSearchParams): LogFilter {
  const named = query.get('log')
  const log = named === 'receiving' || named === 'audit' ? named : 'sending'
  const day = (query.get('day') ?? '').replaceAll('-', '').slice(0, log === 'audit' ? 6 : 8)
  const mailboxId = query.get('mailbox') ?? ''
  const requestId = (query.get('request') ?? '').trim()
  const after = query.get('after') ?? ''
  return {
    // Only refused sign-ins have one.
    log: requestId === '' ? log : 'audit',
    failed: query.get('failed') === 'true',
    limit: consoleLogLimit,
    ...(day === '' ? {} : { day }),
    ...(mailboxId === '' ? {} : { mailboxId }),
    ...(requestId === '' ? {} : { requestId }),
    ...(after === '' ? {} : { after }),
  }
}
