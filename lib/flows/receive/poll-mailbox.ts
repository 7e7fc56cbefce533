/**
 * Journey 3 for one mailbox. Takes the lease (begin-poll), opens the transport, fetches what is new (fetch-mails), saves
 * the cursor, does what is owed at the server, records how it went and when to look again (record-poll). An idle poll
 * costs four storage requests: read, lease, connection, due row; its lease simply runs out, which is before the next
 * poll is due.
 */

import { asGatewayError, type GatewayError, RowChangedError } from '../../errors.js'
import type { MailboxRef } from '../../model/mailbox.js'
import { noRoomCode } from '../../ports/bytes-in-hand.js'
import type { ReceiveSession } from '../../ports/receiver.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { unlessStopping } from '../../ports/unless-stopping.js'
import { actionNotGranted, actionOf, afterReceive } from './after-receive.js'
import { beginPoll } from './begin-poll.js'
import { fetchMails } from './fetch-mails.js'
import { takeUpImports } from './import-mails.js'
import type { Poll } from './poll.js'
import { findReceiveRoute } from './receive-route.js'
import { continueBacklog, recordFailure, recordSuccess } from './record-poll.js'
import { withinTime } from './within-time.js'

export interface PollResult {
  tenant: string
  mailboxId: string
  /** `off`: not to be polled; `leased`: another worker holds the lease. */
  outcome: 'off' | 'leased' | 'idle' | 'mail' | 'failed'
  handedOver: number
  quarantined: number
  code: string
}

export interface PollOptions {
  timeLimitMs?: number
  /** With a mail that comes slowly. */
  longestMs?: number
  /** Gives the lease back even after an idle poll, one request more, so that the next may come at once. */
  release?: boolean
}

export async function pollMailbox(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  options: PollOptions = {},
): Promise<PollResult> {
  const result: PollResult = { tenant, mailboxId, outcome: 'idle', handedOver: 0, quarantined: 0, code: '' }
  const poll = await beginPoll(deps, { tenant, mailboxId })
  if (poll === 'off' || poll === 'leased') return { ...result, outcome: poll }
  const { mailbox, receiving, progress } = poll
  try {
    if (poll.asked !== undefined) await takeUpImports(poll, poll.asked)
    const { startedAt } = progress
    const time = { ...options, deps, lease: receiving, startedAt, arrived: () => progress.arrived() }
    const refusal = await withinTime(time, (signal) => run(poll, signal))
    await recordSuccess(poll, { refusal, release: options.release === true })
    const { handedOver, quarantined, fault } = progress
    return { ...result, outcome: outcomeOf(poll), handedOver, quarantined, code: fault?.code ?? '' }
  } catch (error) {
    // Broken off by ourselves before any mail was touched: it says nothing about the server.
    if (error === deps.stopping.reason) {
      await receiving.release()
      await continueBacklog(deps, mailbox)
      return result
    }
    // Whoever has the lease now goes on from the cursor in the row.
    if (error instanceof RowChangedError) return { ...result, outcome: 'leased', handedOver: progress.handedOver }
    const failure = asGatewayError(error)
    const { handedOver, quarantined } = progress
    const counted = { ...result, handedOver, quarantined, code: failure.code }
    // Cut short: what came before it was taken, and nobody is at fault.
    if (failure.code === noRoomCode) {
      progress.more = true
      await recordSuccess(poll, { refusal: undefined, release: true })
      return { ...counted, outcome: outcomeOf(poll) }
    }
    await recordFailure(poll, failure)
    return { ...counted, outcome: 'failed' }
  }
}

const outcomeOf = ({ progress }: Poll): 'mail' | 'idle' =>
  progress.handedOver + progress.quarantined > 0 ? 'mail' : 'idle'

/** Answers with what the server refused of the actions owed to it. */
async function run(poll: Poll, signal: AbortSignal): Promise<GatewayError | undefined> {
  const { deps, settings, mailbox, receiving, state, progress } = poll
  const action = actionOf(settings, mailbox)
  const route = await findReceiveRoute(deps, mailbox)
  if (route === undefined) return undefined
  const { target, authority, lackingToChange } = route
  signal.throwIfAborted()
  const opened = deps.receivers[target.transport].open(target, authority, signal)
  const session: ReceiveSession = await unlessStopping(deps.stopping, opened)
  progress.arrived = () => session.bytesArrived?.() ?? 0
  try {
    const owed = lackingToChange.length > 0 ? [] : state.owed
    const { refusal: earlier } = await afterReceive(session, { serverIds: owed, action, isSecond: true })
    await fetchMails(poll, session, signal)
    signal.throwIfAborted()
    if (progress.owed.length === 0) return earlier
    // Chosen in the settings after the sign-in: told, and no reason to fail (M-140).
    if (lackingToChange.length > 0) {
      progress.owed = []
      return actionNotGranted(lackingToChange)
    }
    await receiving.write({ cursor: progress.cursor, owed: progress.owed })
    state.owed = progress.owed
    const done = await afterReceive(session, { serverIds: progress.owed, action, isSecond: false })
    progress.owed = done.owed
    return done.refusal ?? earlier
  } finally {
    await session.close().catch(() => {})
  }
}
