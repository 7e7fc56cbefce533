/**
 * Every five minutes: what waits and what needs somebody, as numbers for alerts and the workbook. The tables read here
 * hold open subjects only, so a healthy deployment pays a few requests. A mail is late when its time has come, nothing
 * tells its mailbox to wait, and still nobody took it; behind a closed gate it waits for a person and is counted apart.
 */
import { queueNames } from '../../model/names.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { everyAttention } from '../../rows/attention-lists.js'
import { laneOpensAt, readLane } from '../../rows/lane.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { listAllHints, type OwnedHint } from '../../rows/outbox.js'

/** Younger lateness is the normal time between due and taken, and not worth reading the lane for. */
const worthAskingMs = 2 * 60_000

export async function measure(deps: Toolbox): Promise<void> {
  await measureMails(deps)
  await measureAttention(deps)
  await measureQueues(deps)
}

async function measureMails(deps: Toolbox): Promise<void> {
  const now = deps.clock.now()
  const count = { waiting: 0, gated: 0, held: 0, unknown: 0, oldestLateMs: 0, oldestUnknownMs: 0 }
  const closed = new Map<string, boolean>()
  const waitsForSomebody = async ({ tenant, mailboxId }: OwnedHint): Promise<boolean> => {
    const key = `${tenant}~${mailboxId}`
    const known = closed.get(key)
    if (known !== undefined) return known
    const mailbox = await findMailbox(deps, tenant, mailboxId)
    const lane = await readLane(deps, { tenant, mailboxId })
    const answer = mailbox?.active === false || laneOpensAt(lane, now) > 0
    closed.set(key, answer)
    return answer
  }
  for await (const hint of listAllHints(deps)) {
    const lateMs = now - hint.dueAt
    if (hint.kind === 'held') count.held += 1
    else if (hint.kind === 'unknown') {
      count.unknown += 1
      count.oldestUnknownMs = Math.max(count.oldestUnknownMs, lateMs)
    } else if (lateMs < worthAskingMs) count.waiting += 1
    else if (await waitsForSomebody(hint)) count.gated += 1
    else {
      count.waiting += 1
      count.oldestLateMs = Math.max(count.oldestLateMs, lateMs)
    }
  }
  deps.log.info('mails-open', count)
}

async function measureAttention(deps: Toolbox): Promise<void> {
  const found = new Map<string, { kind: string; class: string; count: number; oldestMs: number }>()
  for await (const { kind, class: errorClass, since } of everyAttention(deps)) {
    const one = found.get(`${kind} ${errorClass}`) ?? { kind, class: errorClass, count: 0, oldestMs: 0 }
    one.count += 1
    one.oldestMs = Math.max(one.oldestMs, deps.clock.now() - Date.parse(since))
    found.set(`${kind} ${errorClass}`, one)
  }
  for (const one of found.values()) deps.log.info('attention-open', one)
}

/** A poison queue is read at once; what stays there could not even be buried. */
async function measureQueues(deps: Toolbox): Promise<void> {
  const lengths = await Promise.all(
    queueNames.map(async (queue) => {
      const name = deps.names.queue(queue)
      const [waiting = 0, poison = 0] = await Promise.all([
        deps.queues.depth(name),
        deps.queues.depth(`${name}-poison`),
      ])
      return { queue, waiting, poison }
    }),
  )
  for (const one of lengths) deps.log.info('queue-length', one)
}
