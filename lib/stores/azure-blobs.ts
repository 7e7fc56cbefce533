import type { Readable } from 'node:stream'
import { BlobServiceClient } from '@azure/storage-blob'
import { GatewayError } from '../errors.js'
import type { Blobs } from '../ports/blobs.js'
import {
  blobTooLarge,
  endpointOf,
  faultOf,
  isLoopbackHttp,
  type StorageOptions,
  storageUnavailable,
  tryMsOf,
} from './storage-fault.js'

/** Blob storage. The first write creates a missing container; content types are ours, never the mail's. */
export function azureBlobs(options: StorageOptions): Blobs {
  isLoopbackHttp(endpointOf(options, 'Blob'))
  const retryOptions = { retryOptions: { maxTries: 3, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 } }
  const service =
    options.connectionString === undefined
      ? new BlobServiceClient(options.endpoint!, options.credential as never, retryOptions)
      : BlobServiceClient.fromConnectionString(options.connectionString, retryOptions)

  // A mail of 35 MB over a slow line is no outage.
  const patience = () => ({ abortSignal: AbortSignal.timeout(4 * tryMsOf(options)) })

  const ensure = async (container: string): Promise<void> => {
    try {
      await service.getContainerClient(container).createIfNotExists(patience())
    } catch (error) {
      throw storageUnavailable(error)
    }
  }

  return {
    ensure,
    async put(container, { name, bytes, ifAbsent = false, contentType = 'application/octet-stream' }) {
      const blob = service.getContainerClient(container).getBlockBlobClient(name)
      const upload = async (): Promise<boolean> => {
        try {
          await blob.upload(bytes as Uint8Array<ArrayBuffer>, bytes.byteLength, {
            blobHTTPHeaders: { blobContentType: contentType },
            ...patience(),
            ...(ifAbsent ? { conditions: { ifNoneMatch: '*' } } : {}),
          })
          return true
        } catch (error) {
          const { status } = faultOf(error)
          if (ifAbsent && (status === 409 || status === 412)) return false
          throw error
        }
      }
      try {
        return await upload()
      } catch (error) {
        if (faultOf(error).status !== 404) throw storageUnavailable(error)
        await ensure(container)
        try {
          return await upload()
        } catch (again) {
          throw storageUnavailable(again)
        }
      }
    },
    async get(container, name, maxBytes = Number.POSITIVE_INFINITY) {
      try {
        // downloadToBuffer would ask for the size first, and for every 4 MB apart.
        const { contentLength = 0, readableStreamBody } = await service
          .getContainerClient(container)
          .getBlobClient(name)
          .download(0, undefined, { maxRetryRequests: 3, ...patience() })
        if (contentLength > maxBytes) {
          // An abort would end in an error that this stream tells nobody, which ends the process.
          ;(readableStreamBody as Readable | undefined)?.destroy()
          throw blobTooLarge(maxBytes)
        }
        const bytes = Buffer.allocUnsafe(contentLength)
        let at = 0
        for await (const chunk of readableStreamBody as AsyncIterable<Buffer>) at += chunk.copy(bytes, at)
        if (at !== contentLength) throw new Error('the blob ended early')
        return bytes
      } catch (error) {
        if (error instanceof GatewayError) throw error
        if (faultOf(error).status === 404) return undefined
        throw storageUnavailable(error)
      }
    },
    async remove(container, name, etag) {
      try {
        const blob = service.getContainerClient(container).getBlobClient(name)
        await blob.deleteIfExists({ ...patience(), ...(etag === undefined ? {} : { conditions: { ifMatch: etag } }) })
        return true
      } catch (error) {
        if (faultOf(error).status === 412) return false
        throw storageUnavailable(error)
      }
    },
    async renew(container, name) {
      try {
        await service.getContainerClient(container).getBlobClient(name).setMetadata({}, patience())
        return true
      } catch (error) {
        if (faultOf(error).status === 404) return false
        throw storageUnavailable(error)
      }
    },
    async *list(container, prefix) {
      try {
        const blobs = service.getContainerClient(container).listBlobsFlat({ prefix, ...patience() })
        // A listing gives ETags without the quotes a header has (RFC 9110 section 8.8.3).
        for await (const { name, properties } of blobs)
          yield { name, changedAt: properties.lastModified.getTime(), etag: `"${properties.etag.replaceAll('"', '')}"` }
      } catch (error) {
        if (faultOf(error).status === 404) return
        throw storageUnavailable(error)
      }
    },
  }
}
