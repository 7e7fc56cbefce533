/**
 * How a poll went: position and health in the row, the time of the next look, a line of the log, and people who hear of
 * it. Failures are judged by class alone: temporary ones back off, those that need a person are told once and polled
 * rarely.
 */

import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import { sourceOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { writeLog } from '../../rows/logs.js'
import { enqueue } from '../../rows/messages.js'
import { asideDueAt } from './aside.js'
import { breakerFailures, nextPollAt } from './next-poll.js'
import type { Poll } from './poll.js'
import { tellStopped, tellWorking } from './tell-receiving.js'
import { leaseMs } from './within-time.js'

const cursorLifeMs = 6 * 3_600_000
/** A second refusal sooner than this may be the same bad moment. */
const confirmedAfterMs = 30_000

/** `refusal`: of what was owed at the server. `release`: gives the lease back in any case. */
export async function recordSuccess(
  { deps, settings, mailbox, receiving, state, progress }: Poll,
  { refusal, release }: { refusal: GatewayError | undefined; release: boolean },
): Promise<void> {
  const { tenant, id } = mailbox
  const { handedOver, quarantined, duplicates, resynced } = progress
  const now = deps.clock.now()
  const recovered = state.failures > 0 || state.attention
  const eventful = handedOver + quarantined > 0 || resynced || recovered || refusal !== undefined
  const source = sourceOf(mailbox)
  const lastMailAt = handedOver > 0 ? now : state.lastMailAt
  // Pages without any mail are followed at the pace of polls: their number is the server's word only. So is a listing of
  // known mail alone, which a server that numbers anew in each session gives again and again.
  const moved = handedOver + quarantined + (resynced ? 0 : duplicates)
  const isSlow = progress.more && moved === 0 && !deps.stopping.aborted
  const goesOn = progress.more && !isSlow
  const history = { now, lastMailAt: isSlow ? now : lastMailAt, failures: 0, more: goesOn }
  const dueAt = Math.min(nextPollAt(history, settings), asideDueAt(progress.aside, now, settings.pollMinMs))
  // A newer cursor alone is rarely worth a write: the older one still stands before every mail not yet seen.
  const stale = progress.cursor !== state.cursor && now - state.cursorAt > cursorLifeMs
  if (state.attention) await tellWorking(deps, mailbox, receiving.lastSuccessAt)
  const toWrite = eventful || progress.busy || state.busy || state.owed.length > 0 || state.source !== source || stale
  if (toWrite || release || state.resyncSince > 0 || dueAt - now < receiving.remainingMs()) {
    const resyncSince = progress.more ? progress.resyncSince : 0
    await receiving.release({
      ...cleanState,
      cursor: progress.cursor ?? '',
      source,
      lastMailAt,
      resyncSince,
      aside: progress.aside,
      // Where it was cut short.
      owed: progress.owed,
    })
  }
  // A backlog goes on at once in a job of its own; the due row is only the net behind it.
  await setDue(deps, { kind: 'poll', tenant, id }, goesOn ? now + leaseMs * 2 : dueAt)
  if (goesOn) await continueBacklog(deps, mailbox)
  if (!eventful) return
  await writeLog(deps, 'receivinglog', {
    tenant,
    mailboxId: id,
    outcome: recovered ? 'recovered' : quarantined > 0 ? 'not-imported' : handedOver > 0 ? 'received' : 'resynced',
    handedOver,
    quarantined,
    duplicates,
    resynced,
    code: refusal?.code,
    description: refusal?.description,
    peerLine: refusal?.peerLine,
  })
}

export async function continueBacklog(deps: Toolbox, { tenant, id }: Mailbox): Promise<void> {
  await enqueue(deps, 'mailbox-poll', { mailboxes: [{ tenant, mailboxId: id }] })
}

const cleanState = {
  failures: 0,
  code: '',
  problem: '',
  refusedAt: 0,
  attention: false,
  busy: false,
  inHand: '',
}

export async function recordFailure(poll: Poll, error: GatewayError): Promise<void> {
  const { deps, settings, mailbox, receiving, state, progress } = poll
  const { tenant, id } = mailbox
  const failures = state.failures + 1
  const now = deps.clock.now()
  const needsPerson = error.class === 'needs-reconnect' || error.class === 'needs-admin'
  // One refusal may be a bad moment of the server: a second one, later, decides (P-08).
  const unconfirmed = needsPerson && !(state.refusedAt > 0 && now - state.refusedAt >= confirmedAfterMs)
  const isMailbox = needsPerson ? !unconfirmed : error.class === 'permanent' && error.hint !== 'message'
  const attention = state.attention || isMailbox || failures >= breakerFailures
  const since = receiving.lastSuccessAt
  const told = attention && (await tellStopped(deps, mailbox, { error, since, toldBefore: state.attention }))
  await receiving.release({
    cursor: progress.cursor ?? '',
    source: sourceOf(mailbox),
    lastMailAt: progress.handedOver > 0 ? now : state.lastMailAt,
    failures,
    code: error.code,
    problem: error.description.slice(0, 500),
    refusedAt: needsPerson ? state.refusedAt || now : state.refusedAt,
    attention,
    busy: false,
    inHand: '',
    aside: progress.aside,
    // Without a saved list nothing is owed twice: actions at the server are repeatable.
    owed: [...new Set([...state.owed, ...progress.owed])],
    resyncSince: progress.resyncSince,
  })
  const { retryAfterMs } = error
  const history = { now, lastMailAt: state.lastMailAt, failures, failed: error.class, unconfirmed, more: false }
  const dueAt = nextPollAt(retryAfterMs === undefined ? history : { ...history, retryAfterMs }, settings)
  await setDue(deps, { kind: 'poll', tenant, id }, dueAt)
  if (!told && failures > 1 && state.code === error.code) return
  const { code, class: errorClass, description, remedy, peerLine } = error
  const why = { failures, code, class: errorClass, description, remedy, peerLine }
  const { handedOver } = progress
  await writeLog(deps, 'receivinglog', { tenant, mailboxId: id, outcome: 'failed', handedOver, ...why, failed: true })
}
