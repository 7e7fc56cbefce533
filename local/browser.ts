/**
 * A minimal browser for the demo and the tests: cookies, redirects and forms, but no scripts, because our pages need
 * none.
 */
export interface Visit {
  url: string
  status: number
  html: string
}

export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>()

  /** Follows redirects like a browser; a 303 turns any method into GET. */
  async open(url: string, form?: Record<string, string>): Promise<Visit> {
    let at = url
    let body = form === undefined ? undefined : new URLSearchParams(form)
    for (let hop = 0; hop < 10; hop++) {
      const host = new URL(at).host
      const cookies = [...(this.#cookies.get(host) ?? new Map<string, string>())]
        .map(([name, value]) => `${name}=${value}`)
        .join('; ')
      const response = await fetch(at, {
        method: body === undefined ? 'GET' : 'POST',
        redirect: 'manual',
        headers: {
          ...(cookies === '' ? {} : { cookie: cookies }),
          ...(body === undefined ? {} : { origin: new URL(at).origin }),
        },
        ...(body === undefined ? {} : { body }),
      })
      this.#keep(host, response.headers.getSetCookie())
      const location = response.headers.get('location')
      if (location === null || response.status < 300 || response.status > 399)
        return { url: at, status: response.status, html: await response.text() }
      await response.body?.cancel()
      at = new URL(location, at).href
      body = undefined
    }
    throw new Error(`too many redirects from ${url}`)
  }

  /** Sends the form of a page whose action or button contains `marker`, with its hidden fields and `values`. */
  async submit(page: Visit, marker: string, values: Record<string, string> = {}): Promise<Visit> {
    const forms = [...page.html.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/gi)].map((match) => match[0])
    const form = forms.find((one) => one.includes(marker))
    if (form === undefined) throw new Error(`no form with ${marker} on ${page.url}: ${textOf(page.html).slice(0, 300)}`)
    const action = plainText(/<form\b[^>]*\baction="([^"]*)"/i.exec(form)?.[1] ?? page.url)
    const fields: Record<string, string> = {}
    for (const [input] of form.matchAll(/<input\b[^>]*>/gi)) {
      const name = /\bname="([^"]*)"/i.exec(input)?.[1]
      const type = /\btype="([^"]*)"/i.exec(input)?.[1] ?? 'text'
      if (name === undefined || type === 'submit' || (/^(radio|checkbox)$/.test(type) && !/\bchecked\b/.test(input)))
        continue
      fields[name] = plainText(/\bvalue="([^"]*)"/i.exec(input)?.[1] ?? '')
    }
    for (const [select, name = ''] of form.matchAll(/<select\b[^>]*\bname="([^"]*)"[^>]*>[\s\S]*?<\/select>/gi)) {
      const options = [...select.matchAll(/<option\b[^>]*>/gi)].map(([option]) => option)
      const chosen = options.find((option) => /\bselected\b/.test(option)) ?? options[0] ?? ''
      fields[name] = plainText(/\bvalue="([^"]*)"/i.exec(chosen)?.[1] ?? '')
    }
    return this.open(new URL(action, page.url).href, { ...fields, ...values })
  }

  /** Opens the link whose tag or text contains `marker`. */
  async follow(page: Visit, marker: string): Promise<Visit> {
    const link = [...page.html.matchAll(/<a\b[^>]*>[\s\S]*?<\/a>/gi)]
      .map(([one]) => one)
      .find((one) => one.includes(marker))
    const href = /\bhref="([^"]*)"/i.exec(link ?? '')?.[1]
    if (href === undefined) throw new Error(`no link with ${marker} on ${page.url}: ${textOf(page.html).slice(0, 300)}`)
    return this.open(new URL(plainText(href), page.url).href)
  }

  #keep(host: string, lines: string[]): void {
    const jar = this.#cookies.get(host) ?? new Map<string, string>()
    this.#cookies.set(host, jar)
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';')
      const name = pair.slice(0, pair.indexOf('=')).trim()
      const expired = attributes.some(
        (attribute) => /max-age=0/i.test(attribute) || /expires=Thu, 01 Jan 1970/i.test(attribute),
      )
      if (expired) jar.delete(name)
      else jar.set(name, pair.slice(pair.indexOf('=') + 1))
    }
  }
}

const plainText = (text: string): string =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#x27;', "'")
    .replaceAll('&amp;', '&')

/** Visible text of a page. */
export function textOf(html: string): string {
  return plainText(html.replace(/<(style|head)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]+>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

/** The heading of a page and the sentence below it. */
export function headingOf(html: string): string {
  const [, heading = '', after = ''] =
    /<h1\b[^>]*>([\s\S]*?)<\/h1>\s*(<p\b[^>]*>[\s\S]*?<\/p>)?/i.exec(html.replaceAll('<wbr>', '')) ?? []
  return [heading, after]
    .map(textOf)
    .filter((text) => text !== '')
    .join(': ')
}
