import type { HttpResponseInit } from '@azure/functions'

/** Bytes of unknown content for a program: under a name of ours, never shown by a browser, never kept (SEC-32). */
export function download(bytes: Uint8Array, name: string, type = 'application/octet-stream'): HttpResponseInit {
  return {
    status: 200,
    headers: {
      'content-type': type,
      'content-disposition': `attachment; filename="${name}"`,
      'content-security-policy': "default-src 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    },
    body: bytes as Uint8Array<ArrayBuffer>,
  }
}
