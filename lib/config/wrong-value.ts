import type { SettingRow } from './setting-row.js'

const isLoopback = (url: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)

/** Why a row cannot have this value, with the limit; never the value itself. */
export function wrongValue(row: SettingRow, value: string, managedIdentity: boolean): string | undefined {
  if (value.startsWith('@Microsoft.KeyVault('))
    return "is an unresolved Key Vault reference; check the identity's role on the vault."
  return isOfForm(row, value) ? wrongUrl(row, value, managedIdentity) : wrongForm(row)
}

/** What a row wants, said of a value that is something else. */
export function wrongForm(row: SettingRow): string {
  if (row.kind === 'number') return `must be a whole number from ${row.min} to ${row.max}.`
  if (row.kind === 'boolean') return 'must be true or false.'
  const form = row.kind === 'text' ? (row.choices?.join(' or ') ?? row.form) : undefined
  return form === undefined ? 'does not have the allowed form.' : `must be ${form}.`
}

function isOfForm(row: SettingRow, value: string): boolean {
  if (row.kind === 'number') {
    const number = Number(value)
    return Number.isInteger(number) && number >= row.min && number <= row.max
  }
  if (row.kind === 'boolean') return value === 'true' || value === 'false'
  if (row.kind !== 'text') return true
  return (row.choices?.includes(value) ?? true) && (row.pattern?.test(value) ?? true)
}

function wrongUrl({ kind }: SettingRow, value: string, managedIdentity: boolean): string | undefined {
  if (kind !== 'url' && kind !== 'origin') return undefined
  if (!URL.canParse(value)) return 'is not a URL.'
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password.'
  if (kind === 'origin' && (url.pathname !== '/' || url.search !== '')) return 'must be an origin without a path.'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'must begin with https://.'
  if (!isLoopback(url)) return 'must begin with https://; plain http is allowed for this machine only.'
  return managedIdentity ? 'must begin with https:// in Azure.' : undefined
}
