import type { HttpFunctionOptions, HttpHandler, HttpMethod } from '@azure/functions'
import type { Operation } from './operation.js'

/** Trigger options of an API route. The gateway checks credentials itself; function keys guard against noise only. */
export function trigger(operation: Operation, handler: HttpHandler): HttpFunctionOptions {
  return { methods: [operation.method as HttpMethod], authLevel: 'anonymous', route: operation.route, handler }
}
