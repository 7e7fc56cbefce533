/**
 * What a tenant chooses for itself. Partition: the tenant; row: `setting~tenant`, and `setting~purpose-{hash}` for each
 * purpose that differs; `values` is JSON.
 */
import { hashId } from '../model/ids.js'
import type { Mailbox } from '../model/mailbox.js'
import { ownSettings } from '../model/mailbox-settings.js'
import { adjustSettings, type SettingLevel, type SettingValues, type TenantSettings } from '../model/setting.js'
import type { FlowConfig } from '../ports/flow-config.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { startingWith } from './tenant-ranges.js'

const prefix = 'setting~'
const rowKeyOf = (purpose: string): string => (purpose === '' ? 'setting~tenant' : `setting~purpose-${hashId(purpose)}`)

/** A change made elsewhere is noticed after so long (storage contract: a tenant's configuration is kept for 60 s). */
const keptMs = 60_000
const mostKept = 10_000

/** One request a minute for each tenant and process. */
export async function tenantSettings(deps: Toolbox, tenant: string): Promise<TenantSettings> {
  const kept = deps.memory.tenantSettings
  const known = kept.get(tenant)
  if (known && known.until > deps.clock.now()) return known.value
  const rows = new Map<string, SettingValues>()
  const query = { partition: tenant, rowRange: startingWith(prefix) }
  for await (const row of deps.tables.query(deps.names.table('tenants'), query))
    rows.set(row.rowKey, columnsOf(row).json<SettingValues>('values', {}))
  const of = (purpose: string): SettingValues => rows.get(rowKeyOf(purpose)) ?? {}
  const settings: TenantSettings = { tenant: of(''), ofPurpose: of }
  if (kept.size >= mostKept) kept.clear()
  kept.set(tenant, { value: settings, until: deps.clock.now() + keptMs })
  return settings
}

/** `purpose` empty: the tenant's own. No values remove the row. */
export async function saveTenantValues(
  deps: Toolbox,
  tenant: string,
  { purpose, values }: { purpose: string; values: SettingValues },
): Promise<void> {
  const row = { partitionKey: tenant, rowKey: rowKeyOf(purpose), v: 1, purpose, values: JSON.stringify(values) }
  if (Object.keys(values).length === 0)
    await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: row.rowKey })
  else await deps.tables.upsert(deps.names.table('tenants'), row)
  forgetTenantSettings(deps, tenant)
}

/** After a change in this process. */
export function forgetTenantSettings(deps: Toolbox, tenant: string): void {
  deps.memory.tenantSettings.delete(tenant)
}

/** What is said for a mailbox, the most specific first. */
export async function levelsOf(deps: Toolbox, mailbox: Mailbox): Promise<SettingLevel[]> {
  const settings = await tenantSettings(deps, mailbox.tenant)
  const purpose = mailbox.purpose === '' ? {} : settings.ofPurpose(mailbox.purpose)
  return [
    ['mailbox', ownSettings(mailbox)],
    ['purpose', purpose],
    ['tenant', settings.tenant],
  ]
}

/** What counts for one mailbox. */
export async function settingsOf(deps: Toolbox, mailbox: Mailbox): Promise<FlowConfig> {
  const levels = await levelsOf(deps, mailbox)
  return adjustSettings(
    deps.config,
    levels.reverse().map(([, values]) => values),
  )
}
