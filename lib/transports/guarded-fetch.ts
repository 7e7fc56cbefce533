import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { GuardedFetch } from '../ports/guarded-fetch.js'
import { boundedBody } from '../protocol/bounded-body.js'
import { guardedRequest } from './guarded-request.js'

/** Documents and tokens of an identity provider are a few kilobytes. */
const largestAnswer = 65_536
const defaultTimeoutMs = 10_000

/**
 * `fetch` for addresses that a tenant named: guarded, bounded in size and time, a redirect is an answer like another.
 * `origins`: origins to call instead, for emulators; empty in Azure.
 */
export function guardedFetch({
  lookup,
  allowLoopback,
  origins = {},
  timeoutMs = defaultTimeoutMs,
}: {
  lookup: LookupFunction
  allowLoopback: boolean
  origins?: Readonly<Record<string, string>>
  timeoutMs?: number
}): GuardedFetch {
  const read = async (answer: IncomingMessage): Promise<Response> => {
    // Bytes in another coding than those that were asked for are not read as anything.
    const bytes = await boundedBody({ body: answer as unknown as Response['body'] }, largestAnswer)
    if (bytes === undefined) throw Object.assign(new Error('The answer is too large'), { code: 'ERR_TOO_LARGE' })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value ?? ''))
    const status = answer.statusCode ?? 0
    const mayHaveBody = status >= 200 && ![204, 205, 304].includes(status)
    return new Response(mayHaveBody ? bytes : null, { status, headers })
  }
  return async (url, { method, headers, body }) => {
    const asked = new URL(url)
    const target = new URL(asked.pathname + asked.search, origins[asked.origin] ?? asked.origin)
    const request = { method, headers: { ...headers, 'accept-encoding': 'identity' }, ...(body ? { body } : {}) }
    return guardedRequest(target, request, { lookup, allowLoopback, timeoutMs, read })
  }
}
