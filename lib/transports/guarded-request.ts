import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { GatewayError } from '../errors.js'
import { dial } from './dial.js'

export interface GuardedRequestOptions {
  /** A `dns.lookup` that refuses forbidden addresses (`guardedLookup`). */
  lookup: LookupFunction
  /** Local mode only: plain HTTP, any port, and this machine. */
  allowLoopback: boolean
  timeoutMs: number
}

export interface WebRequest {
  method: 'GET' | 'POST'
  headers: Readonly<Record<string, string>>
  body?: string | Uint8Array
}

/**
 * One request to a web server that a tenant named; `read` gets the answer once its head is there, and the connection
 * ends with it. It goes, like one to a mail server, to exactly the addresses that were checked, so that nobody points
 * it into the platform (SEC-24): HTTPS on port 443, no redirects, all of it within `timeoutMs`. Rejects with
 * `host_not_allowed`, or with whatever broke.
 */
export async function guardedRequest<T>(
  url: URL,
  { method, headers, body }: WebRequest,
  { lookup, allowLoopback, timeoutMs, read }: GuardedRequestOptions & { read: (answer: IncomingMessage) => Promise<T> },
): Promise<T> {
  const isTls = url.protocol === 'https:'
  const port = Number(url.port) || (isTls ? 443 : 80)
  if (!allowLoopback && (!isTls || port !== 443)) throw notAllowed()
  const signal = AbortSignal.timeout(timeoutMs)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const socket = await dial({ host, port, tls: isTls ? 'implicit' : 'plain' }, { lookup, timeoutMs, signal })
  try {
    return await new Promise<T>((resolve, reject) => {
      const send = isTls ? httpsRequest : httpRequest
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
      const request = send(url, {
        method,
        createConnection: () => socket,
        timeout: timeoutMs,
        signal,
        headers: { 'user-agent': 'mailbox-gateway', ...headers, ...length },
      })
      request.on('response', (answer) => {
        answer.on('error', reject)
        read(answer).then(resolve, reject)
      })
      request.on('error', reject)
      // The last word, whatever the other side did: switched protocols, or closed without one.
      request.on('close', () => reject(new Error('The connection ended without an answer')))
      request.end(body)
    })
  } finally {
    socket.destroy()
  }
}

const notAllowed = (): GatewayError =>
  new GatewayError('host_not_allowed', 'needs-admin', {
    hint: 'config',
    description: 'The gateway does not connect to this host and port.',
    remedy: 'Name a server with an https:// address on a public address and port 443.',
  })
