/** The pages of the connect journey, as a browser shows them. */
import { describe, expect, test } from 'vitest'
import { beginSignIn, origin, resultOf, signInAt, tokenOf } from '../support/connect/connect-site.js'
import {
  binding,
  open,
  person,
  returnUrl,
  site,
  start,
  state,
  tenant,
  usePages,
} from '../support/connect/page-visitors.js'
import type { Answer, Browser } from '../support/http/cookie-jar.js'

usePages()

/** A password form as the page of the link offers it, with other fields. */
async function sendPassword(
  browser: Browser,
  link: string,
  fields: Record<string, string>,
  follow = true,
): Promise<Answer> {
  const token = tokenOf((await open(browser, link)).body)
  const servers = { imapHost: '127.0.0.1', imapPort: '9', imapTls: 'implicit', smtpHost: '127.0.0.1', smtpPort: '9' }
  const form = {
    token,
    username: 'pat@fabrikam.test',
    password: 'Geheim-4711',
    ...servers,
    smtpTls: 'implicit',
    ...fields,
  }
  return browser.visit({ method: 'POST', url: `${link}/password`, form, from: origin }, follow)
}

describe('post, redirect, get', () => {
  test('T4: whatever a form leads to has an address that can be opened again, and the password never comes back', async () => {
    const browser = site.browser()
    const { link } = await start('pat@fabrikam.test')
    const sent = await sendPassword(browser, link, {}, false)
    expect([sent.status, sent.headers['location']]).toEqual([303, link])
    for (let times = 0; times < 2; times++) {
      const shown = await open(browser, link)
      expect(shown.status).toBe(200)
      expect(shown.body).toContain('could not be reached')
      expect(shown.body).toContain('value="pat@fabrikam.test"')
      expect(shown.body).not.toContain('Geheim-4711')
    }
    // Whoever else has the link sees nothing of that attempt.
    expect((await open(site.browser(), link)).body).not.toContain('could not be reached')
    const row = await site.tables.get(
      site.names.table('signins'),
      link.split('/connect/')[1]!.slice(0, 2),
      link.slice(-59, -33),
    )
    expect(JSON.stringify(row)).not.toContain('Geheim-4711')
    expect(JSON.stringify(row)).not.toContain('fabrikam.test:')
    // The addresses of the forms themselves lead to the page.
    for (const path of ['/password', '/cancel'])
      expect((await browser.visit({ method: 'GET', url: link + path }, false)).headers['location']).toBe(
        new URL(link).pathname,
      )
    // What was wrong is gone with the next attempt.
    await beginSignIn(browser, link)
    expect((await open(browser, link)).body).not.toContain('could not be reached')
  })

  test('T4: a refusal has an address of its own; loaded again it says the same', async () => {
    const browser = site.browser()
    const { link } = await start('lea@litware.example')
    const page = await signInAt(site, browser, link, 'lea@litware.example')
    expect(page.url).toBe(`${link}/result`)
    expect((await open(browser, page.url)).body).toContain('Your request is with your administrators')
    expect((await open(site.browser(), page.url)).body).not.toContain('Your request is with')
  })
})

describe('the field at fault', () => {
  test('T5, T12: is named, marked and focused, with the server that failed; all in plain words', async () => {
    const browser = site.browser()
    const { link } = await start('pat@fabrikam.test')
    const { body } = await sendPassword(browser, link, { imapPort: '99999' })
    expect(body).toContain('<a href="#imapPort">Type the port of the mail server: 993, or 143 with STARTTLS.</a>')
    expect(body).toMatch(/<input id="imapPort"[^>]* aria-invalid="true" aria-describedby="imapPort-error" autofocus>/)
    expect(body).toContain('id="imapPort-error"')
    expect(body).not.toMatch(/imapPort:|must be a mail port/)
    expect(body.match(/ autofocus/g)).toHaveLength(1)
    // The form comes before everything else on the page.
    expect(body.indexOf('id="imapPort"')).toBeLessThan(body.indexOf('It will be able to'))
    const unreached = (await sendPassword(browser, link, {})).body
    expect(unreached).toContain('The server for incoming mail, 127.0.0.1, port 9, could not be reached.')
    expect(unreached).toContain('The server for outgoing mail, 127.0.0.1, port 9, could not be reached.')
  })
})

