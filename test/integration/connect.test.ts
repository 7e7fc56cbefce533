/** The way from link to mailbox, walked as people walk it. */
import { describe, expect, test } from 'vitest'
import { origin, resultOf, tokenOf } from '../support/connect/connect-site.js'
import {
  asked,
  begin,
  binding,
  person,
  returnUrl,
  signIn,
  site,
  start,
  tenant,
  tokenCalls,
  useJourneySite,
} from '../support/connect/journey-site.js'

useJourneySite()

describe('the way from link to mailbox', () => {
  test('M-057: code flow with PKCE, state, nonce and a hint; the verifier never travels in a URL', async () => {
    const upn = person()
    const { link } = await start(upn)
    const url = new URL(await begin(site.browser(), link))
    const parameters = Object.fromEntries(url.searchParams)
    expect(url.origin).toBe(site.entra.url)
    expect(parameters).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      login_hint: upn,
      redirect_uri: `${origin}/oauth/callback`,
    })
    expect(parameters['nonce']).toMatch(/^\S{26,}$/)
    expect(parameters['state']).toMatch(/^[a-z2-7]{26}\.[a-z2-7]{32}$/)
    expect(parameters['code_challenge']).toMatch(/^[\w-]{43}$/)
    expect(url.href).not.toContain('verifier')
  })

  test('M-059, M-061, M-071: signed in, confirmed with code and binding, and only then there is a mailbox', async () => {
    const upn = person()
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const secretsBefore = site.vault.snapshot().length
    const page = await signIn(browser, link, upn)
    // Back to the application at once; the page of the result is there for who looks.
    expect(page.status).toBe(303)
    expect(page.headers['location']).toContain(`${returnUrl}?result=${signInId}.`)
    const shown = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect(shown.body).toContain(`Signed in as ${upn}`)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'signed-in',
      mailboxId: '',
    })
    expect(site.vault.snapshot().length).toBe(secretsBefore)
    const code = resultOf(page)
    await expect(
      site.gateway.connect.confirmSignIn(tenant, { id: signInId, code, binding: 'of-another-session' }),
    ).rejects.toMatchObject({ code: 'binding_mismatch' })
    await expect(
      site.gateway.connect.confirmSignIn(tenant, { id: signInId, code: 'wrong', binding }),
    ).rejects.toMatchObject({ code: 'result_code_invalid' })
    await expect(site.gateway.connect.confirmSignIn('other', { id: signInId, code, binding })).rejects.toMatchObject({
      code: 'not_found',
    })
    await expect(site.gateway.connect.confirmByAdmin(tenant, signInId)).rejects.toMatchObject({
      code: 'sign_in_not_ready',
    })
    const confirmed = await site.gateway.connect.confirmSignIn(tenant, { id: signInId, code, binding })
    const mailbox = await site.gateway.admin.readMailboxFacts(tenant, confirmed.mailboxId)
    expect(mailbox).toMatchObject({ address: upn, connectionState: 'connected', active: true })
    expect(mailbox.receive).toMatchObject({ transport: 'graph', folder: 'inbox' })
    expect(mailbox.receive).not.toHaveProperty('after')
    expect(mailbox.key).toMatch(/^[a-z0-9]{1,5}$/)
    await expect(site.gateway.connect.confirmSignIn(tenant, { id: signInId, code, binding })).rejects.toMatchObject({
      code: 'sign_in_used',
    })
    await expect(start(upn)).rejects.toMatchObject({ code: 'mailbox_exists' })
  })

  test('M-059, P-30, SEC-13: a cross-site form_post without our cookies ends well too', async () => {
    const upn = person()
    const browser = site.browser()
    const { link } = await start(upn)
    const url = `${await begin(browser, link)}`.replace('response_mode=query', 'response_mode=form_post')
    const { fields, isForm } = await site.entra.control.signInAs(url, upn)
    expect(isForm).toBe(true)
    const from = 'https://login.microsoftonline.com'
    expect(browser.header('POST', from)).toBe('')
    const leg = await browser.visit({ method: 'POST', url: `${origin}/oauth/callback`, form: fields, from }, false)
    expect(leg.status).toBe(303)
    expect(leg.headers['location']).not.toContain(fields['code'])
    expect(tokenCalls()).toBe(0)
    await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '', from })
    const page = await browser.visit({ method: 'GET', url: `${link}/result` })
    expect(page.body).toContain(`Signed in as ${upn}`)
    // Neither the code nor a token is in a URL, in a page or in a cookie that could be read.
    const secrets = [fields['code'] ?? '', ...site.directory.refreshTokens.keys()]
    const shown = [leg, page].flatMap((one) => [one.url, one.body, ...Object.values(one.headers)])
    const cookies = browser.seen.map((cookie) => cookie.value)
    expect(secrets.length).toBeGreaterThan(1)
    for (const text of [...shown, ...cookies]) {
      for (const secret of secrets) expect(text).not.toContain(secret)
      expect(text).not.toMatch(/eyJ[\w-]{10,}\.eyJ/)
    }
    // Used once: the same leg again ends nowhere.
    const used = await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '', from })
    expect(used.status).toBe(400)
  })

  test('M-061: cancel kills the link and leaves nothing', async () => {
    const upn = person()
    const browser = site.browser()
    const { link, signInId } = await start(upn)
    const page = await browser.visit({ method: 'GET', url: link })
    const cancelled = await browser.visit({
      method: 'POST',
      url: `${link}/cancel`,
      form: { token: tokenOf(page.body) },
    })
    expect(cancelled.body).toContain('was not connected')
    expect((await browser.visit({ method: 'GET', url: link })).status).toBe(410)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'cancelled',
      mailboxId: '',
    })
  })

  test('M-063, M-064: a delegate signs in for a shared mailbox', async () => {
    const { link, signInId } = await start('info@contoso.example', {
      expectedUser: 'ana@contoso.example',
      confirmation: 'confirmed-by-link',
    })
    const page = await signIn(site.browser(), link, 'ana@contoso.example')
    expect(page.body).toContain('info@contoso.example is connected')
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({
      address: 'info@contoso.example',
      connectionState: 'connected',
    })
  })

  test('M-069, P-05: reconnect in place keeps the mailbox; another account is refused', async () => {
    const upn = person()
    const { link, signInId } = await start(upn, { confirmation: 'confirmed-by-link' })
    await signIn(site.browser(), link, upn)
    const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    const again = await site.gateway.connect.startReconnect({ tenant, mailboxId })
    const other = await signIn(site.browser(), again.link, person())
    expect(other.status).toBe(403)
    const page = await signIn(site.browser(), again.link, upn)
    expect(page.body).toContain('is connected')
    expect(await site.gateway.connect.describeSignIn(tenant, again.signInId)).toMatchObject({
      status: 'confirmed',
      mailboxId,
      connectionId,
    })
  })

  test('an administrator confirms a link that was handed on; only an administrator may skip it', async () => {
    const upn = person()
    const { link, signInId } = await start(upn, {
      confirmation: 'tenant-admin',
      returnUrl: undefined,
      binding: undefined,
    })
    const page = await signIn(site.browser(), link, upn)
    expect(page.body).toContain('We told the administrators of')
    expect(await site.gateway.connect.confirmByAdmin(tenant, signInId)).toMatchObject({
      status: 'confirmed',
      address: upn,
    })
    const input = { ...asked, address: person(), confirmation: 'confirmed-by-link' as const }
    await expect(site.gateway.connect.startSignIn({ tenant, role: 'app' }, input)).rejects.toMatchObject({
      code: 'forbidden_confirmation',
    })
  })
})
