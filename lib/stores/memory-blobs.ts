import type { Blobs } from '../ports/blobs.js'

/** Blob storage of one process. */
export function memoryBlobs(): Blobs {
  const containers = new Map<string, Map<string, Uint8Array>>()
  const blobsOf = (container: string): Map<string, Uint8Array> => {
    const blobs = containers.get(container) ?? new Map<string, Uint8Array>()
    containers.set(container, blobs)
    return blobs
  }
  return {
    async put(container, name, bytes, { ifAbsent = false } = {}) {
      const blobs = blobsOf(container)
      if (ifAbsent && blobs.has(name)) return false
      blobs.set(name, Uint8Array.from(bytes))
      return true
    },
    async get(container, name) {
      const bytes = containers.get(container)?.get(name)
      return bytes && Uint8Array.from(bytes)
    },
    async remove(container, name) {
      containers.get(container)?.delete(name)
    },
    async *list(container, prefix) {
      const names = [...(containers.get(container)?.keys() ?? [])].filter((name) => name.startsWith(prefix))
      yield* names.sort()
    },
    async ensure(container) {
      blobsOf(container)
    },
  }
}
