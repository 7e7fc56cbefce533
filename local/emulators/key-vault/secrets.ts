/** The vault's contents and rules: versions, soft delete, and what the service refuses. */
import { randomBytes } from 'node:crypto'

/** Times are seconds since the epoch, as on the wire. */
export interface SecretVersion {
  version: string
  value: string
  contentType?: string
  tags?: Record<string, string>
  enabled: boolean
  nbf?: number
  exp?: number
  created: number
  updated: number
}

export interface StoredSecret {
  /** Spelled as it was first set; names are compared without regard to case. */
  name: string
  /** Oldest first. */
  versions: SecretVersion[]
  deletedAt?: number
}

/** What `PUT` and `PATCH` may set. */
export interface SecretInput {
  value?: string
  contentType?: string
  tags?: Record<string, string>
  attributes?: { enabled?: boolean; nbf?: number; exp?: number }
}

/** A refusal as the service words it. */
export class VaultRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly inner?: string,
  ) {
    super(message)
  }
}

const maxValueBytes = 25 * 1024
const maxTags = 15

export class Secrets {
  readonly #byName = new Map<string, StoredSecret>()

  constructor(readonly now: () => number) {}

  state(): StoredSecret[] {
    return structuredClone([...this.#byName.values()])
  }

  replaceBy(state: StoredSecret[]): void {
    this.#byName.clear()
    for (const secret of structuredClone(state)) this.#byName.set(secret.name.toLowerCase(), secret)
  }

  list(deleted: boolean): StoredSecret[] {
    return [...this.#byName.values()]
      .filter((secret) => (secret.deletedAt !== undefined) === deleted)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  set(name: string, input: SecretInput): { secret: StoredSecret; version: SecretVersion } {
    checkInput(name, input)
    const kept = this.#byName.get(name.toLowerCase())
    if (kept?.deletedAt !== undefined) throw reusedName(name)
    const secret = kept ?? { name, versions: [] }
    const now = this.now()
    const version = merged(
      { version: randomBytes(16).toString('hex'), value: input.value!, enabled: true, created: now, updated: now },
      input,
    )
    secret.versions.push(version)
    this.#byName.set(name.toLowerCase(), secret)
    return { secret, version }
  }

  /** A version, or the current one when `version` is empty. */
  find(name: string, version: string): { secret: StoredSecret; version: SecretVersion } {
    const secret = this.secret(name)
    const found = version ? secret.versions.find((v) => v.version === version) : secret.versions.at(-1)
    if (!found) throw notFound(`${name}/${version}`)
    return { secret, version: found }
  }

  read(name: string, version: string): { secret: StoredSecret; version: SecretVersion } {
    const found = this.find(name, version)
    if (found.version.enabled) return found
    throw new VaultRefusal(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled')
  }

  update(name: string, version: string, input: SecretInput): { secret: StoredSecret; version: SecretVersion } {
    const found = this.find(name, version)
    Object.assign(found.version, merged(found.version, input), { updated: this.now() })
    return found
  }

  secret(name: string): StoredSecret {
    const secret = this.#byName.get(name.toLowerCase())
    if (!secret || secret.deletedAt !== undefined) throw notFound(name)
    return secret
  }

  remove(name: string): StoredSecret {
    return Object.assign(this.secret(name), { deletedAt: this.now() })
  }

  deleted(name: string): StoredSecret {
    const secret = this.#byName.get(name.toLowerCase())
    if (secret?.deletedAt === undefined) {
      throw new VaultRefusal(404, 'SecretNotFound', `Deleted secret not found: ${name}`)
    }
    return secret
  }

  recover(name: string): StoredSecret {
    const secret = this.deleted(name)
    delete secret.deletedAt
    return secret
  }

  purge(name: string): void {
    this.deleted(name)
    this.#byName.delete(name.toLowerCase())
  }
}

function merged(version: SecretVersion, input: SecretInput): SecretVersion {
  const { enabled, nbf, exp } = input.attributes ?? {}
  const given = { contentType: input.contentType, tags: input.tags, enabled, nbf, exp }
  return { ...version, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) }
}

function checkInput(name: string, input: SecretInput): void {
  const bad = (message: string) => new VaultRefusal(400, 'BadParameter', message)
  if (!/^[0-9a-zA-Z-]{1,127}$/.test(name)) {
    throw bad(`The request URI contains an invalid name: ${name}`)
  }
  if (typeof input.value !== 'string') throw bad("Property  has invalid value\r\n'value' is required.")
  if (Buffer.byteLength(input.value) > maxValueBytes) {
    throw bad(`The value of the secret is too large. Maximum size is ${maxValueBytes} bytes.`)
  }
  if (Object.keys(input.tags ?? {}).length > maxTags) throw bad(`A secret cannot have more than ${maxTags} tags.`)
}

function notFound(name: string): VaultRefusal {
  const hint = 'If you recently deleted this secret you may be able to recover it using the correct recovery command.'
  const message = `A secret with (name/id) ${name} was not found in this key vault. ${hint}`
  return new VaultRefusal(404, 'SecretNotFound', message)
}

function reusedName(name: string): VaultRefusal {
  const message = `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`
  return new VaultRefusal(409, 'Conflict', message, 'ObjectIsDeletedButRecoverable')
}
