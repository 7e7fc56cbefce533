import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { GatewayError } from '../errors.js'
import type { WebhookPoster } from '../ports/webhook-poster.js'

const timeoutMs = 10_000

/**
 * Posts events over HTTPS. No redirects are followed; the address is resolved by the guarded `lookup`, so that a tenant's
 * endpoint cannot point into the platform (SEC-24). The answer's body is never read beyond its status.
 */
export function webhookPoster(options: { lookup: LookupFunction; allowLoopback: boolean }): WebhookPoster {
  return {
    post: (url, body, headers) =>
      new Promise((resolve, reject) => {
        const target = new URL(url)
        if (target.protocol !== 'https:' && !options.allowLoopback) return reject(unreachable(new Error('plain http')))
        const send = target.protocol === 'https:' ? httpsRequest : httpRequest
        const requestOptions: RequestOptions = {
          method: 'POST',
          lookup: options.lookup,
          timeout: timeoutMs,
          signal: AbortSignal.timeout(timeoutMs),
          headers: {
            ...headers,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'user-agent': 'mailbox-gateway',
          },
        }
        const request = send(target, requestOptions, (response) => {
          response.destroy()
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve()
          else reject(refused(status, response.headers['retry-after']))
        })
        request.on('error', (error) => reject(unreachable(error)))
        request.end(body)
      }),
  }
}

function refused(status: number, retryAfter: string | undefined): GatewayError {
  const seconds = Number(retryAfter)
  return new GatewayError('webhook_refused', 'transient', {
    description: `The webhook endpoint answered with status ${status}.`,
    remedy: 'Check the endpoint; events are kept for three days and delivered in order once it answers 2xx.',
    ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfterMs: Math.min(seconds, 3600) * 1000 } : {}),
  })
}

function unreachable(cause: Error): GatewayError {
  return new GatewayError('webhook_unreachable', 'transient', {
    description: 'The webhook endpoint could not be reached within 10 seconds.',
    remedy: 'Check its address, certificate and firewall; events are kept for three days.',
    cause,
  })
}
