import type { Toolbox } from '../../ports/toolbox.js'
import { fanOut } from '../../rows/fan-out.js'
import { laneDueMs } from '../../rows/outbox.js'

/** Timer part: lanes whose time has come, and those a crash left behind, get a message. Returns how many. */
export async function sweepLanes(deps: Toolbox): Promise<number> {
  const due = await fanOut(deps, {
    kind: 'lane',
    limit: 5_000,
    claimMs: laneDueMs,
    queue: 'mail-send',
    perMessage: 1,
    messageOf: ([one]) => ({ tenant: one!.tenant, mailboxId: one!.id, sweep: true }),
  })
  return due.length
}
