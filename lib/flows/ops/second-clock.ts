/**
 * The second clock (M-171). Timers hang on one lock and one schedule of the platform; when they stop, nothing is
 * polled, refreshed or swept, and nobody inside would notice. So one message goes round on a queue, which the platform
 * drives by other means: each time it is seen it sends the next one, looks at the timers, does the work of those that
 * are late and tells about those that are silent. Whatever else runs looks, at most once a minute in each process,
 * whether that message still goes round, and sends a new one when it does not.
 *
 * Only the message whose id stands in the row counts, so that neither a repeated delivery nor two that plant at once
 * make two of one. The work itself is claimed row by row, as always: a timer that comes back in between does nothing
 * twice.
 */
import { asGatewayError, GatewayError, RowChangedError, RowExistsError, RowMissingError } from '../../errors.js'
import { newId } from '../../model/ids.js'
import type { Message } from '../../model/messages.js'
import { type RunKind, type TimerName, timerNames } from '../../model/timers.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { changeRow } from '../../rows/change-row.js'
import { enqueueLater } from '../../rows/messages.js'
import { findTimers, type Timers, writeClock, writeTimer } from '../../rows/timers.js'

/** The work of each timer, once. */
export type TimerWork = Record<TimerName, (kind: RunKind) => Promise<unknown>>

/** A timer is late when its minute and some slack for its start are over. */
const lateMs = 75_000
/** Together with `lateMs` less than three minutes. */
const roundMs = 90_000
/** Missing two runs and more is told. */
export const silentMs = 3 * 60_000
const graceMs = 30_000
const lookMs = 60_000

/** A timer's own run. It leaves when it began, so that the second clock lets it work, and that it finished. */
export async function runTimer(deps: Toolbox, timer: TimerName, work: TimerWork): Promise<void> {
  try {
    await writeTimer(deps, timer, { begunAt: deps.clock.now() })
  } catch (error) {
    // At the very first start the sweep makes the tables.
    if (!(error instanceof RowMissingError)) throw error
  }
  await work[timer]('own')
  if (!deps.stopping.aborted) await writeTimer(deps, timer, { ranAt: deps.clock.now() })
}

/** Whatever runs in this process calls it first: it costs a read a minute, and an error of it concerns nobody. */
export function watchClock(deps: Toolbox): () => Promise<void> {
  let lookAt = 0
  let looking: Promise<void> | undefined
  const look = async (): Promise<void> => {
    // Storage that does not answer, or is not made yet, is met by whoever called, who says so.
    const dueAt = await keepClockGoing(deps).catch(() => 0)
    lookAt = Math.max(deps.clock.now() + lookMs, dueAt + graceMs)
    looking = undefined
  }
  return async () => {
    if (looking === undefined && deps.clock.now() < lookAt) return
    looking ??= look()
    await looking
  }
}

/** Sends the message that goes round when there is none; returns when it is to be seen. */
export async function keepClockGoing(deps: Toolbox): Promise<number> {
  const timers = await findTimers(deps)
  const now = deps.clock.now()
  const isLost = timers !== undefined && now - timers.clock.dueAt > graceMs
  if (timers !== undefined && !isLost) return timers.clock.dueAt
  const { lostSince = 0, at = 0 } = timers?.clock ?? {}
  // Sent anew before, and still nobody has taken one: the queue is not served.
  const clockLostSince = lostSince > at ? lostSince : now
  if (isLost && now - clockLostSince > silentMs)
    deps.log.error('timer-late', { timer: 'second-clock', lateMs: now - clockLostSince })
  const next = { clockId: newId(), ...(isLost ? { clockDueAt: now, clockLostSince } : { clockDueAt: now + roundMs }) }
  try {
    await writeClock(deps, timers, next)
  } catch (error) {
    // Another process planted it, or a timer wrote its columns: the next look sees.
    if (error instanceof RowChangedError || error instanceof RowExistsError) return 0
    throw error
  }
  const delayMs = next.clockDueAt - now
  await enqueueLater(deps, 'second-clock', { message: { id: next.clockId }, delayMs })
  return next.clockDueAt
}

/** One round. What fails in it is logged and does not end the rounds. */
export async function secondClock(deps: Toolbox, { id }: Message<'second-clock'>, work: TimerWork): Promise<void> {
  const timers = await goRound(deps, id)
  if (timers === undefined) return
  for (const timer of timerNames) {
    try {
      await tellSilence(deps, timers, timer)
      const { begunAt } = timers.of(timer)
      if (deps.stopping.aborted || deps.clock.now() - begunAt < lateMs) continue
      await writeTimer(deps, timer, { begunAt: deps.clock.now() })
      await work[timer]('second-clock')
    } catch (error) {
      deps.log.error('timer-failed', { timer, code: asGatewayError(error).code })
    }
  }
}

/** Sends the next message, then lets it count: a process that dies in between is repeated with the same id. */
async function goRound(deps: Toolbox, id: string): Promise<Timers | undefined> {
  const timers = await findTimers(deps)
  if (timers === undefined || timers.clock.id !== id) return undefined
  const now = deps.clock.now()
  // The app was stopped, or the laptop asleep: its timers are given their time again before anybody is woken.
  const woke = now - timers.clock.at > silentMs ? { awakeSince: now } : {}
  const next = { clockId: newId(), clockAt: now, clockDueAt: now + roundMs, ...woke }
  await enqueueLater(deps, 'second-clock', { message: { id: next.clockId }, delayMs: roundMs })
  let known: Timers | undefined = timers
  // A timer may write its own columns in between; another delivery of the same message may have been quicker.
  return changeRow(async () => {
    const seen = known ?? (await findTimers(deps))
    known = undefined
    return seen?.clock.id === id ? writeClock(deps, seen, next) : undefined
  })
}

/** A line for the alert and a card while a timer does not run; the card goes when it does again. */
async function tellSilence(deps: Toolbox, timers: Timers, timer: TimerName): Promise<void> {
  const { ranAt, isTold } = timers.of(timer)
  const silence = deps.clock.now() - ranAt
  if (silence >= silentMs) {
    deps.log.error('timer-late', { timer, lateMs: silence })
    await raiseAttention(deps, { tenant: '~', kind: 'timer', id: timer, subject: timer }, timerSilent(timers, timer))
    if (!isTold) await writeTimer(deps, timer, { isTold: true })
  } else if (isTold) {
    await clearAttention(deps, { tenant: '~', kind: 'timer', id: timer })
    await writeTimer(deps, timer, { isTold: false })
  }
}

const iso = (at: number): string => new Date(at).toISOString()

export function timerSilent(timers: Timers, timer: TimerName): GatewayError {
  return new GatewayError('timers_silent', 'needs-admin', {
    hint: 'operator',
    description: `The timer ${timer} has not run since ${iso(timers.of(timer).ranAt)}; its work last started at ${iso(timers.of(timer).begunAt)}.`,
    remedy: `Restart the app. Meanwhile the second clock does the work of a late timer; if the timer does not recover, look for the function "${timer}" in the log.`,
  })
}
