import { request as httpRequest, type RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction } from 'node:net'
import { asGatewayError, GatewayError } from '../errors.js'
import type { WebhookPoster } from '../ports/webhook-poster.js'
import { type CheckedAddress, checkedAddress } from './dial.js'

const timeoutMs = 10_000

/**
 * Posts events over HTTPS. No redirects are followed; the host is resolved by the guarded `lookup` before the request,
 * because a socket asks no look-up for a host written as a number, so that a tenant's endpoint cannot point into the
 * platform (SEC-24). The answer's body is never read beyond its status.
 */
export function webhookPoster(options: { lookup: LookupFunction; allowLoopback: boolean }): WebhookPoster {
  return {
    post: async (url, body, headers) => {
      const target = new URL(url)
      const isTls = target.protocol === 'https:'
      const port = Number(target.port) || (isTls ? 443 : 80)
      if (!options.allowLoopback && (!isTls || port !== 443)) throw notAllowed()
      const signal = AbortSignal.timeout(timeoutMs)
      const host = target.hostname.replace(/^\[|\]$/g, '')
      let checked: CheckedAddress
      try {
        checked = await checkedAddress({ host, port, tls: 'implicit' }, { lookup: options.lookup, timeoutMs, signal })
      } catch (error) {
        throw asGatewayError(error).code === 'host_not_allowed' ? notAllowed() : unreachable(error)
      }
      await new Promise<void>((resolve, reject) => {
        const send = isTls ? httpsRequest : httpRequest
        const requestOptions: RequestOptions = {
          method: 'POST',
          ...(checked.lookup ? { lookup: checked.lookup, autoSelectFamily: true } : {}),
          timeout: timeoutMs,
          signal,
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
      })
    },
  }
}

function refused(status: number, retryAfter: string | undefined): GatewayError {
  const seconds = Number(retryAfter)
  return new GatewayError('webhook_refused', 'transient', {
    description: `The webhook endpoint answered with status ${status}.`,
    remedy:
      'Correct the endpoint; an event it cannot use it answers with 2xx. Events are kept for three days and delivered in order.',
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
    remedy: 'Check its address, certificate and firewall; events are kept for three days.',
    cause,
  })
}
