import { randomUUID } from 'node:crypto'
import type { Vault } from '../ports/vault.js'
import { Secret } from '../secret.js'

/** Secrets of one process: versions and soft delete like the real vault. */
export function memoryVault(): Vault {
  const secrets = new Map<string, { deleted: boolean; versions: { version: string; value: string }[] }>()
  return {
    async get(name, version) {
      const secret = secrets.get(name)
      if (secret === undefined || secret.deleted) return undefined
      const found =
        version === undefined ? secret.versions.at(-1) : secret.versions.find((one) => one.version === version)
      return found && { value: new Secret(found.value), version: found.version }
    },
    async set(name, value) {
      const secret = secrets.get(name) ?? { deleted: false, versions: [] }
      secrets.set(name, secret)
      secret.deleted = false
      const version = randomUUID().replaceAll('-', '')
      secret.versions.push({ version, value: value.reveal() })
      return version
    },
    async remove(name) {
      const secret = secrets.get(name)
      if (secret !== undefined) secret.deleted = true
    },
    async purge(name) {
      return secrets.get(name)?.deleted === true && secrets.delete(name)
    },
  }
}
