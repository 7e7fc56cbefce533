/** One call of an authorization server: what went over the wire is heard, so that its refusal can be told. */
import { allowInsecureRequests, customFetch } from 'oauth4webapi'
import type { GatewayError } from '../errors.js'
import type { DiagnosisContext } from '../model/diagnosis.js'
import type { GuardedFetch } from '../ports/guarded-fetch.js'
import { type HeardCall, hearCall, objectIn } from './token-answer.js'

export interface OAuthWire {
  fetch: GuardedFetch
  /** Milliseconds. */
  now: () => number
  /** Sources of the error catalogue that know its answers. */
  context: DiagnosisContext
}

/** What the client library does its requests with. */
type LibraryFetch = (
  url: string,
  request: { method: string; headers: Record<string, string>; body?: unknown },
) => Promise<Response>

export interface WireCall extends Pick<HeardCall, 'keep' | 'text'> {
  fault(error: unknown): GatewayError
  /** Of the client library, for a call to this address: plain HTTP stays on this machine. */
  options(url: string): { [customFetch]: LibraryFetch; [allowInsecureRequests]?: boolean }
}

export function openWire(fetch: GuardedFetch, context: DiagnosisContext = 'oauth-token'): WireCall {
  const call = hearCall(context, { net: 'UNREADABLE_ANSWER' })
  const heard: LibraryFetch = async (url, { method, headers, body }) => {
    const form = body === undefined || body === null ? undefined : String(body)
    if (form !== undefined) call.sent(new URLSearchParams(form))
    let response: Response
    try {
      response = await fetch(url, {
        method: method === 'POST' ? 'POST' : 'GET',
        headers,
        ...(form ? { body: form } : {}),
      })
    } catch (error) {
      call.broke(error)
      throw error
    }
    const isJson = /^application\/json(;|$)/i.test(response.headers.get('content-type') ?? '')
    const text = await response.clone().text()
    // A page that happens to be JSON is no answer of an authorization server.
    const answer = objectIn(isJson ? text : `<not JSON> ${text}`)
    call.answered({ status: response.status, headers: Object.fromEntries(response.headers), body: answer })
    if (!isJson && response.ok) throw new Error('The answer has another content type than application/json')
    return response
  }
  return {
    keep: call.keep,
    text: call.text,
    fault: call.fault,
    options: (url) => ({
      [customFetch]: heard,
      ...(new URL(url).protocol === 'http:' ? { [allowInsecureRequests]: true } : {}),
    }),
  }
}
