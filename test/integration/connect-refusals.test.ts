/** Pages of the connect journey when something is refused: each has text, request id and a way on. */
import { describe, expect, test } from 'vitest'
import { origin, resultOf, tokenOf } from '../support/connect/connect-site.js'
import { begin, person, returnUrl, signIn, site, start, useJourneySite } from '../support/connect/journey-site.js'
import type { Answer } from '../support/http/cookie-jar.js'

useJourneySite()

describe('no page is a dead end', () => {
  const linkIn = (page: Answer): string => /class="button" href="([^"]+)"/.exec(page.body)?.[1] ?? ''

  test('M-073: a failure page that is loaded again still leads back, in the browser that began and nowhere else', async () => {
    const browser = site.browser()
    const { link } = await start(person())
    const wrong = await signIn(browser, link, person())
    expect(linkIn(wrong)).toBe(new URL(link).pathname)
    const again = await browser.visit({ method: 'GET', url: wrong.url })
    expect([again.status, again.url]).toEqual([403, `${link}/result`])
    expect(again.body).toContain('That was a different account')
    expect(linkIn(again)).toBe(new URL(link).pathname)
    expect(again.body).toContain('request id')
    const stranger = await site.browser().visit({ method: 'GET', url: wrong.url })
    expect(stranger.body).not.toContain('That was a different account')
    // An answer that belongs to no attempt here leads nowhere.
    const lost = await site
      .browser()
      .visit({ method: 'GET', url: `${origin}/oauth/complete?s=${link.slice(-59, -51)}` })
    expect(lost.body).not.toContain('/connect/')
    // Whoever took the wrong account chooses from all of theirs; before, the expected one is suggested.
    const suggested = new URL(await begin(site.browser(), (await start(person())).link)).searchParams
    expect([suggested.has('login_hint'), suggested.get('prompt')]).toEqual([true, null])
    const chooser = new URL(await begin(browser, link)).searchParams
    expect([chooser.has('login_hint'), chooser.get('prompt')]).toEqual([false, 'select_account'])
  })

  test('M-073: a form without its cookie leads back to its link; a link that does not work leads nowhere', async () => {
    const { link } = await start(person())
    for (const path of ['', '/password', '/cancel']) {
      const form = { token: 'f'.repeat(64) }
      const page = await site.browser().visit({ method: 'POST', url: link + path, form, from: origin })
      expect([page.status, page.url], path).toEqual([200, `${link}?again=1`])
      expect(page.body).toContain('The page was out of date')
    }
    const unknown = await site.browser().visit({ method: 'GET', url: `${link.slice(0, -1)}0` })
    expect([unknown.status, linkIn(unknown)]).toEqual([404, ''])
  })

  test('M-060, M-070: back at the link, the browser that signed in sees its result; another sees that the link is used', async () => {
    const upn = person()
    const browser = site.browser()
    const { link } = await start(upn)
    await signIn(browser, link, upn)
    const back = await browser.visit({ method: 'GET', url: link })
    expect([back.status, back.url]).toEqual([200, `${link}/result`])
    expect(resultOf(back), 'with the way back to the application').not.toBe('')
    const other = await site.browser().visit({ method: 'GET', url: link })
    expect([other.status, other.url]).toEqual([400, link])
    expect(other.body).toContain('This link has already been used')
  })

  test('M-073: who looks while the mailbox is tested is asked to wait, and who looks too early to sign in', async () => {
    const { link, signInId } = await start(person())
    const browser = site.browser()
    const early = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect([early.status, linkIn(early)]).toEqual([409, new URL(link).pathname])
    const row = await site.tables.get(site.names.table('signins'), signInId.slice(0, 2), signInId)
    const running = { ...row!, status: 'returned', stageUntil: Date.now() + 60_000 }
    await site.tables.update(site.names.table('signins'), running, row?.etag ?? '')
    const page = await browser.visit({ method: 'GET', url: link })
    expect([page.status, linkIn(page)]).toEqual([409, new URL(link).pathname])
    expect(page.body).toContain('Look again')
  })

  test('M-060, M-061: who cancels is shown the way back to the application, without any result', async () => {
    const { link, signInId } = await start(person())
    const browser = site.browser()
    const token = tokenOf((await browser.visit({ method: 'GET', url: link })).body)
    const page = await browser.visit({ method: 'POST', url: `${link}/cancel`, form: { token } })
    expect(page.body).toContain(`href="${returnUrl}?error=sign_in_cancelled&amp;sign_in_id=${signInId}"`)
    expect(page.body).not.toContain('result=')
  })
})

describe('when the provider says no', () => {
  const errors = [
    'access_denied',
    'consent_required',
    'interaction_required',
    'login_required',
    'invalid_request',
    'invalid_scope',
    'unauthorized_client',
    'unsupported_response_type',
    'server_error',
    'temporarily_unavailable',
    'invalid_resource',
    'invalid_client',
    'invalid_grant',
  ]
  const numbers = [65004, 90094, 65001, 50105, 53003, 50076, 700016]

  test('M-073: every callback error becomes a page with text, request id and a way to retry', async () => {
    for (const [error, text] of [
      ...errors.map((one) => [one, 'x']),
      ...numbers.map((one) => ['access_denied', `AADSTS${one}: words of the peer`]),
    ] as [string, string][]) {
      const browser = site.browser()
      const { link } = await start(person())
      const state = new URL(await begin(browser, link)).searchParams.get('state') ?? ''
      const page = await browser.visit({
        method: 'GET',
        url: `${origin}/oauth/callback?${new URLSearchParams({ error, error_description: text, state })}`,
      })
      expect(page.status, error).toBe(400)
      expect(page.body).toMatch(/request id: <code>[a-z2-7]{26}<\/code>/)
      expect(page.body).toContain(`href="${new URL(link).pathname}"`)
      expect(page.body).toContain('What helps:')
      expect(page.body).not.toMatch(/words of the peer|\bat \S+\.ts|undefined/)
      expect((await browser.visit({ method: 'GET', url: link })).status, 'the link still works').toBe(200)
    }
  }, 60_000)

  test('M-065, T9: the link for an administrator is there for every refusal that consent lifts, and for no other', async () => {
    const linked = async (upn: string) => {
      const page = await signIn(site.browser(), (await start(upn)).link, upn)
      return { page, approval: /\/connect\/[a-z2-7]{26}\.[a-z2-7]{32}(?=<)/.exec(page.body)?.[0] ?? '' }
    }
    for (const [upn, code] of [
      ['lea@litware.example', 'aadsts_90095'],
      ['adminconsent@contoso.example', 'aadsts_90094'],
      ['riskyapp@contoso.example', 'aadsts_900941'],
    ] as const) {
      const { page, approval } = await linked(upn)
      expect(page.body, upn).toContain(`<code>${code}</code>`)
      expect(approval, upn).not.toBe('')
      expect((await site.browser().visit({ method: 'GET', url: origin + approval })).body).toContain(
        'for administrators',
      )
    }
    expect((await linked('lea@litware.example')).page.body).toContain('Your request is with your administrators')
    // Whoever could only go back at Microsoft looks like one who declined.
    site.entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'recommended' })
    const back = await linked('lea@litware.example')
    expect(back.page.body).toContain('<code>aadsts_65004</code>')
    expect(back.approval).not.toBe('')
    const unassigned = await linked('unassigned@contoso.example')
    expect(unassigned.page.body).toContain('<code>aadsts_50105</code>')
    expect(unassigned.approval).toBe('')
  })
})
