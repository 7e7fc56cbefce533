/**
 * Journey 3, step 2, started by a queue message: polls the mailboxes of one job side by side, 40 in flight. Waiting for
 * peers together is what makes polling cheap; each poll has its own lease, time limit and verdict, so a slow or hostile
 * server delays only its own mailbox. A mailbox whose poll met a fault of ours stays claimed and falls due again.
 */
import type { Message } from '../../model/messages.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { enqueue } from '../../rows/messages.js'
import { type PollResult, pollMailbox } from './poll-mailbox.js'
import { longestPollMs } from './within-time.js'

const inFlight = 40
/** What one job takes at most: the platform ends a function after ten minutes (host.json). */
const jobMs = 9 * 60_000
/** No poll begins later: it may need a minute even where nothing is slow. */
const beginsWithinMs = jobMs - 60_000

export async function pollBatch(deps: Toolbox, { mailboxes }: Message<'mailbox-poll'>): Promise<PollResult[]> {
  // A job of one was asked for by a person or a backlog: nobody should find the lease of its idle poll in the way.
  const release = mailboxes.length === 1
  const results: PollResult[] = []
  const started = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    for (;;) {
      const elapsed = performance.now() - started
      if (deps.stopping.aborted || elapsed > beginsWithinMs) return
      const one = mailboxes[next++]
      if (one === undefined) return
      try {
        const longestMs = Math.min(longestPollMs, jobMs - elapsed)
        results.push(await pollMailbox(deps, one, { release, longestMs }))
      } catch (error) {
        deps.log.error('poll-broke-off', {
          tenant: one.tenant,
          mailboxId: one.mailboxId,
          error: error instanceof Error ? error.name : 'unknown',
        })
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(inFlight, mailboxes.length) }, worker))
  // This instance is being taken away, or slow lines took the time of this job: another one polls the rest.
  const rest = mailboxes.slice(next)
  if (rest.length > 0) await enqueue(deps, 'mailbox-poll', { mailboxes: rest })
  deps.log.info('polls-ran', {
    ...counted(results),
    mailboxes: mailboxes.length,
    ms: Math.round(performance.now() - started),
  })
  return results
}

function counted(results: PollResult[]) {
  const of = (...outcomes: PollResult['outcome'][]): number =>
    results.filter((result) => outcomes.includes(result.outcome)).length
  const sum = (count: 'handedOver' | 'quarantined'): number => results.reduce((all, one) => all + one[count], 0)
  return {
    idle: of('idle'),
    mail: of('mail'),
    failed: of('failed'),
    skipped: of('off', 'leased'),
    handedOver: sum('handedOver'),
    quarantined: sum('quarantined'),
  }
}
