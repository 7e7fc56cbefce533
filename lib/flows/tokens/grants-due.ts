import { connectionsPerMessage } from '../../model/messages.js'
import type { RunKind } from '../../model/timers.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { fanOut } from '../../rows/fan-out.js'

const perRound = 2_000
const rounds = 10

/** Timer part: grants that are due go to workers in batches. Returns how many. */
export async function grantsDue(deps: Toolbox, kind: RunKind = 'own'): Promise<number> {
  const started = deps.clock.now()
  let handed = 0
  let oldest = started
  for (let round = 0; round < rounds && !deps.stopping.aborted; round += 1) {
    const due = await fanOut(deps, {
      kind: 'grant',
      limit: perRound,
      queue: 'connection-refresh',
      perMessage: connectionsPerMessage,
      messageOf: (subjects) => ({ connections: subjects.map(({ tenant, id }) => ({ tenant, connectionId: id })) }),
      holds: true,
    })
    handed += due.length
    oldest = Math.min(oldest, due[0]?.dueAt ?? oldest)
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
