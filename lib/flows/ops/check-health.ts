/** A verdict per dependency, each asked once with its own words; nothing here changes anything. */
import { asGatewayError } from '../../errors.js'
import type { Dependencies } from '../common/dependencies.js'

export interface Health {
  ok: boolean
  checks: { name: string; ok: boolean; text: string; remedy: string }[]
}

export async function checkHealth(deps: Dependencies): Promise<Health> {
  const checks = await Promise.all([
    check('tables', () => deps.tables.get(deps.names.table('tenants'), '~', 'health')),
    check('blobs', () => deps.blobs.get(deps.names.container('outbound'), 'health')),
    check('vault', () => deps.vault.get(`${deps.names.environment}-operator-key`)),
    heartbeat(deps),
  ])
  return { ok: checks.every((one) => one.ok), checks }
}

async function check(name: string, ask: () => Promise<unknown>): Promise<Health['checks'][number]> {
  try {
    await ask()
    return { name, ok: true, text: 'answers', remedy: '' }
  } catch (error) {
    const failure = asGatewayError(error)
    return { name, ok: false, text: failure.description, remedy: failure.remedy }
  }
}

const heartbeatMs = 10 * 60_000

async function heartbeat(deps: Dependencies): Promise<Health['checks'][number]> {
  const name = 'timers'
  try {
    const row = await deps.tables.get(deps.names.table('tenants'), '~', 'heartbeat')
    const at = Number(row?.['at'] ?? 0)
    const ok = deps.clock.now() - at < heartbeatMs
    return {
      name,
      ok,
      text: at === 0 ? 'have not run yet' : `last ran ${new Date(at).toISOString()}`,
      remedy: ok ? '' : 'Timers run within a minute of the start; if not, look at the function "sweep" in the log.',
    }
  } catch {
    return { name, ok: false, text: 'could not be read', remedy: 'See the verdict on tables.' }
  }
}
