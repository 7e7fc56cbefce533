/** What the row of a setting says, and the types that follow from it. */

/** What a number counts where the field of `Config` counts something smaller: milliseconds, bytes. */
const factors = { seconds: 1_000, hours: 3_600_000, megabytes: 1_000_000 }

interface Described {
  name: string
  description: string
  /** Read by the Functions host too (bindings), so it must be an app setting of exactly this name. */
  binding?: boolean
}

/** Without a default a setting is required, and an example shows the form. */
type Start<V> = { default: V; example?: string } | { default?: never; example: string }

/**
 * Where the value is held: in this field of `Config`, or in none when `lib/config.ts` combines several rows. An
 * adjustable one may also be chosen by tenants, purposes and mailboxes, under the name in camel case: freely, or with
 * the value of the deployment as the most (ceiling) or the least (floor).
 */
type Held<Adjustable> = { field: string; adjustable?: Adjustable } | { field?: never; adjustable?: never }

type NumberRow = Described & {
  kind: 'number'
  /** Inclusive bounds. */
  min: number
  max: number
  unit?: keyof typeof factors
} & Start<number> &
  Held<'freely' | 'ceiling' | 'floor'>

type TextRow = Described & {
  kind: 'text'
  /** The only values there are. */
  choices?: readonly string[]
  pattern?: RegExp
  /** The pattern in words. */
  form?: string
} & Start<string> &
  Held<'freely'>

type BooleanRow = Described & { kind: 'boolean' } & Start<boolean> & Held<never>
type UrlRow = Described & { kind: 'url' | 'origin' } & Start<string> & Held<never>

export type SettingRow = NumberRow | TextRow | BooleanRow | UrlRow

type ValueOf<Row extends SettingRow> = Row extends { kind: 'number' }
  ? number
  : Row extends { kind: 'boolean' }
    ? boolean
    : Row extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string

/** The fields of `Config` that these rows make. */
export type FieldsOf<Rows extends readonly SettingRow[]> = {
  [Row in Rows[number] as Row extends { field: infer Field extends string } ? Field : never]: ValueOf<Row>
}

/** A checked value as the field holds it. */
export function fieldValue(row: SettingRow, value: string | number): string | number | boolean {
  if (row.kind === 'number') return Number(value) * (row.unit === undefined ? 1 : factors[row.unit])
  return row.kind === 'boolean' ? value === 'true' : value
}

export const exampleOf = (row: SettingRow): string => row.example ?? String(row.default)
