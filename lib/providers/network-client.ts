import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { boundedBody } from '../protocol/bounded-body.js'
import { objectIn } from './token-answer.js'

export interface NetworkClientOptions {
  /**
   * Origins to call instead, for emulators: `{ 'https://login.microsoftonline.com': 'http://127.0.0.1:4000' }`. Empty
   * in Azure.
   */
  origins?: Readonly<Record<string, string>>
  timeoutMs?: number
}

/** Answers of a token endpoint are a few kilobytes. */
const largestAnswer = 1_048_576

/** MSAL's network on fetch: bounded in time and size, never following a redirect with a secret in the body. */
export function networkClient({ origins = {}, timeoutMs = 20_000 }: NetworkClientOptions = {}): INetworkModule {
  const call = async <T>(url: string, init: RequestInit, within = timeoutMs): Promise<NetworkResponse<T>> => {
    const asked = new URL(url)
    const target = new URL(asked.pathname + asked.search, origins[asked.origin] ?? asked.origin)
    const signal = AbortSignal.timeout(Math.min(within, timeoutMs))
    const response = await fetch(target, { ...init, redirect: 'error', signal })
    const text = await boundedText(response)
    // MSAL fails with a bare TypeError on anything but an object.
    return { status: response.status, headers: Object.fromEntries(response.headers), body: objectIn(text) as T }
  }
  return {
    sendGetRequestAsync: (url: string, options?: NetworkRequestOptions, within?: number) =>
      call(url, { headers: options?.headers ?? {} }, within),
    sendPostRequestAsync: (url: string, options?: NetworkRequestOptions) =>
      call(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }),
  }
}

async function boundedText(response: Response): Promise<string> {
  const bytes = await boundedBody(response, largestAnswer)
  if (bytes === undefined) throw Object.assign(new Error('The answer is too large'), { code: 'ERR_TOO_LARGE' })
  return bytes.toString()
}
