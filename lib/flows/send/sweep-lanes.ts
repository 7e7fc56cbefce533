import { claimDue } from '../../rows/due.js'
import { laneDueMs } from '../../rows/outbox.js'
import type { SendDependencies } from './send-dependencies.js'

/** Timer part: lanes whose time has come, and those a crash left behind, get a message. Returns how many. */
export async function sweepLanes(deps: SendDependencies): Promise<number> {
  const due = await claimDue(deps, 'lane', 5_000, laneDueMs)
  const queue = deps.names.queue('mail-send')
  for (let at = 0; at < due.length; at += 20)
    await Promise.all(
      due
        .slice(at, at + 20)
        .map(({ tenant, id }) => deps.queues.send(queue, { v: 1, tenant, mailboxId: id, sweep: true })),
    )
  return due.length
}
