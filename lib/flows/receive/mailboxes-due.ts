/**
 * Journey 3, step 1, started by a timer: claims the mailboxes that are due and puts them into jobs of up to 200, so
 * that the platform spreads the work. A claim nobody answers falls due again; several timers may run side by side.
 */

import type { RunKind } from '../../model/timers.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { claimDue, holdClaims, sendingMs } from '../../rows/due.js'

export interface PollJob {
  v: 1
  /** `epoch` is informative: the poll always uses the settings as they are when it starts. */
  mailboxes: { tenant: string; mailboxId: string; epoch: number }[]
}

export const mailboxesPerJob = 200
const mailboxesPerRun = 20_000

/** Returns how many mailboxes were handed to jobs. */
export async function mailboxesDue(deps: Toolbox, kind: RunKind = 'own'): Promise<number> {
  const started = deps.clock.now()
  const due = deps.stopping.aborted ? [] : await claimDue(deps, 'poll', mailboxesPerRun, sendingMs)
  due.sort((a, b) => a.dueAt - b.dueAt)
  for (let at = 0; at < due.length; at += mailboxesPerJob) {
    const mailboxes = due.slice(at, at + mailboxesPerJob).map(({ tenant, id }) => ({ tenant, mailboxId: id, epoch: 0 }))
    const job: PollJob = { v: 1, mailboxes }
    await deps.queues.send(deps.names.queue('mailbox-poll'), job)
  }
  await holdClaims(deps, due)
  const finished = deps.clock.now()
  deps.log.info('timer-ran', {
    timer: 'mailboxes-due',
    kind,
    ms: finished - started,
    subjects: due.length,
    lateMs: started - (due[0]?.dueAt ?? started),
  })
  return due.length
}
