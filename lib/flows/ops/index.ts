/** Journey 6, see: what runs by itself, what is broken, what became of it. */
import type { Message } from '../../model/messages.js'
import type { QueueName } from '../../model/names.js'
import type { TimerName } from '../../model/timers.js'
import type { Clock } from '../../ports/clock.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { removeEndedConsoleSessions } from '../../rows/console-sessions.js'
import { listLog } from '../../rows/logs.js'
import { bootstrapOperatorKey } from '../admin/bootstrap-key.js'
import { continueRemovals } from '../admin/remove-tenant.js'
import { expireSignIns } from '../connect/expire-sign-ins.js'
import { mailboxesDue } from '../receive/mailboxes-due.js'
import { sweepLanes } from '../send/sweep-lanes.js'
import { sweepWebhooks } from '../tell/deliver-webhooks.js'
import { grantsDue } from '../tokens/grants-due.js'
import { buryMessage, forgetBuried, type QueueDelivery, readOrBury } from './bury-message.js'
import { checkBalance } from './check-balance.js'
import { checkHealth } from './check-health.js'
import { every, once, shared } from './how-often.js'
import { listAttention } from './list-attention.js'
import { measure } from './measure.js'
import { prepareStorage } from './prepare-storage.js'
import { removeOrphans } from './remove-orphans.js'
import { purgeOld } from './retention.js'
import { keepClockGoing, runTimer, secondClock, type TimerWork, watchClock } from './second-clock.js'
import { type SweepParts, sweep } from './sweep.js'
import { warnOfExpiry } from './warn-of-expiry.js'
import { warnOfPlatformDates } from './warn-of-platform-dates.js'

export const opsFlows = { buryMessage, listAttention, listLog }

const minute = 60_000
const sixHours = 6 * 60 * minute

/** What remembers when it last ran, made once per process. `machineNow`: the clock of this machine, not of storage. */
export function opsOfProcess(deps: Toolbox, machineNow: Clock['now']) {
  const rarely = (run: () => Promise<unknown>) => every(sixHours, run, machineNow)
  const sweepParts: SweepParts = {
    storage: once(() => prepareStorage(deps)),
    secondClock: once(() => keepClockGoing(deps)),
    operatorKey: () => bootstrapOperatorKey(deps),
    lanes: () => sweepLanes(deps),
    webhooks: () => sweepWebhooks(deps),
    signIns: () => expireSignIns(deps),
    measures: every(5 * minute, () => measure(deps), machineNow),
    balance: every(10 * minute, () => checkBalance(deps), machineNow),
    expiries: rarely(() => warnOfExpiry(deps)),
    platform: rarely(() => warnOfPlatformDates(deps, process.versions.node)),
    buried: rarely(() => forgetBuried(deps)),
    consoleSessions: rarely(() => removeEndedConsoleSessions(deps)),
    removals: () => continueRemovals(deps),
    orphans: rarely(() => removeOrphans(deps)),
    retention: () => purgeOld(deps, deps.config.retentionDays),
  }
  const work: TimerWork = {
    'mailboxes-due': (kind) => mailboxesDue(deps, kind),
    'tokens-due': (kind) => grantsDue(deps, kind),
    sweep: (kind) => sweep(deps, sweepParts, kind),
  }
  const watching = watchClock(deps)
  return {
    readOrBury: <Q extends QueueName>(queue: Q, delivery: QueueDelivery): Promise<Message<Q> | undefined> =>
      readOrBury(deps, queue, delivery),
    // Anybody may ask: a flood of questions must not use up what the vault and the storage answer in a second.
    checkHealth: shared(1_000, () => checkHealth(deps, machineNow), machineNow),
    runTimer: async (timer: TimerName) => {
      await watching()
      await runTimer(deps, timer, work)
    },
    secondClock: (message: Message<'second-clock'>) => secondClock(deps, message, work),
    sweep: () => runTimer(deps, 'sweep', work),
    watchClock: watching,
  }
}
