/**
 * Settings that tenants and mailboxes choose for themselves: mailbox → purpose → tenant → deployment → default, the
 * first level that has a value wins. Pure rules; the table in `lib/config/` says which settings exist and which values
 * they may have.
 */
import { fieldValue, type SettingRow } from '../config/setting-row.js'
import { adjustableName, type SettingRule } from '../config/setting-rule.js'
import { settingsTable } from '../config/settings-table.js'

export type { SettingRule }
export type SettingValue = string | number
export type SettingValues = Readonly<Record<string, SettingValue>>
/** Who said it. */
export type SettingSource = 'mailbox' | 'purpose' | 'tenant' | 'deployment' | 'default'
export type SettingLevel = [source: SettingSource, values: SettingValues]

/** What a tenant says itself, and what it says for each purpose. */
export interface TenantSettings {
  tenant: SettingValues
  ofPurpose(purpose: string): SettingValues
}

export interface EffectiveSetting {
  name: string
  value: SettingValue
  source: SettingSource
  default: SettingValue
  min?: number
  max?: number
  description: string
}

/** Most specific level first. A value the deployment does not allow (any more) counts as not said. */
export function resolveSettings(rules: readonly SettingRule[], levels: readonly SettingLevel[]): EffectiveSetting[] {
  return rules.map((rule) => {
    const { name, description } = rule
    const saying = levels.find(([, values]) => Object.hasOwn(values, name) && rule.wrong(values[name]) === undefined)
    const own = rule.chosen ? 'deployment' : 'default'
    return {
      name,
      value: saying?.[1][name] ?? rule.value,
      source: saying?.[0] ?? own,
      default: rule.default,
      ...(rule.min !== undefined && rule.max !== undefined ? { min: rule.min, max: rule.max } : {}),
      description,
    }
  })
}

/** The rows that somebody else than the deployment may choose, by the name they have there. */
export const adjustableRows = (table: readonly SettingRow[]): ReadonlyMap<string, SettingRow> =>
  new Map(table.filter((row) => row.adjustable).map((row) => [adjustableName(row.name), row]))

const rows = adjustableRows(settingsTable)

/** A flow's settings with what the levels say, the least specific first. Fields the flow does not have stay away. */
export function adjustSettings<S extends object>(
  deployment: S,
  levels: readonly SettingValues[],
  adjustable = rows,
): S {
  const adjusted = { ...deployment } as Record<string, unknown>
  for (const values of levels)
    for (const [name, value] of Object.entries(values)) {
      const row = adjustable.get(name)
      if (row?.field === undefined) continue
      const base = (deployment as Record<string, unknown>)[row.field]
      if (typeof base !== typeof value) continue
      const wanted = fieldValue(row, value)
      const over = Number(wanted) - Number(base)
      if ((row.adjustable === 'ceiling' && over > 0) || (row.adjustable === 'floor' && over < 0)) continue
      adjusted[row.field] = wanted
    }
  const { pollMinMs, pollMaxMs } = adjusted
  if (typeof pollMinMs === 'number' && typeof pollMaxMs === 'number' && pollMinMs > pollMaxMs)
    adjusted['pollMaxMs'] = pollMinMs
  return adjusted as S
}
