import type { SmtpPhase } from './refusals.js'
import type { SmtpEmulator } from './start-smtp.js'

/**
 * What can be ordered from the SMTP emulator over `POST …/__control`, in the shape of the other emulators' controls.
 */
export interface SmtpControl {
  readonly counters: { connections: number; logins: number; mails: number }
  /** The mails accepted, newest last, without their content. */
  readonly requests: { from: string; to: string[]; bytes: number }[]
  /**
   * The next `times` (default 1) commands of this phase are refused; `text` begins with the enhanced code:
   * `4.7.500 Busy`.
   */
  fail(order: { phase: SmtpPhase; code: number; text: string; times?: number; address?: string }): void
  clearFaults(): void
  dropConnections(): void
}

export function smtpControl(smtp: SmtpEmulator): SmtpControl {
  return {
    get counters() {
      return { connections: smtp.connections, logins: smtp.logins, mails: smtp.mails.length }
    },
    get requests() {
      return smtp.mails.map(({ from, to, raw }) => ({ from, to, bytes: raw.length }))
    },
    fail: ({ phase, code, text, ...options }) => smtp.control.order(phase, { code, text }, options),
    clearFaults: () => smtp.control.clear(),
    dropConnections: () => smtp.control.dropConnections(),
  }
}
