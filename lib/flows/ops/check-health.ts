/**
 * A verdict per dependency, each asked once with its own words; nothing here changes anything. All are asked at once
 * and none may take longer than ten seconds, so that a hanging dependency is a verdict too and not a hanging answer.
 */
import { asGatewayError, GatewayError } from '../../errors.js'
import { timerNames } from '../../model/timers.js'
import type { Clock } from '../../ports/clock.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { buriedMessages } from '../../rows/attention-lists.js'
import { readBalance } from '../../rows/balance.js'
import { probeTables } from '../../rows/tenants.js'
import { findTimers } from '../../rows/timers.js'
import { silentMs, timerSilent } from './second-clock.js'

export interface HealthCheck {
  name: 'tables' | 'queues' | 'blobs' | 'vault' | 'clock' | 'timers' | 'balance' | 'messages'
  ok: boolean
  /** Empty when ok. */
  code: string
  text: string
  /** Empty when ok. */
  remedy: string
}

export interface Health {
  ok: boolean
  checks: HealthCheck[]
}

const patienceMs = 10_000
const clockSkewMs = 60_000

/** `machineNow`: this machine's own time, before storage sets it right. */
export async function checkHealth(deps: Toolbox, machineNow: Clock['now']): Promise<Health> {
  const checks = await Promise.all([
    check(deps, 'tables', async () => {
      await probeTables(deps)
      return 'answers'
    }),
    check(deps, 'queues', async () => {
      const waiting = await deps.queues.depth(deps.names.queue('mail-send'))
      return waiting === undefined
        ? 'answers; the gateway creates the queues at its first start'
        : `answers, ${waiting} waiting`
    }),
    check(deps, 'blobs', async () => {
      await deps.blobs.get(deps.names.container('outbound'), 'health')
      return 'answers'
    }),
    check(deps, 'vault', async () => {
      await deps.vault.get(`${deps.names.environment}-operator-key`)
      return 'answers'
    }),
    check(deps, 'clock', () => compareClocks(deps, machineNow)),
    check(deps, 'timers', () => timersRun(deps)),
    check(deps, 'balance', () => balance(deps)),
    check(deps, 'messages', () => messages(deps)),
  ])
  return { ok: checks.every((one) => one.ok), checks }
}

async function check(deps: Toolbox, name: HealthCheck['name'], ask: () => Promise<string>): Promise<HealthCheck> {
  const timeout = new AbortController()
  try {
    const late = deps.clock.sleep(patienceMs, timeout.signal).then(() => Promise.reject(tooSlow(name)))
    late.catch(() => {})
    return { name, ok: true, code: '', text: await Promise.race([ask(), late]), remedy: '' }
  } catch (error) {
    const failure = asGatewayError(error)
    return { name, ok: false, code: failure.code, text: failure.description, remedy: failure.remedy }
  } finally {
    timeout.abort()
  }
}

async function compareClocks(deps: Toolbox, machineNow: Clock['now']): Promise<string> {
  const skewMs = machineNow() - (await deps.tables.serverNow())
  const seconds = Math.round(skewMs / 1000)
  if (Math.abs(skewMs) <= clockSkewMs) return `${Math.abs(seconds)} s from the clock of storage`
  throw new GatewayError('clock_skew', 'needs-admin', {
    hint: 'operator',
    description: `This machine's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} the clock of storage.`,
    remedy:
      'Synchronise the clock of this machine with a time server; until then the gateway uses the clock of storage.',
  })
}

async function timersRun(deps: Toolbox): Promise<string> {
  const timers = await findTimers(deps)
  const now = deps.clock.now()
  if (timers === undefined)
    throw new GatewayError('timers_silent', 'needs-admin', {
      hint: 'operator',
      description: 'The timers have not run yet.',
      remedy: 'Timers run within a minute of the start; if they do not, look for the function "sweep" in the log.',
    })
  const silent = timerNames.filter((timer) => now - timers.of(timer).ranAt >= silentMs)
  if (silent[0] !== undefined) {
    const errors = silent.map((timer) => timerSilent(timers, timer))
    throw new GatewayError('timers_silent', 'needs-admin', {
      hint: 'operator',
      description: errors.map((error) => error.description).join(' '),
      remedy: errors[0]!.remedy,
    })
  }
  const latest = Math.max(...timerNames.map((timer) => timers.of(timer).ranAt))
  const text = `last ran ${new Date(latest).toISOString()}`
  if (timers.clock.dueAt === 0 || now - timers.clock.dueAt < silentMs) return text
  throw new GatewayError('timers_silent', 'needs-admin', {
    hint: 'operator',
    description: `The timers run, but the second clock behind them has stood still since ${new Date(timers.clock.dueAt).toISOString()}.`,
    remedy: 'Nothing is late. Check the function "second-clock" and its queue: nobody reads its messages.',
  })
}

async function balance(deps: Toolbox): Promise<string> {
  const { at, difference } = await readBalance(deps)
  if (at === 0) return 'not checked yet'
  const when = new Date(at).toISOString()
  if (difference === 0) return `every accepted mail is accounted for, checked ${when}`
  throw new GatewayError('balance_not_closed', 'needs-admin', {
    hint: 'operator',
    description: `${difference} accepted mails were not where they must be, checked ${when}.`,
    remedy: 'See the list of what needs attention: it names the tenants.',
  })
}

/** Nothing but a person ends it, so that it is a fault only as long as it is news; its card stays for a week. */
const newsMs = 3_600_000

async function messages(deps: Toolbox): Promise<string> {
  let count = 0
  let latest = 0
  for await (const { since } of buriedMessages(deps)) {
    count += 1
    latest = Math.max(latest, Date.parse(since))
  }
  if (count === 0) return 'no queue message was given up in the last week'
  const text = `${count} ${count === 1 ? 'queue message was' : 'queue messages were'} given up in the last week, the latest at ${new Date(latest).toISOString()}`
  if (deps.clock.now() - latest >= newsMs) return `${text}; see the list of what needs attention`
  throw new GatewayError('messages_given_up', 'needs-admin', {
    hint: 'operator',
    description: `${text}.`,
    remedy: 'See the list of what needs attention: it says for each message what to do.',
  })
}

function tooSlow(name: string): GatewayError {
  return new GatewayError('dependency_silent', 'transient', {
    hint: 'slow',
    description: `No answer from ${name} within ${patienceMs / 1000} s.`,
    remedy: 'Check the network rules between the gateway and this service, and the state of the service.',
  })
}
