import { GatewayError, invalidInput } from '../errors.js'

/** Where an account is: a connection string (development, tests), or an endpoint with a managed identity. */
export interface StorageOptions {
  connectionString?: string
  /** `https://{account}.{table|queue|blob}.core.windows.net`. */
  endpoint?: string
  credential?: TokenCredential
  /** Milliseconds one try of a small request may take, so that silence is an error too; default 15,000. */
  tryMs?: number
}

export const tryMsOf = (options: StorageOptions): number => options.tryMs ?? 15_000

/** What the Azure SDKs ask of a credential; only `gateway.ts` knows which one it is. */
export interface TokenCredential {
  getToken(scopes: string | string[], options?: object): Promise<{ token: string; expiresOnTimestamp: number } | null>
}

/** Retries of the SDK itself: few, because the flows above know better what can wait. */
export const fewRetries = { maxRetries: 2, retryDelayInMs: 200, maxRetryDelayInMs: 2_000 }

const loopback = /^http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?(\/|$)/

/** Plain http only towards this machine; anything else is a wrong setting and stops the start. */
export function isLoopbackHttp(url: string): boolean {
  if (!url.startsWith('http:')) return false
  if (loopback.test(url)) return true
  throw new GatewayError('storage_insecure', 'needs-admin', {
    hint: 'operator',
    description: 'The storage endpoint is plain http and not on this machine.',
    remedy: 'Use the https endpoint of the storage account.',
  })
}

/** Endpoint named by a connection string, e.g. `TableEndpoint`; empty when it is built from the account name. */
export function endpointOf(options: StorageOptions, kind: 'Table' | 'Queue' | 'Blob'): string {
  if (options.endpoint !== undefined) return options.endpoint
  const match = new RegExp(`(?:^|;)${kind}Endpoint=([^;]+)`, 'i').exec(options.connectionString ?? '')
  return match?.[1] ?? ''
}

/** The two facts of an SDK error that decide; its message may carry the peer's text and is not kept. */
export function faultOf(error: unknown): { status: number; code: string; retryAfterMs: number | undefined } {
  const fault = error as {
    statusCode?: number
    code?: string
    details?: { odataError?: { code?: string }; errorCode?: string }
    response?: { headers?: { get(name: string): string | undefined } }
  }
  const retryAfter = Number(fault.response?.headers?.get('retry-after'))
  return {
    status: fault.statusCode ?? 0,
    code: fault.details?.odataError?.code ?? fault.details?.errorCode ?? fault.code ?? '',
    retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : undefined,
  }
}

/**
 * Any other failure of storage: the caller waits and tries again. No answer and a refusal have different cures, so they
 * are two codes: `storage_unavailable` and `storage_forbidden`.
 */
export function storageUnavailable(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error
  const { status, code, retryAfterMs } = faultOf(error)
  const refused = status === 401 || status === 403
  return new GatewayError(refused ? 'storage_forbidden' : 'storage_unavailable', 'transient', {
    hint: refused ? 'operator' : status === 400 ? 'bug' : 'throttle',
    description: refused ? 'Storage refuses the gateway access.' : 'Storage did not answer as expected.',
    remedy: refused
      ? "Check the role assignments of the gateway's identity on the storage account and the account's network rules."
      : 'The gateway retries automatically; check the storage account if the fault persists.',
    peerLine: `${status} ${/^[\w-]{1,80}$/.test(code) ? code : ''}`.trim(),
    retryAfterMs: retryAfterMs ?? 5_000,
  })
}

/** A blob somebody else wrote; of one that is too large nothing is read. */
export const blobTooLarge = (maxBytes: number): GatewayError =>
  invalidInput('blob', `is larger than the limit of ${maxBytes} bytes; send less`)
