/**
 * The third timer: what nobody else wakes up for. Lanes left behind by a crash, webhooks waiting for their
 * next try, sign-ins that expired, tenants on their way out, what is past its retention. Each part stands alone: one
 * failing part is logged and delays no other.
 */
import { asGatewayError } from '../../errors.js'
import type { RunKind } from '../../model/timers.js'
import type { Toolbox } from '../../ports/toolbox.js'

export interface SweepParts {
  [part: string]: () => Promise<unknown>
}

export async function sweep(deps: Toolbox, parts: SweepParts, kind: RunKind = 'own'): Promise<void> {
  const started = deps.clock.now()
  for (const [part, run] of Object.entries(parts)) {
    if (deps.stopping.aborted) return
    try {
      await run()
    } catch (error) {
      deps.log.error('sweep-part-failed', { part, code: asGatewayError(error).code })
    }
  }
  deps.log.info('timer-ran', { timer: 'sweep', kind, ms: deps.clock.now() - started, subjects: 0, lateMs: 0 })
}
