/**
 * Where a snapshot stores large data that never changes (the bytes of a mail, an attachment), so that changing a flag
 * does not write the mail again. Parts are identified by their object: the same object is stored once.
 */
export interface Parts {
  /** Keeps `bytes()` of an object that was not kept yet; the name of its part. */
  put(of: object, bytes: () => Buffer): string
  /** The object of a part again, read from its bytes. Throws when there is none of this name. */
  get<T extends object>(name: string, read: (bytes: Buffer) => T): T
}

export const partName = /^part-[\w-]+$/

/** The bytes behind a reference in a snapshot. */
export const bytesOf = (reference: string, parts: Parts): Buffer =>
  // Up to version 0.1 a snapshot held the bytes themselves.
  partName.test(reference) ? parts.get(reference, (bytes) => bytes) : Buffer.from(reference, 'base64')

/** Parts in memory. */
export function memoryParts(): Parts {
  const names = new WeakMap<object, string>()
  const kept = new Map<string, Buffer>()
  return {
    put: (of, bytes) => {
      const name = names.get(of) ?? `part-${kept.size}`
      if (!names.has(of)) kept.set(name, bytes())
      names.set(of, name)
      return name
    },
    get: (name, read) => {
      const bytes = kept.get(name)
      if (!bytes) throw new Error(`There is no ${name}`)
      const object = read(bytes)
      names.set(object, name)
      return object
    },
  }
}
