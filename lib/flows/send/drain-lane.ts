/**
 * "This mailbox has work": takes the mailbox's free lane, sends its due mail in order for at most `laneSeconds` or
 * `laneMails`, releases the lane, scans once more and enqueues again when something is due. Who finds the lane leased
 * drops the message: the holder scans after its release. In case the holder died, the first who finds a lease also
 * dates a look at its end, by the due row and by a message that waits for this one lease. An instance that is being
 * taken away breaks off what waits, finishes the mail it is handing over, releases the lane and passes the rest on by a
 * message. A peer that asks us to wait pauses the lane; one that asks for a person closes its gate.
 */
import { asGatewayError, type GatewayError, isStorageUnavailable, RowChangedError } from '../../errors.js'
import type { Mail } from '../../model/mail.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Message } from '../../model/messages.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { unlessStopping } from '../../ports/unless-stopping.js'
import { backoffMs } from '../../protocol/backoff.js'
import { raiseMailboxAttention } from '../../rows/attention.js'
import { readDueAt, setDue, setDueAtLatest } from '../../rows/due.js'
import { type Lane, type LeasedLane, laneOpensAt, readLane, takeLane } from '../../rows/lane.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { enqueueLater } from '../../rows/messages.js'
import { closedLaneDueMs, laneDueMs, listDueHints, markJournaled } from '../../rows/outbox.js'
import { retryWhileStorageIsDown } from '../../rows/retry-while-storage-is-down.js'
import { settingsOf } from '../../rows/settings.js'
import { closedGate, tellGateClosed } from './gate.js'
import { noteAnswer, tellAfterFailures } from './lane-health.js'
import { countMail, laneAllows } from './lane-limits.js'
import { closesGate, laneSession } from './open-session.js'
import { type DueMail, expire, pickMail } from './pick-mail.js'
import { attemptOf, finishMail, leaveUnknown, mailboxRemoved, openRecipients, takeOffFinals } from './record-outcome.js'
import { resolveUnknown } from './resolve-unknown.js'
import { sendMail } from './send-mail.js'
import { findRoute, type SendRoute } from './send-route.js'

/** Longest delay of a queue message; longer waits are rows. */
const maxQueueDelayMs = 120_000

/** As it is stored and as it goes out. */
const copiesToSend = 2
const roomWaitMs = 20_000
const roomAgainMs = 5_000

type Work = Message<'mail-send'>

