import type { Problem } from '../errors.js'
import { exampleOf, type FieldsOf, fieldValue, type SettingRow } from './setting-row.js'
import { type SettingRule, settingRule } from './setting-rule.js'
import { wrongValue } from './wrong-value.js'

export type Environment = Record<string, string | undefined>

/** What an environment says to these rows. Fields and rules count only when there is no problem. */
export interface RowsRead<Rows extends readonly SettingRow[]> {
  problems: Problem[]
  fields: FieldsOf<Rows>
  /** What tenants and mailboxes may choose for themselves. */
  adjustable: SettingRule[]
  text(name: Rows[number]['name']): string
}

/** Reads each row, with its default where the environment is silent; an empty value says nothing. */
export function readRows<const Rows extends readonly SettingRow[]>(
  rows: Rows,
  environment: Environment,
  managedIdentity: boolean,
): RowsRead<Rows> {
  const problems: Problem[] = []
  const texts = new Map<string, string>()
  const fields: Record<string, string | number | boolean> = {}
  const adjustable: SettingRule[] = []
  for (const row of rows) {
    const said = environment[row.name] ?? ''
    const chosen = said !== ''
    const problem = chosen ? wrongValue(row, said, managedIdentity) : missing(row)
    if (problem) problems.push({ field: row.name, message: `${problem} Example: ${exampleOf(row)}` })
    const text = chosen ? said : String(row.default ?? '')
    texts.set(row.name, text)
    if (row.field !== undefined) fields[row.field] = fieldValue(row, text)
    if (row.adjustable !== undefined) adjustable.push(settingRule(row, text, chosen))
  }
  return { problems, fields: fields as FieldsOf<Rows>, adjustable, text: (name) => texts.get(name) ?? '' }
}

const missing = (row: SettingRow): string | undefined => (row.default === undefined ? 'is missing.' : undefined)
