import { hashId } from '../model/ids.js'
import type { Mailbox } from '../model/mailbox.js'
import { adjustSettings, ownSettings, type SettingLevel, type SettingValues } from '../model/setting.js'
import type { Tables } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Rows of a tenant's own choices: `setting~tenant`, and one for each purpose that differs. */
export const settingRowKey = (purpose: string): string =>
  purpose === '' ? 'setting~tenant' : `setting~purpose-${hashId(purpose)}`

/** A change made elsewhere is noticed after so long (storage contract: a tenant's configuration is kept for 60 s). */
const keptMs = 60_000
const mostKept = 10_000

type TenantSettings = Map<string, SettingValues>
const kept = new WeakMap<Tables, Map<string, { rows: TenantSettings; until: number }>>()

/** What tenant and purposes say, by row key; one request a minute for each tenant and process. */
export async function tenantSettings(deps: Toolbox, tenant: string): Promise<TenantSettings> {
  const memory = kept.get(deps.tables) ?? new Map<string, { rows: TenantSettings; until: number }>()
  kept.set(deps.tables, memory)
  const known = memory.get(tenant)
  if (known && known.until > deps.clock.now()) return known.rows
  const rows: TenantSettings = new Map()
  for await (const row of deps.tables.query(deps.names.table('tenants'), {
    partition: tenant,
    rowRange: ['setting~', 'setting~~'],
  }))
    rows.set(row.rowKey, JSON.parse(String(row['values'] ?? '{}')) as SettingValues)
  if (memory.size >= mostKept) memory.clear()
  memory.set(tenant, { rows, until: deps.clock.now() + keptMs })
  return rows
}

/** After a change in this process. */
export function forgetTenantSettings(deps: Toolbox, tenant: string): void {
  kept.get(deps.tables)?.delete(tenant)
}

/** What is said for a mailbox, the most specific first. */
export async function levelsOf(deps: Toolbox, mailbox: Mailbox): Promise<SettingLevel[]> {
  const rows = await tenantSettings(deps, mailbox.tenant)
  const purpose = mailbox.purpose === '' ? {} : (rows.get(settingRowKey(mailbox.purpose)) ?? {})
  return [
    ['mailbox', ownSettings(mailbox)],
    ['purpose', purpose],
    ['tenant', rows.get(settingRowKey('')) ?? {}],
  ]
}

/** The same dependencies with the settings of one mailbox. */
export async function withSettingsOf<D extends Toolbox & { settings: object }>(deps: D, mailbox: Mailbox): Promise<D> {
  const levels = await levelsOf(deps, mailbox)
  const settings = adjustSettings(
    deps.settings,
    levels.reverse().map(([, values]) => values),
  )
  return { ...deps, settings }
}
