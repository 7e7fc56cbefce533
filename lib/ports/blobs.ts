/** Blob storage. Errors: GatewayError `storage_unavailable`; a missing blob is `undefined`. */
export interface Blobs {
  /** `ifAbsent`: keeps an existing blob of that name and reports `false`. Returns whether it was written. */
  put(
    container: string,
    name: string,
    bytes: Uint8Array,
    options?: { ifAbsent?: boolean; contentType?: string },
  ): Promise<boolean>
  get(container: string, name: string): Promise<Uint8Array | undefined>
  remove(container: string, name: string): Promise<void>
  /** Names below a prefix. */
  list(container: string, prefix: string): AsyncIterable<string>
  ensure(container: string): Promise<void>
}
