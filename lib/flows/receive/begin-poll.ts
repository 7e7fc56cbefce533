/**
 * Journey 3, the beginning of a poll: reads mailbox and position in one request and takes the lease. What an earlier
 * poll left behind is judged here: a position of another server, and mail that was in hand when a process died.
 */

import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { sourceOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { findReceiving, type ReceivingState, takeReceiving } from '../../rows/receiving-state.js'
import { settingsOf } from '../../rows/settings.js'
import { afterDeath } from './aside.js'
import { awaitedBy, tryToReceive } from './await-approval.js'
import type { Poll, Progress } from './poll.js'
import { leaseMs } from './within-time.js'

/** `off`: not to be polled; `leased`: another worker holds the lease. The time of the next look is set for both. */
export async function beginPoll(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<Poll | 'off' | 'leased'> {
  const read = await findReceiving(deps, tenant, mailboxId)
  const awaited = read.mailbox?.active ? awaitedBy(read.mailbox) : undefined
  if (read.mailbox !== undefined && awaited !== undefined) {
    const isApproved = await tryToReceive(deps, read.mailbox, awaited)
    return isApproved ? beginPoll(deps, { tenant, mailboxId }) : 'off'
  }
  const { mailbox, receiving: known, asked } = read
  if (mailbox === undefined || !mailbox.active || mailbox.receive.transport === 'none') {
    await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, Number.POSITIVE_INFINITY)
    return 'off'
  }
  const settings = await settingsOf(deps, mailbox)
  const receiving = await takeReceiving(deps, mailbox, { receiving: known, leaseMs })
  if (receiving === undefined) {
    const leasedMs = Math.min(Math.max((known?.leaseUntil ?? 0) - deps.clock.now(), 1_000), leaseMs)
    await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now() + leasedMs)
    return 'leased'
  }
  const state = stateFor(mailbox, receiving.state, deps.clock.now())
  return { deps, mailbox, settings, receiving, state, asked, progress: progressFrom(state) }
}

function stateFor(mailbox: Mailbox, stored: ReceivingState, now: number): ReceivingState {
  const state = { ...stored }
  // Another server, account or folder: its ids say nothing about mail we have (transport switch).
  if (state.source !== sourceOf(mailbox)) {
    if (state.cursor !== undefined) state.resyncSince = now
    Object.assign(state, { cursor: undefined, owed: [], inHand: '', aside: [] })
  }
  if (state.busy) state.aside = afterDeath(state.aside, state.inHand, now)
  return state
}

const progressFrom = ({ cursor, resyncSince, busy, inHand, aside }: ReceivingState): Progress => ({
  startedAt: performance.now(),
  arrived: () => 0,
  cursor,
  handedOver: 0,
  quarantined: 0,
  duplicates: 0,
  resynced: false,
  resyncSince,
  more: false,
  busy: false,
  inHand: busy ? inHand : '',
  aside,
  fault: undefined,
  owed: [],
})
