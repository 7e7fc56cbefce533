/** A blob as it was listed. */
export interface StoredBlob {
  name: string
  /** Milliseconds since 1970 by the clock of the storage: written or renewed last. */
  changedAt: number
  etag: string
}

export interface NewBlob {
  name: string
  bytes: Uint8Array
  /** Keeps an existing blob of that name. */
  ifAbsent?: boolean
  /** Default `application/octet-stream`. */
  contentType?: string
}

/** Blob storage. Errors: GatewayError `storage_unavailable` or `storage_forbidden`; a missing blob is `undefined`. */
export interface Blobs {
  /** Returns whether it was written: `false` for `ifAbsent` and an existing one. */
  put(container: string, blob: NewBlob): Promise<boolean>
  /** One of more than `maxBytes` rejects with `invalid_input` for the field `blob`, unread. */
  get(container: string, name: string, maxBytes?: number): Promise<Uint8Array | undefined>
  /** With an ETag only the blob as it was listed: `false` when that one is no longer there. */
  remove(container: string, name: string, etag?: string): Promise<boolean>
  /** Makes a blob as young as one just written, with a new ETag. `false` when there is none. */
  renew(container: string, name: string): Promise<boolean>
  /** Below a prefix, by name. */
  list(container: string, prefix: string): AsyncIterable<StoredBlob>
  ensure(container: string): Promise<void>
}
