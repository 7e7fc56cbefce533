/**
 * How much one tenant may ask of one instance in a minute, so that a flood of one is no outage of the others (SEC-43).
 * Counted in memory: more instances allow more in all, which is what they are there for. Whoever asks too much is told
 * when to come back; nothing of the request has been read or written by then.
 */
import { GatewayError } from '../../errors.js'

export type LimitedKind = 'mail' | 'connect'

export interface TenantLimits {
  requestsPerMinute: number
  mailsPerMinute: number
  mailBytesPerMinute: number
  /** Sign-ins, reconnect links, test mails and polls on request: each makes us call somebody. */
  connectsPerMinute: number
}

/** Counts one call of the tenant; throws `too_many_requests` (429) when it is one too many. */
export type Admit = (tenant: string, kind: LimitedKind | undefined, bytes: number) => void

const minute = 60_000
const mostTenants = 100_000

export function tenantLimits(limits: TenantLimits, now: () => number): Admit {
  let began = now()
  let counted = new Map<string, number>()
  const count = (key: string, amount: number, { limit, what }: { limit: number; what: string }): void => {
    const sum = (counted.get(key) ?? 0) + amount
    // A single larger one passes alone: it has a limit of its own.
    if (sum > limit && sum > amount) throw tooMany(what, limit, began + minute - now())
    counted.set(key, sum)
  }
  return (tenant, kind, bytes) => {
    if (now() - began >= minute || now() < began || counted.size >= mostTenants) {
      began = now()
      counted = new Map()
    }
    count(`${tenant}~requests`, 1, { limit: limits.requestsPerMinute, what: 'requests' })
    if (kind === 'connect')
      count(`${tenant}~connects`, 1, { limit: limits.connectsPerMinute, what: 'connection attempts' })
    if (kind !== 'mail') return
    count(`${tenant}~mails`, 1, { limit: limits.mailsPerMinute, what: 'mails' })
    count(`${tenant}~bytes`, bytes, { limit: limits.mailBytesPerMinute, what: 'bytes of mail' })
  }
}

function tooMany(what: string, limit: number, retryAfterMs: number): GatewayError {
  return new GatewayError('too_many_requests', 'transient', {
    status: 429,
    hint: 'throttle',
    retryAfterMs: Math.max(1_000, retryAfterMs),
    description: `This tenant sent more than ${limit} ${what} within a minute.`,
    remedy: 'Wait as long as Retry-After says, then send the same request again.',
  })
}
