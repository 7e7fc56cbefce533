import type { SettingKind, SettingRow } from './setting-row.js'

const isLoopback = (url: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)

/** Why a row cannot have this value, with the limit; never the value itself. */
export function wrongValue(row: SettingRow, value: string, managedIdentity: boolean): string | undefined {
  if (value.startsWith('@Microsoft.KeyVault('))
    return "is an unresolved Key Vault reference; check the identity's role on the vault."
  if (row.kind === 'number') {
    const number = Number(value)
    if (!Number.isInteger(number) || number < (row.min ?? 0) || number > (row.max ?? Number.MAX_SAFE_INTEGER))
      return `must be a whole number from ${row.min} to ${row.max}.`
  }
  if (row.kind === 'boolean' && value !== 'true' && value !== 'false') return 'must be true or false.'
  if (row.pattern && !row.pattern.test(value))
    return row.form === undefined ? 'does not have the allowed form.' : `must be ${row.form}.`
  if (row.kind === 'url' || row.kind === 'origin') return wrongUrl(row.kind, value, managedIdentity)
  return undefined
}

function wrongUrl(kind: SettingKind, value: string, managedIdentity: boolean): string | undefined {
  if (!URL.canParse(value)) return 'is not a URL.'
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password.'
  if (kind === 'origin' && (url.pathname !== '/' || url.search !== '')) return 'must be an origin without a path.'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'must begin with https://.'
  if (!isLoopback(url)) return 'must begin with https://; plain http is allowed for this machine only.'
  return managedIdentity ? 'must begin with https:// in Azure.' : undefined
}