describe('back to the application', () => {
  test('T8: where the binding decides, the browser is back with the code at once, and the application redeems', async () => {
    const upn = person()
    const { link, signInId } = await start(upn)
    const page = await signInAt(site, site.browser(), link, upn)
    expect(page.status).toBe(303)
    expect(page.headers['location']).toMatch(/^https:\/\/app\.example\.com\/mail\/done\?result=/)
    await site.gateway.connect.confirmSignIn(tenant, { id: signInId, code: resultOf(page), binding })
    expect(await state(signInId)).toMatchObject({ status: 'confirmed' })
  })

  test('T8: a verdict that has to be read keeps a page, whose button names the application', async () => {
    const upn = person('nomailbox')
    const { link } = await start(upn)
    const page = await signInAt(site, site.browser(), link, upn)
    expect([page.status, page.url]).toEqual([200, `${link}/result`])
    expect(page.body).toContain('Finish in the application (app.example.com)')
    // One cause for both directions is said once.
    expect(page.body.match(/Does not work yet/g)).toHaveLength(1)
  })

  test('T9: a refusal, a cancel at Microsoft and an expired link lead back with an error and the id, and nothing else does', async () => {
    const back = (page: Answer) =>
      /href="(https:\/\/app[^"]+)"/.exec(page.body)?.[1]?.replaceAll('&amp;', '&').replace(returnUrl, '')
    const refused = await start('lea@litware.example')
    const page = await signInAt(site, site.browser(), refused.link, 'lea@litware.example')
    expect(back(page)).toBe(`?error=aadsts_90095&sign_in_id=${refused.signInId}`)

    const turned = await start(person())
    const browser = site.browser()
    const sign = new URL(await beginSignIn(browser, turned.link)).searchParams.get('state') ?? ''
    const answer = { error: 'access_denied', error_subcode: 'cancel', error_description: 'cancelled', state: sign }
    const cancelled = await open(browser, `${origin}/oauth/callback?${new URLSearchParams(answer)}`)
    expect(back(cancelled)).toBe(`?error=oauth_access_denied_cancel&sign_in_id=${turned.signInId}`)

    const late = await start(person())
    const id = late.signInId
    const row = await site.tables.get(site.names.table('signins'), id.slice(0, 2), id)
    const past = { partitionKey: id.slice(0, 2), rowKey: id, expiresAt: Date.now() - 60_000 }
    await site.tables.update(site.names.table('signins'), past, row?.etag ?? '')
    const expired = await open(site.browser(), late.link)
    expect([expired.status, back(expired)]).toEqual([410, `?error=link_expired&sign_in_id=${id}`])
    // The way back is the registered one, also for who has only the id.
    expect(back(await open(site.browser(), `${late.link.slice(0, -1)}0`))).toBeUndefined()
    const own = await start(person(), {})
    const nowhere = await signInAt(site, site.browser(), own.link, person())
    expect(back(nowhere)).toBeUndefined()
  })

  test('T10: where another attempt of the same person changes nothing, there is no large button for one', async () => {
    const hopeless = await signInAt(
      site,
      site.browser(),
      (await start('lea@litware.example')).link,
      'lea@litware.example',
    )
    expect(hopeless.body).not.toContain('>Try again</a>')
    expect(hopeless.body).toContain('>Open your link again</a>')
    expect(hopeless.body).toContain('mailto:?subject=')
    const other = await signInAt(site, site.browser(), (await start(person())).link, person())
    expect(other.body).toContain('>Try again</a>')
  })

  test('T16: the first of two tabs says that the other one counts', async () => {
    const upn = person()
    const browser = site.browser()
    const { link } = await start(upn)
    const { url } = await site.entra.control.signInAs(await beginSignIn(browser, link), upn)
    await beginSignIn(browser, link)
    const page = await open(browser, url)
    expect(page.body).toContain('You continued in another tab')
    expect(page.body).not.toContain('cookies')
  })
})

describe('verdicts', () => {
  test('T3: sending is never said to work before a mail was sent; the first one that leaves changes what people see', async () => {
    for (const name of ['nosend', 'outblocked', 'plain']) {
      const upn = person(name)
      const { link, signInId } = await start(upn, {})
      const browser = site.browser()
      const page = await signInAt(site, browser, link, upn)
      expect(page.body, name).toContain('Not tested yet')
      expect(page.body, name).toContain('shows whether sending works')
      const facts = await state(signInId)
      expect(facts.verdicts, name).toMatchObject({
        reading: { verdict: 'works' },
        sending: { verdict: 'not-tested', opened: true },
      })
      const test = await site.gateway.send.sendTestMail({ tenant, mailboxId: facts.mailboxId })
      expect(test.state, name).toBe(name === 'nosend' ? 'failed' : 'sent')
      const works = name !== 'nosend'
      expect((await state(signInId)).verdicts?.sending.verdict).toBe(works ? 'works' : 'not-tested')
      expect((await open(browser, `${link}/result`)).body.includes('Not tested yet')).toBe(!works)
    }
  })
})
