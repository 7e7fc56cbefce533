export interface ReturnedAnswer {
  /** Where the browser is sent: the redirect URI, with code and state in the query unless `form` is set. */
  url: string
  /** code, state or error, whatever the response mode. */
  fields: Record<string, string>
  /** True when the fields travel as a POST (form_post). */
  isForm: boolean
}

/** Plays the browser of one person: opens the sign-in page, picks the account, returns what the app would receive. */
export async function signInAs(emulatorUrl: string, authorizeUrl: string, upn: string): Promise<ReturnedAnswer> {
  const asked = new URL(authorizeUrl)
  const opened = await fetch(emulatorUrl + asked.pathname + asked.search, { redirect: 'manual' })
  const segment = asked.pathname.split('/')[1]!
  if (opened.status !== 200) return returned(opened)
  await opened.body?.cancel()
  const login = (more: Record<string, string>): Promise<Response> => {
    const body = new URLSearchParams({ request: asked.search.slice(1), user: upn, ...more })
    return fetch(`${emulatorUrl}/${segment}/login`, { method: 'POST', body, redirect: 'manual' })
  }
  const answer = await login({})
  if (answer.status !== 200) return returned(answer)
  // Who may not consent asks the administrators where that is possible, and goes back where it is not.
  const shown = await answer.clone().text()
  const way = ['ask', 'back'].find((name) => shown.includes(`name="${name}"`))
  return returned(way === undefined ? answer : await login({ [way]: '1' }))
}

async function returned(response: Response): Promise<ReturnedAnswer> {
  const text = await response.text()
  const location = response.headers.get('location')
  if (location) return { url: location, fields: Object.fromEntries(new URL(location).searchParams), isForm: false }
  const action = /<form method="post" action="([^"]+)">/.exec(text)?.[1]
  if (response.status !== 200 || !action) {
    throw new Error(`Sign-in was refused on a page: ${/class="note">([^<]*)/.exec(text)?.[1] ?? response.status}`)
  }
  const inputs = text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)
  return { url: plain(action), fields: Object.fromEntries([...inputs].map((m) => [m[1]!, plain(m[2]!)])), isForm: true }
}

const plain = (html: string): string =>
  html.replace(
    /&(lt|gt|quot|#39|amp);/g,
    (_, name: string) => ({ lt: '<', gt: '>', quot: '"', '#39': "'", amp: '&' })[name]!,
  )
