import type { ReceiveDependencies } from '../../lib/flows/receive/receive-dependencies.js'

/** Settings of the receive flow as shipped, without the limit a test of small mails wants. */
export const pollSettings: ReceiveDependencies['settings'] = {
  firstSyncDays: 7,
  afterReceive: 'leave',
  maxMailBytes: 50_000_000,
  pollMinMs: 60_000,
  pollMaxMs: 900_000,
  mailsPerPoll: 50,
}
