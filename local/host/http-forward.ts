/**
 * HTTP streaming: the request body and the answer flow between the caller and the library's own server, while the
 * invocation itself runs beside them and fetches the request by its invocation id.
 */
import { randomUUID } from 'node:crypto'
import http from 'node:http'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { RegisteredFunction, RpcValue } from './functions-core.js'
import { headersOf } from './http-messages.js'
import type { Invoke } from './invocation.js'

interface Forwarding {
  /** Where the library waits for forwarded requests. */
  streamUri?: string
  /** Largest request body, in bytes. */
  bodyLimitBytes: number
  invoke: Invoke
}

/** Forwards one request to the app and its answer back. Rejects when the function fails before it answered. */
export async function forwardToApp(
  options: Forwarding,
  fn: RegisteredFunction,
  params: Record<string, string>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  url: URL,
): Promise<void> {
  const invocationId = randomUUID()
  const { connection: _connection, expect: _expect, ...headers } = headersOf(request)
  const forwarded = http.request(new URL(url.pathname + url.search, options.streamUri), {
    method: request.method,
    headers: {
      ...headers,
      'x-ms-invocation-id': invocationId,
      'x-forwarded-host': url.host,
      'x-forwarded-proto': 'http',
    },
  })
  const answered = new Promise<http.IncomingMessage>((resolve, reject) => {
    forwarded.once('response', resolve).once('error', reject)
  })
  const sent = pipeline(request, limitBody(options.bodyLimitBytes), forwarded)
  const triggerMetadata: Record<string, RpcValue> = { Headers: { json: JSON.stringify(headers) } }
  for (const [name, value] of Object.entries(params)) triggerMetadata[name] = { string: value }
  const traceParent = headers['traceparent'] === undefined ? {} : { traceParent: headers['traceparent'] }
  const invoked = options.invoke(fn, { data: { http: {} }, triggerMetadata, invocationId, ...traceParent })
  // A function that succeeded without an answer sends none; one that answered may be ahead of its own bytes.
  const noAnswer = invoked.then(() => delay(1_000, undefined, { ref: false }))
  try {
    const answer = await Promise.race([answered, sent.then(() => answered), noAnswer])
    await (answer ? copyAnswer(answer, response) : void response.writeHead(204).end())
    await invoked
  } finally {
    forwarded.destroy()
    for (const promise of [answered, sent, invoked, noAnswer]) promise.catch(() => {})
  }
}

async function copyAnswer(answer: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { 'x-ms-invocation-id': _invocationId, connection: _connection, ...headers } = answer.headers
  response.writeHead(answer.statusCode ?? 200, headers)
  await pipeline(answer, response)
}

function limitBody(limitBytes: number): Transform {
  let size = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length
      if (size > limitBytes) done(new Error(`the request body exceeds ${limitBytes} bytes`))
      else done(null, chunk)
    },
  })
}
