import type { Blobs } from '../ports/blobs.js'
import { blobTooLarge } from './storage-fault.js'

interface Kept {
  bytes: Uint8Array
  changedAt: number
  etag: string
}

/** Blob storage of one process. `now`: milliseconds since 1970. */
export function memoryBlobs({ now = Date.now }: { now?: () => number } = {}): Blobs {
  const containers = new Map<string, Map<string, Kept>>()
  let changes = 0
  const blobsOf = (container: string): Map<string, Kept> => {
    const blobs = containers.get(container) ?? new Map<string, Kept>()
    containers.set(container, blobs)
    return blobs
  }
  const keep = (container: string, name: string, bytes: Uint8Array): void => {
    changes += 1
    blobsOf(container).set(name, { bytes, changedAt: now(), etag: `"${changes}"` })
  }
  return {
    async put(container, { name, bytes, ifAbsent = false }) {
      if (ifAbsent && blobsOf(container).has(name)) return false
      keep(container, name, Uint8Array.from(bytes))
      return true
    },
    async get(container, name, maxBytes = Number.POSITIVE_INFINITY) {
      const kept = containers.get(container)?.get(name)
      if (kept && kept.bytes.byteLength > maxBytes) throw blobTooLarge(maxBytes)
      return kept && Uint8Array.from(kept.bytes)
    },
    async remove(container, name, etag) {
      if (etag !== undefined && containers.get(container)?.get(name)?.etag !== etag) return false
      containers.get(container)?.delete(name)
      return true
    },
    async renew(container, name) {
      const kept = containers.get(container)?.get(name)
      if (kept !== undefined) keep(container, name, kept.bytes)
      return kept !== undefined
    },
    async *list(container, prefix) {
      const found = [...(containers.get(container) ?? [])].filter(([name]) => name.startsWith(prefix))
      for (const [name, { changedAt, etag }] of found.sort(([a], [b]) => (a < b ? -1 : 1)))
        yield { name, changedAt, etag }
    },
    async ensure(container) {
      blobsOf(container)
    },
  }
}
