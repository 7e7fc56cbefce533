/**
 * A gateway in virtual time whose timers may be dead: mail that is planned, mailboxes that want a poll, grants that want
 * a refresh. Everything runs by queue messages and by the timers that live; how late the work comes is what is counted.
 */

import { runTimer, secondClock, type TimerWork, watchClock } from '../../../lib/flows/ops/second-clock.js'
import { sweep } from '../../../lib/flows/ops/sweep.js'
import { mailboxesDue } from '../../../lib/flows/receive/mailboxes-due.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { grantsDue } from '../../../lib/flows/tokens/grants-due.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import type { QueueName } from '../../../lib/model/names.js'
import { type TimerName, timerNames } from '../../../lib/model/timers.js'
import { readDueAt, setDue } from '../../../lib/rows/due.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { recordedLog } from '../general/recorded-log.js'
import { sendHarness } from '../send/send-harness.js'

const stepMs = 5_000
const minute = 60_000

export async function timerWorld(options: { mailboxes?: number; pollMs?: number; refreshMs?: number } = {}) {
  const { mailboxes = 20, pollMs = 5 * minute, refreshMs = 20 * minute } = options
  const h = await sendHarness()
  const { lines, log, of } = recordedLog()
  const deps = { ...h.deps, log }
  const queues = h.stores.queues as MemoryQueues
  const late = { mail: 0, poll: 0, grant: 0, sweep: 0 }
  const ids = Array.from({ length: mailboxes }, newId)
  for (const id of ids) {
    await setDue(deps, { kind: 'poll', tenant: h.tenant, id }, h.clock.now())
    await setDue(deps, { kind: 'grant', tenant: h.tenant, id }, h.clock.now())
  }
  let sweptAt = h.clock.now()
  let sweeps = 0
  const work: TimerWork = {
    'mailboxes-due': (kind) => mailboxesDue(deps, kind),
    'tokens-due': (kind) => grantsDue(deps as never, kind),
    sweep: async (kind) => {
      late.sweep = Math.max(late.sweep, h.clock.now() - sweptAt)
      sweptAt = h.clock.now()
      sweeps += 1
      await sweep(deps, { lanes: () => sendFlows.sweepLanes(deps) }, kind)
    },
  }
  const alive = new Set<TimerName>(timerNames)
  const take = <Q extends QueueName>(queue: Q) => queues.take<Message<Q>>(deps.names.queue(queue))
  const plannedAt = new Map<string, number>()
  let rounds = 0

  /** A worker that was handed a subject: notes how late that is and says when it wants to be seen again. */
  const serve = async (kind: 'poll' | 'grant', id: string, againMs: number): Promise<void> => {
    late[kind] = Math.max(late[kind], h.clock.now() - (await readDueAt(deps, { kind, tenant: h.tenant, id })))
    await setDue(deps, { kind, tenant: h.tenant, id }, h.clock.now() + againMs)
  }
  const deliver = async (): Promise<void> => {
    for (const message of take('second-clock')) {
      rounds += 1
      await secondClock(deps, message, work)
    }
    for (const message of take('mail-send')) await sendFlows.drainLane(deps, message)
    for (const job of take('mailbox-poll'))
      for (const { mailboxId } of job.mailboxes) await serve('poll', mailboxId, pollMs)
    for (const job of take('connection-refresh'))
      for (const { connectionId } of job.connections) await serve('grant', connectionId, refreshMs)
    for (const { recipients } of h.peer.sent.splice(0)) {
      late.mail = Math.max(late.mail, h.clock.now() - plannedAt.get(recipients[0]!)!)
      plannedAt.delete(recipients[0]!)
    }
  }

  return {
    h,
    deps,
    lines,
    of,
    late,
    work,
    alive,
    plannedAt,
    take,
    counts: () => ({ rounds, sweeps }),
    /** A new process's first look. */
    look: () => watchClock(deps)(),
    attention: (timer: TimerName) => h.stores.tables.get(deps.names.table('attention'), '~', `timer~${timer}`),
    async plan(inMs: number): Promise<void> {
      const to = `${newId()}@b.example`
      plannedAt.set(to, h.clock.now() + inMs)
      const notBefore = new Date(h.clock.now() + inMs).toISOString()
      await sendFlows.acceptMail(deps, h.tenant, {
        submission: parseMailSubmission({ to: [to], subject: 'Offer', text: 'Hi', notBefore }),
      })
    },
    /** Lets so many minutes pass; `each` runs at the start of each. */
    async live(minutes: number, each: (minute: number) => Promise<unknown> = async () => {}): Promise<void> {
      for (let step = 0; step < minutes * 12; step++) {
        h.clock.advance(stepMs)
        if (step % 12 === 0) await each(step / 12)
        for (const [at, timer] of timerNames.entries())
          if (step % 12 === at * 3 && alive.has(timer)) await runTimer(deps, timer, work)
        await deliver()
      }
    },
  }
}
