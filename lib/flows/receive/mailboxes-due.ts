/**
 * Journey 3, step 1, started by a timer: the mailboxes that are due become jobs of up to 200, so that the platform
 * spreads the work.
 */
import { mailboxesPerMessage } from '../../model/messages.js'
import type { RunKind } from '../../model/timers.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { fanOut } from '../../rows/fan-out.js'

const mailboxesPerRun = 20_000

/** Returns how many mailboxes were handed to jobs. */
export async function mailboxesDue(deps: Toolbox, kind: RunKind = 'own'): Promise<number> {
  const started = deps.clock.now()
  const due = deps.stopping.aborted
    ? []
    : await fanOut(deps, {
        kind: 'poll',
        limit: mailboxesPerRun,
        queue: 'mailbox-poll',
        perMessage: mailboxesPerMessage,
        messageOf: (subjects) => ({ mailboxes: subjects.map(({ tenant, id }) => ({ tenant, mailboxId: id })) }),
        holds: true,
      })
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
