import { Client, type Context, type Middleware, ResponseType } from '@microsoft/microsoft-graph-client'
import { netCodeOf } from '../diagnosis/net-code.js'
import { translate } from '../diagnosis/translate.js'
import { type ErrorDetails, GatewayError, type Outcome } from '../errors.js'
import type { Fault } from '../model/diagnosis.js'
import type { Authority, MailApi } from '../ports/authority.js'
import { fewBytes } from '../ports/bytes-in-hand.js'
import { boundedBody } from '../protocol/bounded-body.js'
import { patientLimit } from '../protocol/patient-limit.js'
import { longestFetchMs, mailTooLarge, serverTooSlow } from './fetch-faults.js'

export interface GraphOptions {
  /** Origins to call instead, for emulators. Empty in Azure. */
  origins?: Readonly<Record<string, string>>
  timeoutMs?: number
  /** Milliseconds for an answer when receiving, whatever arrives; default 7 minutes. */
  longestMs?: number
}

export interface GraphCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'
  /** Path below the version (`/me/messages`) or a whole URL as Graph handed it out. */
  to: string
  body?: unknown
  headers?: Record<string, string>
  operation: 'send' | 'receive' | 'connect'
  /**
   * Largest answer in bytes; larger ones reject with `mail_too_large`, or `graph_answer_too_large` where JSON is meant.
   */
  maxBytes?: number
  /** At most the session's own. When receiving: without enough bytes. */
  timeoutMs?: number
  /** Asked before the answer is read, with how many bytes it may have; what it rejects with is passed on. */
  room?: (bytes: number) => Promise<void>
  /** `judge`: the effect of this very call is in doubt after a late failure. Default: not judged. */
  outcome?: 'not-sent' | 'judge'
}

export interface GraphClient {
  json<T>(call: GraphCall): Promise<T>
  bytes(call: GraphCall): Promise<Uint8Array>
  /** Bytes of all answers so far. */
  arrived(): number
  /** For answers that tell by their status; its body is JSON or empty. */
  answer(call: GraphCall): Promise<{ status: number; body: unknown }>
}

/** Ids that survive moves inside the mailbox; has to be on every request, links do not carry it. */
const immutableIds = 'IdType="ImmutableId"'
const largestJson = 32 * 1024 * 1024
const tooEarly = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']

const globalGraph: MailApi = {
  origin: 'https://graph.microsoft.com',
  uploads: ['https://outlook.office.com', 'https://outlook.office365.com'],
}

/** Where Graph is, for whoever shows this authority. */
export const graphOf = (authority: Authority): MailApi =>
  (authority.kind === 'bearer' ? authority.api : undefined) ?? globalGraph

/**
 * Microsoft's Graph client with our own chain: it decides who sees the token, retries nothing but one 401, and every
 * failure leaves as a GatewayError. The client's RetryHandler is left out on purpose: it repeats POSTs, so a mail
 * answered with 504 could leave twice.
 */
