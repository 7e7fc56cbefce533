import type { SettingRow } from './setting-row.js'
import { wrongValue } from './wrong-value.js'

export interface AdjustableSetting {
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
export function adjustableSetting(row: SettingRow, deployed: string, chosen: boolean): AdjustableSetting {
  const isNumber = row.kind === 'number'
  const typed = (text: string): string | number => (isNumber ? Number(text) : text)
  const min = row.bound === 'floor' ? Number(deployed) : row.min
  const max = row.bound === 'ceiling' ? Number(deployed) : row.max
  return {
    name: adjustableName(row.name),
    kind: isNumber ? 'number' : 'text',
    default: typed(row.default ?? ''),
    value: typed(deployed),
    chosen,
    ...(isNumber && min !== undefined && max !== undefined ? { min, max } : {}),
    description: row.description,
    wrong(value) {
      if (typeof value !== (isNumber ? 'number' : 'string'))
        return isNumber ? `must be a whole number from ${min} to ${max}.` : `must be ${row.form}.`
      const narrowed = { ...row, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
      return wrongValue(narrowed, String(value), false)
    },
  }
}
