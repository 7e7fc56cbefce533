import type { HttpResponseInit } from '@azure/functions'
import { safeFileName } from '../../protocol/safe-file-name.js'
import { everyAnswer } from '../request/security-headers.js'

interface DownloadOptions {
  type?: string
  /** Name the sender gave; what is harmless of it is offered beside ours (RFC 6266, RFC 8187). */
  givenName?: string
}

/**
 * Bytes of unknown content for a program: always under a name of ours, never shown by a browser, never kept (SEC-32).
 */
export function download(bytes: Uint8Array, name: string, options: DownloadOptions = {}): HttpResponseInit {
  const { type = 'application/octet-stream', givenName = '' } = options
  const safe = safeFileName(givenName)
  const encoded = encodeURIComponent(safe).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return {
    status: 200,
    headers: {
      ...everyAnswer,
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"${safe === '' ? '' : `; filename*=UTF-8''${encoded}`}`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'",
    },
    body: bytes as Uint8Array<ArrayBuffer>,
  }
}
