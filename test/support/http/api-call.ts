/** One call of the API in this process, from the operation's row through its own function file, as the host would do it. */
import { type HttpHandler, HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions'
import type { Operation } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { assertHeaderSet } from './header-set.js'
import { mismatches } from './mismatches.js'

export type OperationKey = keyof typeof operations

export interface ApiInput {
  key: string
  /** For operators. */
  tenant?: string
  params?: Record<string, string>
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: unknown
}

// biome-ignore lint/suspicious/noExplicitAny: tests read what the answer holds
export type ApiAnswer = { status: number; json: any }

export async function callApi(name: OperationKey, input: ApiInput): Promise<ApiAnswer> {
  const operation: Operation = operations[name]
  const path = operation.route.replace(/\{(\w+)\}/g, (_, param: string) => input.params?.[param] ?? '')
  const body = input.body === undefined ? undefined : Buffer.from(JSON.stringify(input.body))
  const request = new HttpRequest({
    method: operation.method,
    url: `http://localhost:7071/${path}?${new URLSearchParams(input.query ?? {})}`,
    query: input.query ?? {},
    params: input.params ?? {},
    headers: {
      authorization: `Bearer ${input.key}`,
      ...(input.tenant === undefined ? {} : { 'x-tenant': input.tenant }),
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': String(body.length) }),
      ...input.headers,
    },
    ...(body === undefined ? {} : { body: { bytes: body } }),
  })
  const handler = await handlerOf(operation.name)
  const lines: string[] = []
  const context = { error: (line: string) => lines.push(line), info: () => {} } as unknown as InvocationContext
  const response = (await handler(request, context)) as HttpResponseInit
  assertHeaderSet(response, operation.name)
  const { status = 200, body: answer } = response
  const json = typeof answer === 'string' && /^[[{]/.test(answer) ? JSON.parse(answer) : answer
  if (status < 300) await assertAnswers(operation, json, lines)
  return { status, json }
}

/** The answer is what the operation's schema says: no field missing, none left out on the way, every value allowed (D1). */
async function assertAnswers({ name, answer }: Operation, json: unknown, lines: string[]): Promise<void> {
  const dropped = lines.filter((line) => line.includes('answer-field-dropped'))
  if (dropped.length > 0) throw new Error(`${name} answers with fields its schema does not name: ${dropped.join(' ')}`)
  if (typeof answer !== 'function') return
  const problems = mismatches(await answer(), json)
  if (problems.length > 0) throw new Error(`${name} answers otherwise than its schema: ${problems.join(' · ')}`)
}

async function handlerOf(name: string): Promise<HttpHandler> {
  const exported = (await import(`../../../functions/${name}.ts`)) as Record<string, HttpHandler>
  const handler = exported[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
  if (handler === undefined) throw new Error(`functions/${name}.ts exports no handler of its name`)
  return handler
}
