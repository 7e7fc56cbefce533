/**
 * The local Functions host: runs the app exactly as it is deployed, on 127.0.0.1.
 *
 * It supplies the core module, imports the app, and then drives every registered function: HTTP triggers behind one
 * port, timers by their schedule, queue triggers against the storage account of their connection. Stopping accepts no
 * new work and calls the app's terminate hooks immediately, as the platform does: nothing else tells the app. It does
 * not wait for work that still runs after the grace period. Known gaps against the platform: one instance only (no
 * scale-out, timers take no lock), and no triggers or bindings beyond HTTP, timer and queue.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { type Binding, loadApp, type RegisteredFunction, type RpcValue } from './functions-core.js'
import { type FunctionSummary, makeHostAdmin, makeHostKeys } from './host-admin.js'
import { isDisabled, readHostSettings, resolveSettings } from './host-settings.js'
import { type HttpFunction, type HttpListener, startHttpListener, toHttpFunction } from './http-listener.js'
import { type Invoke, type LogLine, makeInvoke, triggerOf } from './invocation.js'
import { parseNcrontab } from './ncrontab.js'
import { makeWriteOutputs, queueClientFor } from './queue-binding.js'
import { type QueueListener, startQueueListener } from './queue-listener.js'
import { startTimerListener, type TimerListener } from './timer-listener.js'
import { openTimerStatusFile } from './timer-status-file.js'

export interface FunctionsHostOptions {
  /** Absolute paths of the built files to import, in order. */
  entry: string[]
  /** Imports the app instead of `entry`; must not touch `@azure/functions` before it is called. */
  load?: () => Promise<unknown>
  /** The parsed host.json. */
  hostJson: unknown
  /** App settings: resolve `%NAME%` in bindings, connection names, keys (`FUNCTIONS_KEY`, `FUNCTIONS_MASTER_KEY`). */
  settings: Record<string, string>
  /** 0 for any free port. */
  port: number
  /** Where timers remember their last run; default the setting `TIMER_STATUS_FILE`, else memory. */
  stateFile?: string
  log: LogLine
  now?(): number
}

export interface FunctionsHost {
  url: string
  port: number
  functions: FunctionSummary[]
  /** Runs a timer now; rejects when the run failed. */
  runTimer(name: string): Promise<void>
  /** Makes the listener of a queue poll at once. */
  wake(queueName: string): void
  /** Resolves when no invocation is running. */
  idle(): Promise<void>
  /** Takes no more work, waits up to `graceMs` (default 10 000) for running invocations, then closes. */
  stop(graceMs?: number): Promise<void>
}

// As long as the real host waits before it ends what still runs.
const gracefulStopMs = 10_000

