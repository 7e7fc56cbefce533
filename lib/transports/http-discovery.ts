import type { Discovery } from '../ports/discovery.js'
import { boundedBody } from '../protocol/bounded-body.js'

const longestAnswer = 65_536

/**
 * Public records over HTTPS: MX records from a DNS-over-HTTPS resolver that answers JSON, mail settings from the
 * autoconfig database. The domain only ever enters the query, never a host name, so the gateway never dials what a
 * person types.
 */
export function httpDiscovery(endpoints: { dnsResolverUrl: string; autoconfigUrl: string }): Discovery {
  return {
    async mailExchangers(domain, signal) {
      const url = new URL(endpoints.dnsResolverUrl)
      url.searchParams.set('name', domain)
      url.searchParams.set('type', 'MX')
      const text = await read(url, signal)
      return text === undefined ? [] : hostsOf(text)
    },
    async autoconfig(domain, signal) {
      const base = endpoints.autoconfigUrl.replace(/\/?$/, '/')
      return read(new URL(encodeURIComponent(domain), base), signal)
    },
  }
}

/** A bounded answer; anything but 200 is nothing. */
async function read(url: URL, signal: AbortSignal): Promise<string | undefined> {
  try {
    const headers = { accept: 'application/dns-json, application/json, text/xml' }
    const response = await fetch(url, { signal, redirect: 'error', headers })
    if (response.status !== 200 || response.body === null) return undefined
    return (await boundedBody(response, longestAnswer))?.toString()
  } catch {
    return undefined
  }
}

const mxType = 15

function hostsOf(text: string): string[] {
  let answers: unknown
  try {
    answers = (JSON.parse(text) as { Answer?: unknown } | null)?.Answer
  } catch {
    return []
  }
  if (!Array.isArray(answers)) return []
  return answers
    .slice(0, 50)
    .flatMap((answer: { type?: unknown; data?: unknown } | null) => {
      const [, preference, host] = /^(\d{1,5}) ([a-zA-Z0-9._-]{1,254})$/.exec(String(answer?.data ?? '')) ?? []
      return answer?.type === mxType && host
        ? [{ preference: Number(preference), host: host.toLowerCase().replace(/\.$/, '') }]
        : []
    })
    .sort((a, b) => a.preference - b.preference)
    .map((answer) => answer.host)
}