export function graphClient(options: GraphOptions, authority: Authority, signal: AbortSignal): GraphClient {
  const { origins = {}, timeoutMs = 60_000, longestMs = longestFetchMs } = options
  if (authority.kind !== 'bearer') throw new GatewayError('bearer_needed', 'permanent', { hint: 'config' })
  const { origin: graphOrigin, uploads } = graphOf(authority)

  let arrived = 0
  /** When receiving, a line that is slow and steady may take its time; a send has what its lane has. */
  const inTime = async <T>(call: GraphCall, work: (late: AbortSignal) => Promise<T>): Promise<T> => {
    const ms = Math.min(call.timeoutMs ?? timeoutMs, timeoutMs)
    if (call.operation !== 'receive') return work(AbortSignal.timeout(ms))
    const late = new AbortController()
    const over = (bytes: number): void =>
      late.abort(bytes > 0 ? serverTooSlow() : new DOMException('Graph says nothing', 'TimeoutError'))
    const end = patientLimit({ leastMs: ms, silentMs: ms, longestMs, arrived: () => arrived, over })
    return work(late.signal).finally(end)
  }
  const onPart = (bytes: number): void => {
    arrived += bytes
  }

  const run = async <T>(call: GraphCall, responseType: ResponseType): Promise<T> => {
    const url = new URL(call.to.startsWith('/') ? `${graphOrigin}/v1.0${call.to}` : call.to)
    const bearer = url.origin === graphOrigin
    if (!bearer && !(call.method === 'PUT' && uploads.includes(url.origin))) throw foreignLink(url)
    const wantsJson = responseType === ResponseType.JSON
    let failure: GatewayError | undefined
    let started = false
    const secrets: string[] = []

    const authorise = (next: Middleware): Middleware => ({
      async execute(context) {
        await withToken(context, false)
        await next.execute(context)
        if (context.response?.status !== 401 || !bearer) return
        await withToken(context, true)
        await next.execute(context)
      },
    })
    const withToken = async (context: Context, renew: boolean): Promise<void> => {
      const headers = new Headers(context.options?.headers as Record<string, string>)
      headers.delete('authorization')
      try {
        if (bearer) {
          const token = (await authority.token({ renew })).reveal()
          secrets.push(token)
          headers.set('authorization', `Bearer ${token}`)
        }
      } catch (error) {
        failure = error instanceof GatewayError ? error : undefined
        throw error
      }
      context.options = { ...context.options, headers: headers as never }
    }
    const wire: Middleware = {
      async execute(context) {
        const target = new URL(url.pathname + url.search, origins[url.origin] ?? url.origin)
        const init = { ...(context.options as RequestInit), redirect: 'error' as const }
        if (signal.aborted) throw signal.reason
        started = true
        const most = call.maxBytes ?? largestJson
        const [response, bytes] = await inTime(call, async (late) => {
          const response = await fetch(target, { ...init, signal: AbortSignal.any([signal, late]) })
          return [response, await boundedBytes(response, call, onPart)] as const
        })
        if (bytes === undefined) throw wantsJson ? answerTooLarge(call, known(undefined)) : mailTooLarge(most)
        // A good status above a failure: a gateway in between, or a batch gone wrong.
        if (response.ok && responseType === ResponseType.ARRAYBUFFER && isNoMail(response, bytes))
          throw unusable(bytes.toString('utf8', 0, 16_384))
        context.response = answerOf(response, bytes)
      },
    }
    const judge: Middleware = {
      async execute(context) {
        try {
          await authorise(wire).execute(context)
        } catch (error) {
          failure ??=
            error instanceof GatewayError ? error : translate({ ...netFault(error, call), secrets }, known(error))
          throw error
        }
        const { response } = context
        if (response && response.status >= 400) {
          const fault = await refusal(response.clone(), call)
          failure = translate({ ...fault, secrets }, known(undefined, response.status))
        }
      },
    }
    const unusable = (text: string): GatewayError =>
      translate({ context: 'graph', http: 502, operation: call.operation, text, secrets }, known(undefined, 502))
    const known = (error: unknown, status?: number): Partial<ErrorDetails> => {
      if (call.outcome === undefined) return {}
      if (call.outcome === 'not-sent' || !started) return { outcome: 'not-sent' }
      return { outcome: outcomeOf(error, status) }
    }

    const client = Client.initWithMiddleware({ middleware: judge })
    const request = client.api(url.href).responseType(responseType)
    request.headers({ ...call.headers, prefer: [call.headers?.['prefer'], immutableIds].filter(Boolean).join(', ') })
    try {
      const answer = (await request[verbs[call.method]](call.body)) as T
      if (wantsJson && isErrorBody(answer)) failure = unusable(JSON.stringify({ error: answer.error }))
      if (failure === undefined) return answer
      throw failure
    } catch (error) {
      if (failure !== undefined) throw failure
      // A 2xx whose body cannot be read: the call had its effect, the answer is lost.
      throw translate({ context: 'graph', http: 502, operation: call.operation, cause: error, secrets }, known(error))
    }
  }

  return {
    json: (call) => run(call, ResponseType.JSON),
    bytes: async (call) => new Uint8Array(await run<ArrayBuffer>(call, ResponseType.ARRAYBUFFER)),
    arrived: () => arrived,
    answer: async (call) => {
      const response = await run<Response>(call, ResponseType.RAW)
      return { status: response.status, body: await response.json().catch(() => undefined) }
    },
  }
}

const verbs = { GET: 'get', POST: 'post', PATCH: 'patch', DELETE: 'delete', PUT: 'put' } as const

/** Below `/me` or a shared mailbox. */
export const mailboxPath = (mailbox: string): string =>
  mailbox === 'me' ? '/me' : `/users/${encodeURIComponent(mailbox)}`

