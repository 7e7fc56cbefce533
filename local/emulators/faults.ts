/**
 * Faults a test or a demo can order from an emulator: "the next two sends for ana answer 504 although they were
 * delivered". Orders are matched in the order they were given; an order is used up after `times` requests.
 */
export interface Fault {
  /** How many matching requests misbehave; default 1. */
  times?: number | 'always'
  /** Let this many matching requests pass first. */
  skip?: number
  /** Request kind (`token`, `refresh_token`, `send`, `delta`, …); absent: any. */
  kind?: string
  /** UPN or address of the mailbox; absent: anyone. */
  user?: string
  /** Graph: only requests for the mail with this subject. */
  subject?: string
  /** HTTP status to answer with. */
  status?: number
  /** Error code of the answer; each emulator has a default for the status. */
  code?: string
  /** Retry-After in seconds. */
  retryAfter?: number
  /** Retry-After as an HTTP date this many seconds ahead. */
  retryAfterDate?: number
  /** Wait before anything else, in milliseconds. */
  delayMs?: number
  /** Do the work first, then misbehave. */
  after?: boolean
  /** Graph, sends by draft: refuse as ordered, and send the mail this many milliseconds later all the same. */
  lateMs?: number
  /**
   * What a late send takes: the draft as it is by then, wherever it lies (default), or as it was when it was asked for.
   */
  lateOf?: 'draft' | 'copy'
  /** Close the connection without an answer. */
  drop?: boolean
  /**
   * Spoil the body of a good answer; `echo`: refuse, and repeat what the caller showed, as it is, escaped and
   * in hex; `error`: Graph's error of this `code` under the good status; `accepted`: 202 and nothing; `partial`: 206 and
   * half of it.
   */
  body?: 'truncated' | 'partial' | 'html' | 'empty' | 'echo' | 'error' | 'accepted'
  /** Of the spoiled answer. */
  contentType?: string
  /** Announce this many bytes more or fewer than there are. */
  lengthOff?: number
  /** Give the answer at this pace: a slow and steady line, or one that drips. */
  bytesPerSecond?: number
  /** Replace `https://graph.microsoft.com` in next and delta links, and in the Location of a 410, by this origin. */
  foreignLinks?: string
  /** AADSTS number to refuse a token call with. */
  aadsts?: number
}

/** Well-known faults by name; `{ name: '504-but-delivered' }` fills in the rest. */
export const namedFaults = {
  '504-but-delivered': { kind: 'send', status: 504, after: true },
  '504-delivered-late': { kind: 'send', status: 504, lateMs: 70_000 },
  'drop-after-delivered': { kind: 'send', drop: true, after: true },
  'drop-before': { drop: true },
  'drop-after': { drop: true, after: true },
  throttled: { status: 429, retryAfter: 5 },
  unavailable: { status: 503 },
  gone: { kind: 'delta-link', status: 410 },
  'resync-required': { kind: 'delta-link', status: 410, code: 'resyncRequired' },
  malformed: { body: 'truncated' },
  'foreign-next-link': { foreignLinks: 'https://graph.example.net' },
  slow: { delayMs: 2000 },
} as const satisfies Record<string, Fault>

export type FaultOrder = Fault & { name?: keyof typeof namedFaults }

export class Faults {
  #orders: { fault: Fault; left: number; skip: number }[] = []

  order(order: FaultOrder): void {
    const { name, ...own } = order
    if (name !== undefined && !(name in namedFaults)) throw new Error(`No fault is called ${name}`)
    const fault: Fault = { ...(name ? namedFaults[name] : {}), ...own }
    const left = fault.times === 'always' ? Number.POSITIVE_INFINITY : (fault.times ?? 1)
    this.#orders.push({ fault, left, skip: fault.skip ?? 0 })
  }

  clear(): void {
    this.#orders = []
  }

  /** The fault for this request, counted as used; `undefined` when it shall behave. */
  take(kinds: string[], addresses: string[], subject?: string): Fault | undefined {
    for (const order of this.#orders) {
      if (order.left <= 0 || !matches(order.fault, kinds, addresses)) continue
      if (order.fault.subject !== undefined && order.fault.subject !== subject) continue
      if (order.skip-- > 0) continue
      order.left -= 1
      return order.fault
    }
    return undefined
  }
}

function matches(fault: Fault, kinds: string[], addresses: string[]): boolean {
  if (fault.kind !== undefined && !kinds.includes(fault.kind)) return false
  return fault.user === undefined || addresses.includes(fault.user.toLowerCase())
}

/** What `echo` answers: the writings of careless servers. */
export function echoes(sent: string): string {
  const bytes = Buffer.from(sent)
  return `${bytes.toString('hex').toUpperCase()} ${[...bytes].map((byte) => `&#${byte};`).join('')} ${sent}`
}

/** Retry-After as the fault wants it: seconds, an HTTP date, or no header. */
export function retryAfterHeader(fault: Fault, now: number): Record<string, string> {
  if (fault.retryAfterDate !== undefined) {
    return { 'retry-after': new Date(now + fault.retryAfterDate * 1000).toUTCString() }
  }
  return fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
}
