import type { RunKind } from '../../model/timers.js'
import { claimDue, holdClaims, sendingMs } from '../../rows/due.js'
import type { TokenDependencies } from './token-dependencies.js'

const perMessage = 32
const perRound = 2_000
const rounds = 10

/** Timer part: claims grants that are due and hands them to workers in batches. Returns how many. */
export async function grantsDue(deps: TokenDependencies, kind: RunKind = 'own'): Promise<number> {
  const started = deps.clock.now()
  let handed = 0
  let oldest = started
  for (let round = 0; round < rounds && !deps.stopping.aborted; round += 1) {
    const due = await claimDue(deps, 'grant', perRound, sendingMs)
    for (let at = 0; at < due.length; at += perMessage) {
      const connections = due.slice(at, at + perMessage).map(({ tenant, id }) => ({ tenant, connectionId: id }))
      await deps.queues.send(deps.names.queue('connection-refresh'), { v: 1, connections })
    }
    await holdClaims(deps, due)
    handed += due.length
    for (const { dueAt } of due) oldest = Math.min(oldest, dueAt)
    if (due.length < perRound) break
  }
  deps.log.info('timer-ran', {
    timer: 'tokens-due',
    kind,
    ms: deps.clock.now() - started,
    subjects: handed,
    lateMs: started - oldest,
  })
  return handed
}
