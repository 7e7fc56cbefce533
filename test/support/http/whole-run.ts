/** Everything browsers and apps exchanged with the gateway during a test run, and what is wrong with it. */
export interface Exchange {
  method: string
  url: string
  status: number
  headers: Record<string, string>
  cookies: string[]
}

/** Records every `fetch` from here on; `stop` gives the original back. */
export function recordFetch(): { exchanges: Exchange[]; stop(): void } {
  const original = globalThis.fetch
  const exchanges: Exchange[] = []
  globalThis.fetch = async (input, init) => {
    const response = await original(input, init)
    exchanges.push({
      method: init?.method ?? 'GET',
      url: input instanceof Request ? input.url : String(input),
      status: response.status,
      headers: Object.fromEntries(response.headers),
      cookies: response.headers.getSetCookie(),
    })
    return response
  }
  return {
    exchanges,
    stop: () => {
      globalThis.fetch = original
    },
  }
}

/** SEC-14: `__Host-` name, Secure, HttpOnly, SameSite=Lax, Path=/, no Domain. */
export function cookieFaults(line: string): string[] {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
  const has = (attribute: string): boolean => attributes.some((one) => one.toLowerCase() === attribute)
  const faults = ['secure', 'httponly', 'samesite=lax', 'path=/'].filter((attribute) => !has(attribute))
  if (!pair.startsWith('__Host-')) faults.push('name')
  if (attributes.some((one) => /^domain=/i.test(one))) faults.push('domain')
  return faults.map((fault) => `cookie ${pair.slice(0, pair.indexOf('='))}: ${fault}`)
}

/** SEC-15 and the page part of SEC-12. */
function pageFaults({ headers }: Exchange): string[] {
  const policy = headers['content-security-policy'] ?? ''
  const wanted: [string, boolean][] = [
    ['default-src', /default-src 'none'/.test(policy)],
    ['frame-ancestors', /frame-ancestors 'none'/.test(policy)],
    ['base-uri', /base-uri 'none'/.test(policy)],
    ['form-action', /form-action 'self'/.test(policy)],
    ['style', /style-src 'sha256-[^']+'/.test(policy) && !/unsafe|script-src|\*/.test(policy)],
    ['nosniff', headers['x-content-type-options'] === 'nosniff'],
    ['referrer', ['no-referrer', 'same-origin'].includes(headers['referrer-policy'] ?? '')],
    ['no-store', headers['cache-control'] === 'no-store'],
  ]
  return wanted.filter(([, right]) => !right).map(([what]) => `page without ${what}`)
}

/** SEC-12: the browser goes on with a GET to a URL without code or state, and tells nobody where it came from. */
function redirectFaults(exchange: Exchange, origin: string): string[] {
  const { status, headers, url } = exchange
  if (status < 300 || status > 399) return []
  const faults = status === 303 ? [] : [`redirect with ${status}`]
  const to = new URL(headers['location'] ?? '/', url)
  if (to.origin === origin && /[?&](code|state|id_token|access_token)=/.test(to.search)) faults.push('code in location')
  if (!['no-referrer', 'same-origin'].includes(headers['referrer-policy'] ?? '')) faults.push('redirect with referrer')
  if (headers['cache-control'] !== 'no-store') faults.push('redirect is kept')
  return faults
}

/** What deviates in one exchange with the gateway at `origin`. */
export function faultsOf(exchange: Exchange, origin: string): string[] {
  if (!exchange.url.startsWith(`${origin}/`)) return []
  const isPage = (exchange.headers['content-type'] ?? '').startsWith('text/html')
  return [
    ...exchange.cookies.flatMap(cookieFaults),
    ...(isPage ? pageFaults(exchange) : []),
    ...redirectFaults(exchange, origin),
  ].map((fault) => `${exchange.method} ${new URL(exchange.url).pathname}: ${fault}`)
}
