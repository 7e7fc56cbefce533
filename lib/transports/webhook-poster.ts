import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { asGatewayError, GatewayError } from '../errors.js'
import type { WebhookPoster } from '../ports/webhook-poster.js'
import { dial } from './dial.js'

const timeoutMs = 10_000

/**
 * Posts events over HTTPS. No redirects are followed; the connection goes, like one to a mail server, to exactly the
 * addresses that were checked, so that a tenant's endpoint cannot point into the platform (SEC-24). The answer's body
 * is never read beyond its status.
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
      let socket: Socket
      try {
        const server = { host, port, tls: isTls ? 'implicit' : 'plain' } as const
        socket = await dial(server, { lookup: options.lookup, timeoutMs, signal })
      } catch (error) {
        throw asGatewayError(error).code === 'host_not_allowed' ? notAllowed() : unreachable(error)
      }
      await new Promise<void>((resolve, reject) => {
        const send = isTls ? httpsRequest : httpRequest
        const request = send(target, {
          method: 'POST',
          createConnection: () => socket,
          timeout: timeoutMs,
          signal,
          headers: {
            ...headers,
            'content-type': 'application/json',
            'content-length': Buffer.byteLength(body),
            'user-agent': 'mailbox-gateway',
          },
        })
        request.on('response', (response) => {
          response.destroy()
          const status = response.statusCode ?? 0
          if (status >= 200 && status < 300) resolve()
          else reject(refused(status, response.headers['retry-after']))
        })
        request.on('error', (error) => reject(unreachable(error)))
        // The last word, whatever the other side did: switched protocols, or closed without one.
        request.on('close', () => reject(unreachable(undefined)))
        request.end(body)
      }).finally(() => socket.destroy())
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
