import { app, type HttpHandler, type HttpMethod } from '@azure/functions'
import { type Gateway, gateway } from './gateway.js'
import { type Act, apiHandler } from './http/api/api-handler.js'
import type { AnswerOf, Operation } from './http/api/operation.js'
import type { Reply } from './http/api/reply.js'

/**
 * Registers one operation of the API. `act` is typed by the operation's row: its route, query, body and answer. The
 * gateway checks credentials itself, so no function key is asked for.
 */
export function apiFunction<O extends Operation, R extends AnswerOf<O> | Reply<AnswerOf<O>>>(
  operation: O,
  act: Act<O, Gateway, R>,
): HttpHandler {
  const handler = apiHandler(gateway, operation, act)
  const { name, method, route } = operation
  app.http(name, { methods: [method as HttpMethod], authLevel: 'anonymous', route, handler })
  return handler
}