export async function drainLane(deps: Toolbox, work: Work): Promise<void> {
  const { tenant, mailboxId } = work
  const startedAt = deps.clock.now()
  const mailbox = await findMailbox(deps, tenant, mailboxId)
  if (mailbox === undefined) {
    const again = await expireAll(deps, work, () => true, endRemoved)
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
    const again = work.sweep ? await expireAll(deps, work, (deadline) => deadline <= now) : 0
    return lookAgain(deps, work, Math.min(again || opensAt, opensAt))
  }
  const lane = await takeLane(deps, free)
  if (lane === undefined) return lookWhenLeaseEnds(deps, work)
  const seen = new Set<string>()
  let until = 0
  let leaving: Promise<void> | undefined
  const leave = (): void => {
    leaving = leaveSoon(deps, lane, work).catch(() => {})
  }
  deps.stopping.addEventListener('abort', leave)
  try {
    if (work.undated) await setDueAtLatest(deps, { kind: 'lane', tenant, id: mailboxId }, now + laneDueMs)
    until = await drain({ ...deps, finals: [] }, lane, {
      mailbox,
      settings,
      seen,
      startedAt,
      announced: work.mailId ?? '',
    })
  } finally {
    deps.stopping.removeEventListener('abort', leave)
    await leaving
    if (!(await retryWhileStorageIsDown(deps, () => lane.release()))) until = 0
  }
  // Another instance goes on at once; whether anything is left it sees for itself.
  if (deps.stopping.aborted) until ||= deps.clock.now()
  await scanOnceMore(deps, work, seen, until)
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

interface Draining {
  mailbox: Mailbox
  /** What counts for this mailbox. */
  settings: FlowConfig
  /** Keys of the hints looked at. */
  seen: Set<string>
  startedAt: number
  /** The mail that the message was about. */
  announced: string
}

/** Sends until the outbox, the share or the peer's patience ends; returns the time before which nothing is tried. */
async function drain(
  deps: Toolbox & { finals: Mail[] },
  lane: LeasedLane,
  { mailbox, settings, seen, startedAt, announced }: Draining,
): Promise<number> {
  const started = deps.clock.now()
  const { laneMails, laneSeconds } = deps.config
  let found: SendRoute | undefined
  let session: ReturnType<typeof laneSession> | undefined
  let lookedAt = startedAt
  // Many mails refused in one go are one failure of the peer.
  let struggled = false
  const { stopping } = deps
  const within = (): boolean =>
    !stopping.aborted && seen.size < laneMails && deps.clock.now() - started < laneSeconds * 1000
  // What waits for a server or a token waits no longer; a mail past its point of no return is finished.
  const breakOff = (): void => {
    if (!lane.handing) session?.abort()
  }
  stopping.addEventListener('abort', breakOff)
  try {
    while (within()) {
      const now = deps.clock.now()
      const hints = await listDueHints(deps, lane, laneMails + seen.size)
      const due = hints.filter((hint) => hint.dueAt <= now && !seen.has(hint.key))
      if (due.length === 0) return 0
      // What came after the first look was not there for who removed the mailbox meanwhile.
      if (!(await lane.isWanted(lookedAt))) return 0
      lookedAt = 0
      for (const hint of due) {
        if (!within() || !(await lane.ready())) return 0
        seen.add(hint.key)
        const pick = await pickMail(deps, lane.tenant, hint)
        if (pick.kind === 'nothing') {
          if (pick.isMissing && hint.mailId === announced) await markJournaled(deps, lane.tenant, hint)
          continue
        }
        let room: (() => void) | undefined
        try {
          found ??= await unlessStopping(stopping, findRoute(deps, mailbox, settings))
          session ??= laneSession(deps, found)
          if (pick.kind === 'resolve') {
            await resolveUnknown(deps, found, pick.entry)
            continue
          }
          const recipients = openRecipients(pick.entry.mail).length
          const allowedAt = laneAllows(lane.state, found.limits, { recipients, now: deps.clock.now() })
          if (allowedAt > 0) return pause(lane, allowedAt)
          room = await deps.inHand.take(pick.entry.mail.bytes * copiesToSend, roomWaitMs)
          if (room === undefined) return deps.clock.now() + roomAgainMs
          if (stopping.aborted) return 0
          const open = await session.get()
          const route = found
          const verdict = await session.limited(() => sendMail(deps, lane, route, open, pick.entry))
          lane.note(countMail(lane.state, recipients, deps.clock.now()))
          if (verdict.next === 'lost' || verdict.next === 'stopped') return 0
          if (verdict.next === 'go-on') await noteAnswer(deps, lane, found.connectionId, verdict)
          if (verdict.next === 'reopen') {
            await session.drop()
            if (!struggled) await countFailure(deps, lane, found.connectionId, verdict.error)
            struggled = true
          }
          if (verdict.next === 'stop') return await stop(deps, lane, found.connectionId, verdict.error)
        } catch (error) {
          // Broken off by ourselves: it says nothing about anybody.
          if (stopping.aborted) return 0
          // Somebody cancelled or moved this mail: the next one.
          if (error instanceof RowChangedError) continue
          // A fault of ours or of our storage says nothing about the peer: the message comes back.
          if (isStorageUnavailable(error) || asGatewayError(error).code === 'unexpected') throw error
          return await stop(deps, lane, found?.connectionId ?? '', asGatewayError(error))
        } finally {
          room?.()
        }
      }
    }
    return 0
  } finally {
    stopping.removeEventListener('abort', breakOff)
    await session?.drop()
    await retryWhileStorageIsDown(deps, () => takeOffFinals(deps))
  }
}

function pause(lane: LeasedLane, until: number): number {
  lane.note({ pausedUntil: until })
  return until
}

async function stop(deps: Toolbox, lane: LeasedLane, connectionId: string, error: GatewayError): Promise<number> {
  const now = deps.clock.now()
  const { tenant, mailboxId } = lane
  if (closesGate(error)) {
    const { gate, gateSince } = lane.state
    const closed = closedGate(now, gate === 'open' ? now : gateSince, error)
    lane.note(closed)
    await tellGateClosed(deps, { tenant, mailboxId, connectionId }, error)
    return closed.gateUntil || now + closedLaneDueMs
  }
  const failures = await countFailure(deps, lane, connectionId, error)
  const { retryBaseMs: baseMs, retryCapMs: capMs } = deps.config
  // A day's quota is not back within the usual cap.
  const cap = error.hint === 'quota-day' ? Math.max(capMs, 3_600_000) : capMs
  return pause(lane, now + backoffMs(failures, { baseMs, capMs: cap, retryAfterMs: error.retryAfterMs }))
}

async function countFailure(
  deps: Toolbox,
  lane: LeasedLane,
  connectionId: string,
  error: GatewayError,
): Promise<number> {
  const { tenant, mailboxId } = lane
  const failures = lane.state.failures + 1
  lane.state.failures = failures
  lane.note({ failures, failure: error.description.slice(0, 500) })
  if (failures === tellAfterFailures)
    await raiseMailboxAttention(deps, { tenant, kind: 'mailbox-send', mailboxId, connectionId }, error)
  return failures
}

async function scanOnceMore(deps: Toolbox, work: Work, seen: Set<string>, until: number): Promise<void> {
  const { tenant, mailboxId } = work
  if (until > 0) return lookAgain(deps, work, until)
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

/**
 * Page by page while any of a page is over: who waits for an answer gets it with the first look. Returns when to look
 * again, 0 when all is done.
 */
async function expireAll(
  deps: Toolbox,
  work: Work,
  isOver: (deadline: number) => boolean,
  end: typeof endLate = endLate,
): Promise<number> {
  const until = deps.clock.now() + deps.config.laneSeconds * 1_000
  const seen = new Set<string>()
  let again = 0
  for (let over = 1; over > 0; ) {
    over = 0
    const hints = await listDueHints(deps, work, deps.config.laneMails + seen.size)
    for (const hint of hints.filter(({ key }) => !seen.has(key))) {
      if (deps.stopping.aborted || deps.clock.now() >= until) return deps.clock.now()
      seen.add(hint.key)
      const pick = await pickMail(deps, work.tenant, hint)
      if (pick.kind !== 'nothing' && !isOver(pick.entry.mail.deadline)) continue
      over += 1
      if (pick.kind === 'nothing') {
        again = Math.max(again, pick.until ?? 0)
        continue
      }
      await end(deps, pick).catch((error: unknown) => {
        if (!(error instanceof RowChangedError)) throw error
      })
    }
  }
  return again
}

type Ending = (deps: Toolbox, pick: Exclude<DueMail, { kind: 'nothing' }>) => Promise<unknown>

/** Past its deadline behind a gate that nobody opened. */
const endLate: Ending = (deps, { kind, entry }) =>
  kind === 'send'
    ? expire(deps, entry)
    : leaveUnknown(deps, entry, "The gateway could not search the mailbox before the mail's deadline.")

const endRemoved: Ending = (deps, { kind, entry }) =>
  kind === 'send'
    ? finishMail(deps, entry, { state: 'failed', attempt: attemptOf(deps.clock.now(), mailboxRemoved()) })
    : leaveUnknown(deps, entry, 'The mailbox was removed, so the gateway cannot search it.')