/** The same error with what is known about the mail. */
export function withOutcome(error: unknown, outcome: Outcome): unknown {
  return error instanceof GatewayError && error.outcome !== outcome ? error.with({ outcome }) : error
}

/** 4xx, a full quota and a connection that never stood leave no effect; everything later may have had one. */
function outcomeOf(error: unknown, status: number | undefined): Outcome {
  if (status === undefined) return tooEarly.includes(netCodeOf(error)) ? 'not-sent' : 'unknown'
  return status < 500 || status === 507 || status === 509 ? 'not-sent' : 'unknown'
}

async function refusal(response: Response, call: GraphCall): Promise<Fault> {
  const text = await response.text()
  const requestId = response.headers.get('request-id')
  const retryAfterMs = retryAfter(response.headers)
  const challenge = response.headers.get('www-authenticate') ?? ''
  return {
    context: 'graph',
    http: response.status,
    operation: call.operation,
    // A claims challenge travels in the header only.
    text: challenge.includes('insufficient_claims') ? `${text} insufficient_claims` : text,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(requestId === null ? {} : { trace: { 'request-id': requestId } }),
  }
}

function retryAfter(headers: Headers): number | undefined {
  const value = headers.get('retry-after')
  if (value === null) return undefined
  if (/^\d{1,6}$/.test(value.trim())) return Number(value) * 1000
  // Both dates are the server's, so its clock need not agree with ours.
  const now = Date.parse(headers.get('date') ?? '')
  const until = Date.parse(value)
  return Number.isNaN(until) || Number.isNaN(now) ? undefined : Math.max(0, until - now)
}

function netFault(error: unknown, call: GraphCall): Fault {
  return { context: 'graph', net: netCodeOf(error), operation: call.operation, cause: error }
}

const isErrorBody = (answer: unknown): answer is { error: object } =>
  typeof answer === 'object' && typeof (answer as { error?: unknown } | null)?.error === 'object'

/**
 * `$value` is text and comes whole, with 200; a page or an error in JSON is what something in between has to say, whatever
 * type it gives it. No mail begins like that.
 */
function isNoMail({ status, headers }: Response, bytes: Buffer): boolean {
  const start = bytes.toString('latin1', 0, 200).trimStart()
  const isPage = /^text\/html\b/i.test(headers.get('content-type') ?? '') && start.startsWith('<')
  return status !== 200 || isPage || /^(<!doctype\b|<html\b|<\?xml\b|\{\s*"error")/i.test(start)
}

/**
 * Most answers do not say how long they are, or only how long they are compressed: the room is then asked for twice.
 */
async function boundedBytes(
  response: Response,
  { maxBytes = largestJson, room }: GraphCall,
  onPart: (bytes: number) => void,
): Promise<Buffer | undefined> {
  const { headers, body } = response
  const announced = headers.has('content-encoding') ? 0 : Number(headers.get('content-length') ?? 0)
  try {
    await room?.(Math.min(announced || fewBytes, maxBytes))
    const more = announced > 0 || room === undefined ? undefined : { behind: fewBytes, ask: () => room(maxBytes) }
    return await boundedBody(response, maxBytes, { onPart, more })
  } catch (error) {
    await body?.cancel().catch(() => {})
    throw error
  }
}

const answerTooLarge = ({ operation }: GraphCall, extra: Partial<ErrorDetails>): GatewayError =>
  translate({ context: 'graph', local: 'graph_answer_too_large', operation }, extra)

// The client parses what it was told to expect: an accepted send, which says nothing, would count as a failure.
function answerOf(response: Response, bytes: Buffer): Response {
  const { status, headers } = response
  if ([204, 205, 304].includes(status)) return new Response(null, { status, headers })
  const body = status === 202 && bytes.length === 0 ? '{}' : new Uint8Array(bytes)
  return new Response(body, { status, headers })
}

function foreignLink(url: URL): GatewayError {
  return new GatewayError('foreign_link_refused', 'needs-admin', {
    hint: 'operator',
    description: `Graph returned a link to ${url.origin.slice(0, 100)}, which is not part of this cloud.`,
    remedy: 'Check whether a proxy changes the answers; nothing was sent to that address.',
    outcome: 'not-sent',
  })
}
