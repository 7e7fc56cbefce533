import type { SettingRow } from './setting-row.js'
import { wrongForm, wrongValue } from './wrong-value.js'

/** One row of the table for tenants and mailboxes, as the deployment has it. */
export interface SettingRule {
  name: string
  kind: 'text' | 'number'
  default: string | number
  /** The deployment's value. */
  value: string | number
  /** The deployment says so itself, instead of leaving the default. */
  chosen: boolean
  min?: number
  max?: number
  description: string
  /** Why a value cannot be had, with the limit and the cure. */
  wrong(value: unknown): string | undefined
}

/** Name of an adjustable setting for tenants and mailboxes: FIRST_SYNC_DAYS → firstSyncDays. */
export const adjustableName = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The row as tenants and mailboxes see it: what the deployment says is its value and may be its bound. */
export function settingRule(row: SettingRow, deployed: string, chosen: boolean): SettingRule {
  const isNumber = row.kind === 'number'
  const typed = (value: string | number): string | number => (isNumber ? Number(value) : value)
  const narrowed = isNumber
    ? {
        ...row,
        ...(row.adjustable === 'floor' ? { min: Number(deployed) } : {}),
        ...(row.adjustable === 'ceiling' ? { max: Number(deployed) } : {}),
      }
    : row
  return {
    name: adjustableName(row.name),
    kind: isNumber ? 'number' : 'text',
    default: typed(String(row.default ?? '')),
    value: typed(deployed),
    chosen,
    ...(narrowed.kind === 'number' ? { min: narrowed.min, max: narrowed.max } : {}),
    description: row.description,
    wrong: (value) =>
      typeof value === (isNumber ? 'number' : 'string')
        ? wrongValue(narrowed, String(value), false)
        : wrongForm(narrowed),
  }
}
