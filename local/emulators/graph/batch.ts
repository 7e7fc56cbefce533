import { json, type Reply, type Request } from '../loopback-server.js'
import { authenticate } from './access.js'
import { badRequest } from './graph-refusal.js'
import type { GraphState } from './graph-state.js'
import { handleRequest } from './handle-request.js'

interface Inner {
  id: string
  method: string
  url: string
  headers?: Record<string, string>
  body?: unknown
  dependsOn?: string[]
}

interface InnerReply {
  id: string
  status: number
  headers: Record<string, string>
  body?: unknown
}

/** `$batch`: at most 20 requests, four at a time, each judged on its own; a failed dependency is 424. */
export async function batch(state: GraphState, request: Request): Promise<Reply> {
  authenticate(state, request.headers['authorization'])
  const { requests } = JSON.parse(request.body.toString() || '{}') as { requests?: Inner[] }
  if (!Array.isArray(requests) || requests.length === 0) throw badRequest('BadRequest', 'requests is missing.')
  if (requests.length > 20)
    throw badRequest('MaximumValueExceeded', 'Number of batch request steps exceeds the maximum value of 20.')
  if (new Set(requests.map((r) => r.id)).size < requests.length) throw badRequest('BadRequest', 'Ids are not unique.')
  state.counters.requests['batch'] = (state.counters.requests['batch'] ?? 0) + 1
  const responses: InnerReply[] = []
  let waiting = requests
  while (waiting.length > 0) {
    const done = new Map(responses.map((r) => [r.id, r.status]))
    const ready = waiting.filter((r) => (r.dependsOn ?? []).every((id) => done.has(id))).slice(0, 4)
    if (ready.length === 0) throw badRequest('BadRequest', 'dependsOn names an unknown or circular step.')
    const failed = (r: Inner) => (r.dependsOn ?? []).some((id) => (done.get(id) ?? 0) >= 400)
    responses.push(...(await Promise.all(ready.map((r) => (failed(r) ? dependencyFailed(r) : one(state, request, r))))))
    waiting = waiting.filter((r) => !ready.includes(r))
  }
  return json(200, { responses })
}

const dependencyFailed = (inner: Inner): InnerReply => ({
  id: inner.id,
  status: 424,
  headers: {},
  body: { error: { code: 'FailedDependency', message: 'A request this one depends on failed.' } },
})

async function one(state: GraphState, outer: Request, inner: Inner): Promise<InnerReply> {
  const url = new URL(`http://emulator.invalid/v1.0${inner.url.startsWith('/') ? '' : '/'}${inner.url}`)
  const own = Object.fromEntries(Object.entries(inner.headers ?? {}).map(([k, v]) => [k.toLowerCase(), v]))
  const headers = { ...own, authorization: outer.headers['authorization'] ?? '' }
  const body = Buffer.from(
    inner.body === undefined ? '' : typeof inner.body === 'string' ? inner.body : JSON.stringify(inner.body),
  )
  const reply = await handleRequest(state, {
    method: inner.method.toUpperCase(),
    url,
    path: url.pathname,
    headers,
    body,
  })
  if (reply.drop) return { id: inner.id, status: 504, headers: {} }
  const isJson = reply.headers?.['content-type']?.startsWith('application/json')
  const shown =
    reply.body === undefined
      ? {}
      : { body: isJson ? JSON.parse(String(reply.body)) : Buffer.from(reply.body).toString('base64') }
  return { id: inner.id, status: reply.status, headers: reply.headers ?? {}, ...shown }
}
