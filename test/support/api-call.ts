/** One call of the API in this process, from the operation's row through its own function file, as the host would do it. */
import { type HttpHandler, HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions'
import type { Operation } from '../../lib/http/operation.js'
import { operations } from '../../lib/http/operations.js'

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
  const request = new HttpRequest({
    method: operation.method,
    url: `http://localhost:7071/${path}?${new URLSearchParams(input.query ?? {})}`,
    query: input.query ?? {},
    params: input.params ?? {},
    headers: {
      authorization: `Bearer ${input.key}`,
      ...(input.tenant === undefined ? {} : { 'x-tenant': input.tenant }),
      ...(input.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...input.headers,
    },
    ...(input.body === undefined ? {} : { body: { string: JSON.stringify(input.body) } }),
  })
  const handler = await handlerOf(operation.name)
  const context = { error: () => {} } as unknown as InvocationContext
  const { status = 200, body } = (await handler(request, context)) as HttpResponseInit
  return { status, json: typeof body === 'string' && /^[[{]/.test(body) ? JSON.parse(body) : body }
}

async function handlerOf(name: string): Promise<HttpHandler> {
  const exported = (await import(`../../functions/${name}.ts`)) as Record<string, HttpHandler>
  const handler = exported[name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())]
  if (handler === undefined) throw new Error(`functions/${name}.ts exports no handler of its name`)
  return handler
}
