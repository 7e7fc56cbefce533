import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { GatewayError } from '../errors.js'
import type { Sealer } from '../model/sealer.js'

/** A key with its name; ids are lower-case words, so that the text form can contain them. */
export interface SealKey {
  id: string
  /** 32 bytes. */
  key: Uint8Array
}

const version = 'v1'
const nonceBytes = 12
const tagBytes = 16
const keyIdPattern = /^[a-z0-9-]{1,40}$/

/** AES-256-GCM with named keys. The first key seals, all of them open; a key id not listed is refused (SEC-38). */
export function sealer(keys: readonly SealKey[]): Sealer {
  const [first] = keys
  if (first === undefined) throw new Error('A sealer needs at least one key')
  for (const { id, key } of keys)
    if (!keyIdPattern.test(id) || key.byteLength !== 32) throw new Error('A seal key has an id and 32 bytes')
  const byId = new Map(keys.map(({ id, key }) => [id, Uint8Array.from(key)]))

  return {
    seal(plain, associated) {
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv('aes-256-gcm', byId.get(first.id)!, nonce)
      cipher.setAAD(boundTo(first.id, associated))
      const body = Buffer.concat([cipher.update(plain as Uint8Array), cipher.final()])
      return `${version}.${first.id}.${Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')}`
    },
    open(text, associated) {
      const [form, id = '', packed = '', ...rest] = text.split('.')
      const key = byId.get(id)
      if (form !== version || rest.length > 0) throw invalid('form')
      if (key === undefined) throw invalid('key')
      const bytes = Buffer.from(packed, 'base64url')
      if (bytes.length < nonceBytes + tagBytes) throw invalid('form')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        })
        decipher.setAAD(boundTo(id, associated))
        decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
        return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
      } catch {
        // OpenSSL's own words say nothing more, and must not tell a forger which check failed.
        throw invalid('tag')
      }
    },
  }
}

const boundTo = (keyId: string, associated: string): Buffer => Buffer.from(`${version}.${keyId}.${associated}`)

function invalid(hint: 'form' | 'key' | 'tag'): GatewayError {
  return new GatewayError('sealed_value_invalid', 'permanent', {
    hint,
    description: 'A stored or transmitted value was sealed for another place, with a key that is gone, or was changed.',
    remedy: 'Start again from the beginning; if it happens to stored values, report it to the operator.',
  })
}
