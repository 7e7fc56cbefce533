import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { asGatewayError, GatewayError } from '../errors.js'
import type { WebhookPoster } from '../ports/webhook-poster.js'
import { guardedRequest } from './guarded-request.js'

const timeoutMs = 10_000

/**
 * Posts events over HTTPS to exactly the addresses that were checked (SEC-24). The answer's body is never read: its
 * status says all.
 */
export function webhookPoster(options: { lookup: LookupFunction; allowLoopback: boolean }): WebhookPoster {
  return {
    post: async (url, body, headers) => {
      const read = async (answer: IncomingMessage) => ({
        status: answer.statusCode ?? 0,
        retryAfter: answer.headers['retry-after'],
      })
      const request = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body } as const
      const { status, retryAfter } = await guardedRequest(new URL(url), request, { ...options, timeoutMs, read }).catch(
        (error: unknown) => {
          throw asGatewayError(error).code === 'host_not_allowed' ? notAllowed() : unreachable(error)
        },
      )
      if (status < 200 || status >= 300) throw refused(status, retryAfter)
    },
  }
}

function refused(status: number, retryAfter: string | undefined): GatewayError {
  const seconds = Number(retryAfter)
  return new GatewayError('webhook_refused', 'transient', {
    description: `The webhook endpoint answered with status ${status}.`,
    remedy:
      'Correct the endpoint; it must answer with 2xx even to an event that it cannot use. The gateway keeps events for three days and delivers them in order.',
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: Math.min(seconds, 3600) * 1000 } : {}),
  })
}

function notAllowed(): GatewayError {
  return new GatewayError('webhook_not_allowed', 'needs-admin', {
    hint: 'tenant',
    description: 'The gateway does not post to this address.',
    remedy: 'Use an https:// endpoint on a public address and port 443.',
  })
}

function unreachable(cause: unknown): GatewayError {
  return new GatewayError('webhook_unreachable', 'transient', {
    description: 'The webhook endpoint could not be reached within 10 seconds.',
    remedy: 'Check its address, certificate and firewall. The gateway keeps events for three days.',
    cause,
  })
}
