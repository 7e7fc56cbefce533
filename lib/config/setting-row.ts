export type SettingKind = 'text' | 'number' | 'boolean' | 'url' | 'origin'

export interface SettingRow {
  name: string
  kind: SettingKind
  /** Undefined: required. */
  default?: string
  /** Inclusive bounds of numbers. */
  min?: number
  max?: number
  pattern?: RegExp
  /** The pattern in words. */
  form?: string
  example: string
  description: string
  /** Read by the Functions host too (bindings), so it must be an app setting of exactly this name. */
  binding?: boolean
  /** Tenants, purposes and mailboxes may choose their own value, under the name in camel case. */
  adjustable?: boolean
  /** What the deployment says is also the most or the least that they may choose. */
  bound?: 'ceiling' | 'floor'
}