/** Starts the host. Throws when the app, a schedule, a route, a setting or a binding is wrong. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { settings, log } = options
  const hostSettings = readHostSettings(options.hostJson, settings)
  const systemLog = (level: string, message: string) => log({ level, category: 'Host', message })
  const app = await loadApp(options.load ?? (() => importAll(options.entry)), (level, category, message) =>
    log({ level, category: `Worker.${category}`, message }),
  )
  const statusFile = await openTimerStatusFile(options.stateFile ?? settings['TIMER_STATUS_FILE'])
  const functions = app.functions.filter((fn) => !isDisabled(fn.name, settings))
  const timers = new Map<string, TimerListener>()
  const queues = new Map<string, QueueListener[]>()
  const nudgeQueues = () => {
    for (const listener of [...queues.values()].flat()) listener.nudge()
  }
  const running = trackRuns(
    makeInvoke(app, makeWriteOutputs(settings, hostSettings.queues.messageEncoding), log),
    nudgeQueues,
  )
  const { invoke } = running
  let http: HttpListener | undefined

  const startTimer = async (fn: RegisteredFunction, binding: Binding, schedule: string): Promise<void> => {
    const listener = await startTimerListener({
      name: fn.name,
      schedule: parseNcrontab(schedule),
      useMonitor: binding.useMonitor ?? true,
      runOnStartup: binding.runOnStartup ?? false,
      ...(fn.retryOptions ? { retry: fn.retryOptions } : {}),
      statusFile,
      now: options.now ?? Date.now,
      run: (input) => invoke(fn, input),
      log: systemLog,
    })
    timers.set(fn.name, listener)
  }
  const startQueue = async (fn: RegisteredFunction, binding: Binding): Promise<void> => {
    const queue = queueClientFor(binding, settings)
    const poisonName = `${queue.name}-poison`
    const listener = await startQueueListener({
      queue,
      ...(queue.name.endsWith('-poison')
        ? {}
        : { poisonQueue: queueClientFor({ ...binding, queueName: poisonName }, settings) }),
      settings: hostSettings.queues,
      run: (text, message) => {
        const data = binding.dataType === 'binary' ? { bytes: Buffer.from(text) } : { string: text }
        return invoke(fn, { data, triggerMetadata: queueMetadata(text, message) })
      },
      log: systemLog,
    })
    queues.set(queue.name, [...(queues.get(queue.name) ?? []), listener])
  }
  const close = async (graceMs: number): Promise<void> => {
    http?.drain()
    const listeners = [...timers.values(), ...queues.values()].flat()
    const told = app
      .runHooks('appTerminate', { hookData })
      .catch((error: Error) => systemLog('error', `an appTerminate hook failed: ${error.message}`))
    const quiet = Promise.all([told, running.idle(), ...listeners.map((listener) => listener.stop())])
    const grace = new AbortController()
    await Promise.race([quiet, delay(graceMs, undefined, { signal: grace.signal }).catch(() => {})])
    grace.abort()
    await http?.close()
    app.release()
  }

  const hookData = {}
  try {
    const described = functions.map((fn) => describeFunction(fn, settings, hostSettings.routePrefix))
    const summaries = described.map(({ summary }) => summary)
    await app.runHooks('appStart', { hookData })
    http = await startHttpListener({
      functions: described.flatMap(({ http }) => (http ? [http] : [])),
      port: options.port,
      ...(app.capabilities['HttpUri'] ? { streamUri: app.capabilities['HttpUri'] } : {}),
      maxOutstandingRequests: hostSettings.maxOutstandingRequests,
      bodyLimitBytes: Number(settings['FUNCTIONS_REQUEST_BODY_SIZE_LIMIT'] ?? 104_857_600),
      homepageDisabled: /^true$/i.test(settings['AzureWebJobsDisableHomepage'] ?? ''),
      keys: makeHostKeys(settings),
      invoke,
      log: systemLog,
      admin: makeHostAdmin({
        functions: summaries,
        url: () => url,
        start: (name, input) => {
          const fn = functions.find((candidate) => candidate.name === name)!
          return timers.get(name)?.runNow() ?? (isQueue(fn) ? invoke(fn, { data: { string: input } }) : undefined)
        },
      }),
      finished: nudgeQueues,
    })
    const url = `http://127.0.0.1:${http.port}`
    for (const { fn, summary, binding } of described) {
      if (summary.type === 'timer') await startTimer(fn, binding, summary.schedule!)
      if (summary.type === 'queue') await startQueue(fn, binding)
    }
    let stopping: Promise<void> | undefined
    return {
      url,
      port: http.port,
      functions: summaries,
      runTimer: async (name) => {
        const timer = timers.get(name)
        if (!timer) throw new Error(`there is no timer named "${name}"`)
        await timer.runNow()
      },
      wake: (queueName) => {
        for (const listener of queues.get(queueName) ?? []) listener.wake()
      },
      idle: running.idle,
      stop: (graceMs = gracefulStopMs) => {
        stopping ??= close(graceMs)
        return stopping
      },
    }
  } catch (error) {
    await close(0)
    throw error
  }
}

interface DescribedFunction {
  fn: RegisteredFunction
  binding: Binding
  summary: FunctionSummary
  http?: HttpFunction
}

function describeFunction(fn: RegisteredFunction, settings: Record<string, string>, prefix: string): DescribedFunction {
  const { binding } = triggerOf(fn)
  for (const other of Object.values(fn.bindings)) {
    if (other !== binding && !/^(http|queue)$/i.test(other.type)) {
      throw new Error(
        `function "${fn.name}": the local host does not know ${other.direction} bindings of type ${other.type}`,
      )
    }
  }
  const kind = binding.type.toLowerCase()
  if (kind === 'httptrigger') {
    const http = toHttpFunction(fn, binding, resolveSettings(binding.route ?? fn.name, settings), prefix)
    const { route, methods, authLevel } = http
    return { fn, binding, http, summary: { name: fn.name, type: 'http', route: route.template, methods, authLevel } }
  }
  if (kind === 'timertrigger') {
    const schedule = resolveSettings(binding.schedule ?? '', settings)
    parseNcrontab(schedule)
    return { fn, binding, summary: { name: fn.name, type: 'timer', schedule } }
  }
  if (kind === 'queuetrigger') {
    return { fn, binding, summary: { name: fn.name, type: 'queue', queueName: queueClientFor(binding, settings).name } }
  }
  throw new Error(`function "${fn.name}": the local host does not know triggers of type ${binding.type}`)
}

function isQueue(fn: RegisteredFunction): boolean {
  return /^queuetrigger$/i.test(triggerOf(fn).binding.type)
}

async function importAll(paths: string[]): Promise<void> {
  for (const path of paths) await import(pathToFileURL(path).href)
}

/** Counts runs, so that somebody can wait for the last one to end. */
function trackRuns(invoke: Invoke, finished: () => void): { invoke: Invoke; idle(): Promise<void> } {
  const runs = new Set<Promise<unknown>>()
  return {
    invoke: (fn, input) => {
      const run = invoke(fn, input).finally(() => {
        runs.delete(run)
        finished()
      })
      runs.add(run)
      return run
    },
    idle: async () => {
      while (runs.size > 0) await Promise.allSettled(runs)
    },
  }
}

function queueMetadata(
  text: string,
  message: {
    messageId: string
    popReceipt: string
    dequeueCount: number
    insertedOn: Date
    expiresOn: Date
    nextVisibleOn: Date
  },
): Record<string, RpcValue> {
  const time = (at: Date) => ({ json: JSON.stringify(at.toISOString().replace('Z', '+00:00')) })
  return {
    QueueTrigger: { string: text },
    DequeueCount: { int: message.dequeueCount },
    Id: { string: message.messageId },
    PopReceipt: { string: message.popReceipt },
    InsertionTime: time(message.insertedOn),
    ExpirationTime: time(message.expiresOn),
    NextVisibleTime: time(message.nextVisibleOn),
  }
}
