/**
 * A browser as far as cookies go: one jar, SameSite as Chromium applies it, the `__Host-` rules, the size limit. A
 * cross-site POST carries no Lax cookie; after a 303 to a GET they are back. Redirects inside the site are followed.
 */
import type { Cookie, HttpResponseInit } from '@azure/functions'
import { assertHeaderSet } from './header-set.js'

export interface Visit {
  method: 'GET' | 'POST'
  url: string
  /** Fields of a form post. */
  form?: Record<string, string>
  /** The page that leads here; another origin makes it cross-site. */
  from?: string
  /** Headers a hostile proxy or client adds. */
  headers?: Record<string, string>
}

export interface Answer {
  status: number
  url: string
  headers: Record<string, string>
  body: string
}

export type Site = (request: {
  method: string
  url: URL
  headers: Record<string, string>
  body: string
}) => Promise<HttpResponseInit>

interface Kept {
  value: string
  sameSite: string
}

export class Browser {
  readonly cookies = new Map<string, Kept>()
  /** Every cookie ever set, for checks of attributes. */
  readonly seen: Cookie[] = []

  constructor(
    readonly site: Site,
    readonly origin: string,
  ) {}

  /** Visits a page and follows redirects while they stay on the site; the last answer. */
  async visit(visit: Visit, follow = true): Promise<Answer> {
    const answer = await this.request(visit)
    const { location } = answer.headers
    if (!follow || answer.status !== 303 || location === undefined) return answer
    if (new URL(location).origin !== this.origin) return answer
    return this.visit({ method: 'GET', url: location, from: visit.from ?? this.origin })
  }

  header(method: string, from: string | undefined): string {
    const crossSite = from !== undefined && new URL(from).hostname !== new URL(this.origin).hostname
    return [...this.cookies]
      .filter(
        ([, cookie]) => !crossSite || cookie.sameSite === 'None' || (cookie.sameSite === 'Lax' && method === 'GET'),
      )
      .map(([name, cookie]) => `${name}=${cookie.value}`)
      .join('; ')
  }

  private async request({ method, url, form, from, headers = {} }: Visit): Promise<Answer> {
    const cookie = this.header(method, from)
    const body = form ? new URLSearchParams(form).toString() : ''
    const response = await this.site({
      method,
      url: new URL(url),
      body,
      headers: {
        ...(cookie === '' ? {} : { cookie }),
        ...(form ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
        ...headers,
      },
    })
    assertHeaderSet(response, `${method} ${new URL(url).pathname}`)
    for (const one of response.cookies ?? []) this.store(one)
    return {
      status: response.status ?? 200,
      url,
      headers: Object.fromEntries(Object.entries((response.headers ?? {}) as Record<string, string>)),
      body: String(response.body ?? ''),
    }
  }

  private store(cookie: Cookie): void {
    this.seen.push(cookie)
    const isHost = cookie.name.startsWith('__Host-')
    if (isHost && (!cookie.secure || cookie.path !== '/' || cookie.domain !== undefined)) return
    if (cookie.name.length + cookie.value.length > 4_096) return
    if (cookie.maxAge === 0) this.cookies.delete(cookie.name)
    else this.cookies.set(cookie.name, { value: cookie.value, sameSite: cookie.sameSite ?? 'Lax' })
  }
}
