import { randomUUID } from 'node:crypto'
import { json, type Reply } from '../loopback-server.js'

/** A refusal in Graph's own shape. */
export class GraphRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
  }

  reply(now: number, requestId: string = randomUUID()): Reply {
    const date = new Date(now).toISOString().slice(0, 19)
    const innerError = { date, 'request-id': requestId, 'client-request-id': requestId }
    return json(this.status, { error: { code: this.code, message: this.message, innerError } }, this.headers)
  }
}

const defaults: Record<number, [code: string, message: string]> = {
  400: ['ErrorInvalidRequest', 'The request is not valid.'],
  401: ['InvalidAuthenticationToken', 'Access token has expired or is not yet valid.'],
  403: ['ErrorAccessDenied', 'Access is denied. Check credentials and try again.'],
  404: ['ErrorItemNotFound', 'The specified object was not found in the store.'],
  410: ['syncStateNotFound', 'The sync state generation is not found; start over.'],
  413: ['RequestEntityTooLarge', 'The request is too large.'],
  429: ['ApplicationThrottled', 'Application is over its MailboxConcurrency limit.'],
  500: ['ErrorInternalServerError', 'An internal server error occurred. The operation failed.'],
  502: ['BadGateway', 'The upstream answer was not usable.'],
  503: ['serviceNotAvailable', 'The mailbox is not available right now.'],
  504: ['gatewayTimeout', 'The upstream service did not answer in time.'],
  507: ['ErrorMessageSubmissionBlocked', 'Cannot send mail: the sending quota is exceeded.'],
}

/** The usual refusal for a status, with another code when given. */
export function usualRefusal(status: number, code?: string, headers: Record<string, string> = {}): GraphRefusal {
  const [usualCode, message] = defaults[status] ?? ['UnknownError', 'Something went wrong.']
  return new GraphRefusal(status, code ?? usualCode, message, headers)
}

export const notFound = (): GraphRefusal => usualRefusal(404)
export const badRequest = (code: string, message: string): GraphRefusal => new GraphRefusal(400, code, message)
