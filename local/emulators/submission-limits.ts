/** How much a provider lets one mailbox submit, and how often somebody exceeded it. */
export interface SubmissionLimits {
  /** Logged-in connections at once, where there are connections. */
  connections: number
  /** In a minute that begins with its first mail. */
  mailsPerMinute: number
  /** In a day that begins with its first mail. */
  recipientsPerDay: number
}

export const exchangeSubmission: SubmissionLimits = { connections: 3, mailsPerMinute: 30, recipientsPerDay: 10_000 }

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

interface Window {
  startsAt: number
  used: number
}

/** Counts per mailbox. What is refused uses nothing up. */
export class SubmissionMeter {
  /** Connections and mails beyond a limit; each was refused. */
  violations = 0
  readonly #open = new Map<string, number>()
  readonly #minutes = new Map<string, Window>()
  readonly #days = new Map<string, Window>()

  constructor(
    readonly limits: SubmissionLimits,
    readonly now: () => number,
  ) {}

  /** May this mailbox open one more connection? When yes, `leave` must follow. */
  enter(mailbox: string): boolean {
    const open = this.#open.get(mailbox) ?? 0
    if (open >= this.limits.connections) return this.#refuse()
    this.#open.set(mailbox, open + 1)
    return true
  }

  leave(mailbox: string): void {
    this.#open.set(mailbox, (this.#open.get(mailbox) ?? 1) - 1)
  }

  /** The limit that one more mail would break, if any. */
  over(mailbox: string, recipients: number): 'minute' | 'day' | undefined {
    const minute = this.#window(this.#minutes, mailbox, minuteMs)
    const day = this.#window(this.#days, mailbox, dayMs)
    const broken =
      minute.used + 1 > this.limits.mailsPerMinute
        ? 'minute'
        : day.used + recipients > this.limits.recipientsPerDay
          ? 'day'
          : undefined
    if (broken !== undefined) {
      this.#refuse()
      return broken
    }
    minute.used += 1
    day.used += recipients
    return undefined
  }

  #refuse(): false {
    this.violations += 1
    return false
  }

  #window(windows: Map<string, Window>, mailbox: string, lengthMs: number): Window {
    const now = this.now()
    const known = windows.get(mailbox)
    if (known !== undefined && now - known.startsAt < lengthMs) return known
    const fresh = { startsAt: now, used: 0 }
    windows.set(mailbox, fresh)
    return fresh
  }
}
