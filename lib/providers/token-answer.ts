import { netCodeOf } from '../diagnosis/net-code.js'
import { translate } from '../diagnosis/translate.js'
import { GatewayError } from '../errors.js'
import type { DiagnosisContext, Fault } from '../model/diagnosis.js'

export interface TokenAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Record<string, unknown>
}

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

/** What stands in place of an answer that is none. */
const noAnswer = "Not a token endpoint's answer"

/** A proxy's HTML page must stay visible as what it is. */
export function objectIn(text: string): Record<string, unknown> {
  try {
    const body: unknown = JSON.parse(text)
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // Falls through to the text itself.
  }
  return { error: 'server_error', error_description: `${noAnswer}: ${text.slice(0, 300)}` }
}

/** One call of a token endpoint, as it went over the wire. */
export interface HeardCall {
  sent(form: URLSearchParams): void
  /** A secret that went by another way than the form. */
  keep(secret: string): void
  answered(answer: TokenAnswer): void
  broke(error: unknown): void
  text(field: string): string | undefined
  number(field: string): number | undefined
  /** What went wrong, from the wire when there was an answer. */
  fault(error: unknown): GatewayError
}

/** `otherwise`: what it is when the answer was good and the client library refuses it all the same. */
export function hearCall(context: DiagnosisContext, otherwise: Pick<Fault, 'net' | 'oauthError'>): HeardCall {
  let answer: TokenAnswer | undefined
  let broken: unknown
  const secrets = new Set<string>()
  const text = (field: string): string | undefined => {
    const value = answer?.body[field]
    return typeof value === 'string' ? value : undefined
  }
  return {
    sent(form) {
      for (const field of secretFields) secrets.add(form.get(field) ?? '')
    },
    keep: (secret) => secrets.add(secret),
    answered(given) {
      answer = given
      for (const field of secretFields) secrets.add(text(field) ?? '')
    },
    broke(error) {
      broken = error
    },
    text,
    number: (field) => {
      const value = Number(answer?.body[field] ?? Number.NaN)
      return Number.isFinite(value) ? value : undefined
    },
    fault: (error) => {
      const own = [error, broken].find((one) => one instanceof GatewayError)
      if (own instanceof GatewayError) return own
      if (answer !== undefined && answer.status >= 400)
        return translate({ ...refusal(context, answer, text), cause: error, secrets: [...secrets] })
      const isNoAnswer = answer !== undefined && text('error_description')?.startsWith(noAnswer)
      const net = broken !== undefined ? netCodeOf(broken) : isNoAnswer ? 'UNREADABLE_ANSWER' : undefined
      return translate({
        context,
        operation: 'token',
        ...(net === undefined ? otherwise : { net }),
        cause: broken ?? error,
        secrets: [...secrets],
      })
    },
  }
}

function refusal(context: DiagnosisContext, answer: TokenAnswer, text: HeardCall['text']): Fault {
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
    context,
    operation: 'token',
    text: text('error_description') ?? '',
    http: answer.status,
    ...(oauthError === undefined ? {} : { oauthError }),
    ...(suberror === undefined ? {} : { suberror }),
    ...(Array.isArray(codes) ? { aadsts: codes.slice(0, 20).map(Number) } : {}),
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
    ...(Object.keys(trace).length > 0 ? { trace } : {}),
  }
}
