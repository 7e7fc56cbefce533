/**
 * Runs one timer function on its schedule.
 *
 * Runs of one timer never overlap: after a run that lasted longer than the interval one catch-up run follows at once,
 * not one per missed occurrence. With `useMonitor` the last and next occurrence are kept in a file, so that the host
 * makes up at start, once and with `isPastDue`, for a run that it missed while it was down.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { RetryOptions } from './functions-core.js'
import type { InvocationInput } from './invocation.js'
import type { Schedule } from './ncrontab.js'
import type { TimerStatus, TimerStatusFile } from './timer-status-file.js'

export interface TimerListenerOptions {
  name: string
  schedule: Schedule
  useMonitor: boolean
  runOnStartup: boolean
  retry?: RetryOptions
  statusFile: TimerStatusFile
  now(): number
  run(input: InvocationInput): Promise<unknown>
  log(level: string, message: string): void
}

export interface TimerListener {
  /** Runs now, after a run that is under way. Rejects when the run, with all its retries, failed. */
  runNow(): Promise<void>
  /** Starts no further run and ends the wait between retries. Resolves when the last run is over and remembered. */
  stop(): Promise<void>
}

// Short naps follow a wall clock that was set or slept through.
const longestNapMs = 1_000
const minuteMs = 60_000

/** Starts the schedule; the first run may happen at once. */
export async function startTimerListener(options: TimerListenerOptions): Promise<TimerListener> {
  const { name, schedule, now } = options
  const stopped = new AbortController()
  const { signal } = stopped
  const monitored = options.useMonitor && isRare(schedule, now())
  let status: TimerStatus | undefined = monitored ? await options.statusFile.read(name) : undefined
  let current: Promise<unknown> = Promise.resolve()

  const remember = async (latest: TimerStatus): Promise<void> => {
    status = latest
    if (!monitored) return
    await options.statusFile.write(name, latest).catch((error: Error) => {
      options.log('warning', `status of timer ${name} was not saved: ${error.message}`)
    })
  }
  const once = async (isPastDue: boolean): Promise<void> => {
    const startedAt = now()
    try {
      await runWithRetries(options, timerInput(schedule, monitored ? status : undefined, isPastDue), signal)
    } finally {
      await remember({ last: startedAt, next: schedule.next(startedAt), lastUpdated: startedAt })
    }
  }
  const serially = <T>(work: () => Promise<T>): Promise<T> => {
    const result = current.then(work)
    current = result.catch(() => {})
    return result
  }
  const scheduled = async (isPastDue: boolean): Promise<void> => {
    await serially(() => once(isPastDue)).catch(() => {})
  }

  const follow = async (): Promise<void> => {
    const missed = monitored && isMissed(schedule, status, now())
    if (missed || options.runOnStartup) await scheduled(missed)
    else if (monitored) await remember(freshStatus(schedule, status, now()))
    let due = schedule.next(now())
    while (!signal.aborted) {
      const waitMs = due - now()
      if (waitMs > 0) {
        await delay(Math.min(waitMs, longestNapMs), undefined, { signal }).catch(() => {})
        continue
      }
      const after = schedule.next(Math.max(now(), due))
      await scheduled(false)
      due = after
    }
  }
  const following = follow().catch((error: Error) => options.log('error', `timer ${name} stopped: ${error.message}`))

  return {
    runNow: () => serially(() => once(false)),
    stop: async () => {
      stopped.abort()
      await following
      await current
    },
  }
}

async function runWithRetries(options: TimerListenerOptions, input: InvocationInput, signal: AbortSignal) {
  const { retry } = options
  if (!retry) return options.run(input)
  let failure: unknown
  for (let retryCount = 0; ; retryCount++) {
    const exception = failure === undefined ? {} : { exception: { message: String(failure) } }
    const retryContext = { retryCount, maxRetryCount: retry.maxRetryCount, ...exception }
    try {
      return await options.run({ ...input, retryContext })
    } catch (error) {
      failure = error
      if (signal.aborted || (retry.maxRetryCount >= 0 && retryCount >= retry.maxRetryCount)) throw error
      await delay(retryDelayMs(retry, retryCount), undefined, { signal }).catch(() => {})
      if (signal.aborted) throw error
    }
  }
}

function retryDelayMs(retry: RetryOptions, retryCount: number): number {
  if (retry.retryStrategy === 'fixedDelay') return (retry.delayInterval?.seconds ?? 0) * 1000
  const least = retry.minimumInterval?.seconds ?? 0
  const most = retry.maximumInterval?.seconds ?? least
  return Math.min(least * 2 ** retryCount, most) * 1000
}

function timerInput(schedule: Schedule, status: TimerStatus | undefined, isPastDue: boolean): InvocationInput {
  const iso = (at: number) => new Date(at).toISOString().replace('Z', '+00:00')
  const timer = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus: status
      ? { Last: iso(status.last), Next: iso(status.next), LastUpdated: iso(status.lastUpdated) }
      : null,
    IsPastDue: isPastDue,
  }
  return { data: { json: JSON.stringify(timer) }, triggerMetadata: { TimerTrigger: { string: schedule.expression } } }
}

// The real host monitors no schedule that runs more often than once a minute.
function isRare(schedule: Schedule, at: number): boolean {
  const first = schedule.next(at)
  return schedule.next(first) - first >= minuteMs
}

function isMissed(schedule: Schedule, status: TimerStatus | undefined, at: number): boolean {
  if (!status || wasChanged(schedule, status)) return false
  return status.next < at
}

// A status whose next run the schedule would not give belongs to an earlier schedule.
function wasChanged(schedule: Schedule, status: TimerStatus): boolean {
  return schedule.next(status.lastUpdated) !== status.next
}

function freshStatus(schedule: Schedule, status: TimerStatus | undefined, at: number): TimerStatus {
  if (status && !wasChanged(schedule, status)) return status
  return { last: status?.last ?? 0, next: schedule.next(at), lastUpdated: at }
}
