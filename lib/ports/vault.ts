import type { Secret } from '../secret.js'

/**
 * Key Vault. Errors: GatewayError `vault_unavailable` (transient, `retryAfterMs`), `vault_forbidden`
 * (needs-admin:operator).
 */
export interface Vault {
  /** The current or a named version; `undefined` when there is none. */
  get(name: string, version?: string): Promise<{ value: Secret; version: string } | undefined>
  /** Writes a new version and returns it. Recovers a soft-deleted name first. */
  set(name: string, value: Secret, options?: { expiresAt?: Date; tags?: Record<string, string> }): Promise<string>
  /** Deletes every version (soft delete). Deleting what is gone is fine. */
  remove(name: string): Promise<void>
  /** Purges the soft-deleted secret. False when the vault's policy keeps it (purge protection) or it is not deleted. */
  purge(name: string): Promise<boolean>
}
