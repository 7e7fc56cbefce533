/**
 * "This mailbox has work": takes the mailbox's free lane, sends its due mail in order for at most `laneSeconds` or
 * `laneMails`, releases the lane, scans once more and enqueues again when something is due. Who finds the lane leased
 * drops the message: the holder scans after its release. In case the holder died, the first who finds a lease also
 * dates a look at its end, by the due row and by a message that waits for this one lease. An instance that is being
 * taken away breaks off what waits, finishes the mail it is handing over, releases the lane and passes the rest on by a
 * message. A peer that asks us to wait pauses the lane; one that asks for a person closes its gate.
 */
import type { Mail } from '../../model/mail.js'
import type { Message } from '../../model/messages.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { readDueAt, setDue, setDueAtLatest } from '../../rows/due.js'
import { type Lane, type LeasedLane, laneOpensAt, readLane, takeLane } from '../../rows/lane.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { enqueueLater } from '../../rows/messages.js'
import { closedLaneDueMs, laneDueMs, listDueHints } from '../../rows/outbox.js'
import { retryWhileStorageIsDown } from '../../rows/retry-while-storage-is-down.js'
import { settingsOf } from '../../rows/settings.js'
import { endRemovedOutbox, expireOutbox } from './end-outbox.js'
import { type DrainEnd, type Draining, takeTurn } from './lane-turn.js'
import { takeOffFinals } from './record-outcome.js'

/** Longest delay of a queue message; longer waits are rows. */
const maxQueueDelayMs = 120_000

type Work = Message<'mail-send'>

export async function drainLane(deps: Toolbox, work: Work): Promise<void> {
  const { tenant, mailboxId } = work
  const startedAt = deps.clock.now()
  const mailbox = await findMailbox(deps, tenant, mailboxId)
  if (mailbox === undefined) {
    const again = await endRemovedOutbox(deps, work)
    return again === 0
      ? setDue(deps, { kind: 'lane', tenant, id: mailboxId }, Number.POSITIVE_INFINITY)
      : lookAgain(deps, work, again)
  }
  const settings = await settingsOf(deps, mailbox)
  const free = await readLane(deps, work)
  // Released or taken anew since: the holder is alive and has looked.
  if (work.until && free.leaseUntil !== work.until && !(await isLeased(deps, free))) return
  const now = deps.clock.now()
  const opensAt = mailbox.active ? laneOpensAt(free, now) : Number.POSITIVE_INFINITY
  if (opensAt > 0) {
    const again = work.sweep ? await expireOutbox(deps, work) : 0
    return lookAgain(deps, work, Math.min(again || opensAt, opensAt))
  }
  const lane = await takeLane(deps, free)
  if (lane === undefined) return lookWhenLeaseEnds(deps, work)
  const seen = new Set<string>()
  const announced = work.mailId ?? ''
  const draining = { lane, mailbox, settings, seen, announced, route: undefined, session: undefined, struggled: false }
  let end: DrainEnd = { next: 'leave' }
  let leaving: Promise<void> | undefined
  const leave = (): void => {
    leaving = leaveSoon(deps, lane, work).catch(() => {})
  }
  deps.stopping.addEventListener('abort', leave)
  try {
    if (work.undated) await setDueAtLatest(deps, { kind: 'lane', tenant, id: mailboxId }, now + laneDueMs)
    end = await drain({ ...deps, finals: [] }, draining, startedAt)
  } finally {
    deps.stopping.removeEventListener('abort', leave)
    await leaving
    if (!(await retryWhileStorageIsDown(deps, () => lane.release()))) end = { next: 'leave' }
  }
  // Another instance goes on at once; whether anything is left it sees for itself.
  if (deps.stopping.aborted && end.next === 'leave') end = { next: 'wait', until: deps.clock.now() }
  if (end.next === 'wait') return lookAgain(deps, work, end.until)
  await scanOnceMore(deps, work, seen)
}

const isLeased = async (deps: Toolbox, lane: Lane): Promise<boolean> =>
  lane.leaseUntil > (await deps.tables.serverNow())

/**
 * Once per lease, so that a mailbox that is busy and well costs one read more for each message it drops. The message
 * follows the lease in steps, because a queue delays for two minutes at most.
 */
