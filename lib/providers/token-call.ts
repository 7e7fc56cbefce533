import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { netCodeOf } from '../diagnosis/net-code.js'
import { translate } from '../diagnosis/translate.js'
import { GatewayError } from '../errors.js'
import type { Fault } from '../model/diagnosis.js'

import { noAnswer } from './network-client.js'

type Body = Record<string, unknown>

/** Values that go to a token endpoint or come from it and must never be echoed (RFC 6749, RFC 7521, RFC 7636). */
const secretFields = [
  'client_secret',
  'client_assertion',
  'assertion',
  'code',
  'code_verifier',
  'password',
  'access_token',
  'refresh_token',
  'id_token',
]

/**
 * Listens to one token call. MSAL neither returns the refresh token nor all that Microsoft says about a failure, so the
 * answer is read here, beside MSAL.
 */
export interface TokenCall {
  network: INetworkModule
  text(field: string): string | undefined
  number(field: string): number | undefined
  /** What went wrong, from the wire when there was an answer. */
  fault(error: unknown): GatewayError
}

export function listenTo(network: INetworkModule): TokenCall {
  let answer: NetworkResponse<Body> | undefined
  let broken: unknown
  const secrets = new Set<string>()
  const keep = (read: (field: string) => string | null | undefined) => {
    for (const field of secretFields) secrets.add(read(field) ?? '')
  }
  const heard = async <T>(call: Promise<NetworkResponse<T>>): Promise<NetworkResponse<T>> => {
    try {
      const response = await call
      answer = response as NetworkResponse<Body>
      keep(text)
      return response
    } catch (error) {
      broken = error
      throw error
    }
  }
  const text = (field: string): string | undefined => {
    const value = answer?.body[field]
    return typeof value === 'string' ? value : undefined
  }
  return {
    network: {
      sendGetRequestAsync: <T>(url: string, options?: NetworkRequestOptions, timeout?: number) =>
        heard(network.sendGetRequestAsync<T>(url, options, timeout)),
      sendPostRequestAsync: <T>(url: string, options?: NetworkRequestOptions) => {
        const sent = new URLSearchParams(options?.body ?? '')
        keep((field) => sent.get(field))
        return heard(network.sendPostRequestAsync<T>(url, options))
      },
    },
    text,
    number: (field) => {
      const value = Number(answer?.body[field] ?? Number.NaN)
      return Number.isFinite(value) ? value : undefined
    },
    fault: (error) => {
      if (error instanceof GatewayError) return error
      if (answer !== undefined && answer.status >= 400)
        return translate({ ...refusal(answer, text, error), secrets: [...secrets] })
      const isNoAnswer = answer !== undefined && text('error_description')?.startsWith(noAnswer)
      const net = broken !== undefined ? netCodeOf(broken) : isNoAnswer ? 'UNREADABLE_ANSWER' : undefined
      // Neither answer nor network fault: MSAL itself refused (throttle cache, empty errorCode): nobody's fault, wait.
      return translate({
        context: 'ms-token',
        operation: 'token',
        ...(net === undefined ? { oauthError: 'temporarily_unavailable' } : { net }),
        cause: broken ?? error,
        secrets: [...secrets],
      })
    },
  }
}

function refusal(answer: NetworkResponse<Body>, text: TokenCall['text'], cause: unknown): Fault {
  const codes = answer.body['error_codes']
  const trace: Record<string, string> = {}
  for (const field of ['trace_id', 'correlation_id', 'timestamp']) {
    const value = text(field)
    if (value !== undefined) trace[field] = value
  }
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN)
  const oauthError = text('error')
  const suberror = text('suberror')
  return {
    context: 'ms-token',
    operation: 'token',
    text: text('error_description') ?? '',
    http: answer.status,
    ...(oauthError === undefined ? {} : { oauthError }),
    ...(suberror === undefined ? {} : { suberror }),
    ...(Array.isArray(codes) ? { aadsts: codes.slice(0, 20).map(Number) } : {}),
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
    ...(Object.keys(trace).length > 0 ? { trace } : {}),
    cause,
  }
}