async function lookWhenLeaseEnds(deps: Toolbox, work: Work): Promise<void> {
  const { tenant, mailboxId } = work
  const lane = await readLane(deps, work)
  if (!(await isLeased(deps, lane))) return
  const until = lane.leaseUntil
  const isDated = !work.sweep && (await readDueAt(deps, { kind: 'lane', tenant, id: mailboxId })) === until
  if (isDated && work.until !== until) return
  if (!isDated) await setDue(deps, { kind: 'lane', tenant, id: mailboxId }, until)
  const delayMs = Math.min(Math.max(until - (await deps.tables.serverNow()), 0), maxQueueDelayMs)
  await enqueueLater(deps, 'mail-send', { message: { tenant, mailboxId, until }, delayMs })
}

/**
 * An instance that is killed before its drain has ended keeps the others waiting for seconds, not for the whole lease.
 */
async function leaveSoon(deps: Toolbox, lane: LeasedLane, work: Work): Promise<void> {
  if (await lane.cutShort()) await lookWhenLeaseEnds(deps, { tenant: work.tenant, mailboxId: work.mailboxId })
}

/** Sends until the outbox, the share or the peer's patience ends. */
async function drain(deps: Toolbox & { finals: Mail[] }, draining: Draining, startedAt: number): Promise<DrainEnd> {
  const { lane, seen } = draining
  const started = deps.clock.now()
  const { laneMails, laneSeconds } = deps.config
  const { stopping } = deps
  let lookedAt = startedAt
  const within = (): boolean =>
    !stopping.aborted && seen.size < laneMails && deps.clock.now() - started < laneSeconds * 1000
  // What waits for a server or a token waits no longer; a mail past its point of no return is finished.
  const breakOff = (): void => {
    if (!lane.handing) draining.session?.abort()
  }
  stopping.addEventListener('abort', breakOff)
  try {
    while (within()) {
      const now = deps.clock.now()
      const hints = await listDueHints(deps, lane, laneMails + seen.size)
      const due = hints.filter((hint) => hint.dueAt <= now && !seen.has(hint.key))
      if (due.length === 0) return { next: 'leave' }
      // What came after the first look was not there for who removed the mailbox meanwhile.
      if (!(await lane.isWanted(lookedAt))) return { next: 'leave' }
      lookedAt = 0
      for (const hint of due) {
        if (!within() || !(await lane.ready())) return { next: 'leave' }
        seen.add(hint.key)
        const turn = await takeTurn(deps, draining, hint)
        if (turn.next !== 'go-on') return turn
      }
    }
    return { next: 'leave' }
  } finally {
    stopping.removeEventListener('abort', breakOff)
    await draining.session?.drop()
    await retryWhileStorageIsDown(deps, () => takeOffFinals(deps))
  }
}

async function scanOnceMore(deps: Toolbox, work: Work, seen: Set<string>): Promise<void> {
  const { tenant, mailboxId } = work
  const look = () => listDueHints(deps, work, seen.size + 10)
  let hints = await look()
  if (hints.length === 0) {
    // The due row goes before the last look, so that a mail accepted in between keeps its own.
    await setDue(deps, { kind: 'lane', tenant, id: mailboxId }, Number.POSITIVE_INFINITY)
    hints = await look()
    if (hints.length === 0) return
  }
  const now = deps.clock.now()
  // A hint that stayed although it was looked at is a write in progress: minutes, not a loop.
  const fresh = hints.filter((hint) => !seen.has(hint.key))
  await lookAgain(deps, work, Math.min(now + laneDueMs, ...fresh.map((hint) => hint.dueAt)))
}

/** Next look: by message when it is near, by the due row in any case. */
async function lookAgain(deps: Toolbox, work: Work, at: number): Promise<void> {
  const { tenant, mailboxId } = work
  const now = deps.clock.now()
  await setDue(
    deps,
    { kind: 'lane', tenant, id: mailboxId },
    Math.min(Math.max(at, now + 30_000), now + closedLaneDueMs),
  )
  const delayMs = Math.max(0, at - now)
  if (delayMs <= maxQueueDelayMs) await enqueueLater(deps, 'mail-send', { message: { tenant, mailboxId }, delayMs })
}
