/** The answer of an administrator: bound to one browser, used once, proven by the directory. */
import { describe, expect, test } from 'vitest'
import { newId } from '../../lib/model/ids.js'
import type { Row } from '../../lib/ports/tables.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  administrator,
  allow,
  answerOfAdmin,
  person,
  registrationId,
  site,
  start,
  startConsent,
  tenant,
  unique,
  useAuthoritySite,
} from '../support/connect/authority-site.js'
import { beginSignIn, origin, signInAt } from '../support/connect/connect-site.js'
import { everyConsent, everyMailbox } from '../support/general/every.js'

useAuthoritySite()

const hourAhead = 9_999_999_999_999

/** A connection that the provider refused until an administrator acts; the next try is far ahead. */
async function waitsForAdministrator(directory: string): Promise<{ grant: () => Promise<Row | undefined> }> {
  const { upn } = person()
  const { link, signInId } = await start(upn)
  await signInAt(site, site.browser(), link, upn)
  const { connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
  const table = site.names.table('connections')
  const place = { partitionKey: `${tenant}~${connectionId}` }
  const row = await site.tables.get(table, place.partitionKey, 'connection')
  const identity = { ...JSON.parse(String(row?.['identity'])), tenantId: directory }
  const state = { state: 'needs-admin', reason: 'aadsts_90094', identity: JSON.stringify(identity) }
  await site.tables.update(table, { ...place, rowKey: 'connection', ...state }, row?.etag ?? '')
  const grant = () => site.tables.get(table, place.partitionKey, 'grant')
  await site.tables.update(table, { ...place, rowKey: 'grant', notBefore: hourAhead }, (await grant())?.etag ?? '')
  return { grant }
}

describe('an administrator allows the application (M-065, M-029)', () => {
  test('M-065: the answer is bound to this browser, used once, and what it claims is proven', async () => {
    const refusal = async (signInId: string) => (await site.gateway.connect.describeSignIn(tenant, signInId)).refusal
    // Another browser: refused, and the state is invalidated.
    const stolen = await startConsent()
    const browser = site.browser()
    const url = await answerOfAdmin(browser, stolen.link, { tenant: demo.tenantId })
    expect((await site.browser().visit({ method: 'GET', url })).status).toBe(400)
    expect((await browser.visit({ method: 'GET', url })).status).toBe(400)
    // Used twice.
    const twice = await startConsent()
    const again = site.browser()
    const answer = await answerOfAdmin(again, twice.link, { tenant: demo.tenantId })
    const leg = await again.visit({ method: 'GET', url: answer }, false)
    expect((await again.visit({ method: 'GET', url: leg.headers['location'] ?? '' }, false)).status).toBe(303)
    expect((await again.visit({ method: 'GET', url: answer })).status).toBe(400)
    // A directory that somebody wrote into the answer: signing in there is needed, and the application has no token there.
    const claimed = await startConsent()
    const liar = site.browser()
    const forged = new URL(await answerOfAdmin(liar, claimed.link, { tenant: demo.tenantId }))
    forged.searchParams.set('tenant', demo.otherTenantId)
    const onward = await liar.visit({ method: 'GET', url: forged.href }, false)
    const asked = await liar.visit({ method: 'GET', url: onward.headers['location'] ?? '' }, false)
    const location = asked.headers['location'] ?? ''
    expect(location).toContain(`/${demo.otherTenantId}/`)
    const boss = site.directory.addUser({ upn: 'boss@fabrikam.example', administrator: true })
    await expect(site.entra.control.signInAs(location, person().upn)).rejects.toThrow('AADSTS50020')
    const { url: member } = await site.entra.control.signInAs(location, boss.upn)
    expect((await liar.visit({ method: 'GET', url: member })).status).toBeGreaterThanOrEqual(400)
    expect(await refusal(claimed.signInId)).toBe('aadsts_7000229')
    for (const tenantWord of ['', 'common', '..', 'x'.repeat(50)]) {
      const bad = await startConsent()
      const one = site.browser()
      const wrong = new URL(await answerOfAdmin(one, bad.link, { tenant: demo.tenantId }))
      wrong.searchParams.set('tenant', tenantWord)
      expect((await one.visit({ method: 'GET', url: wrong.href })).status, tenantWord).toBe(400)
    }
    // Refused by the administrator.
    const declined = await startConsent()
    const no = site.browser()
    const page = await no.visit({ method: 'GET', url: await answerOfAdmin(no, declined.link, { cancel: '1' }) })
    expect(page.status).toBe(400)
    expect(await refusal(declined.signInId)).toBe('aadsts_65004')
    expect(site.entra.control.counters.tokenCalls).toEqual({ authorization_code: 1, client_credentials: 1 })
  })

  test('M-065: app-only with a registration that tenants share is refused; for people’s own consent it serves', async () => {
    const shared = (await site.gateway.admin.listUsableRegistrations('guest'))[0]!.id
    const input = { registrationId: shared, receive: true, send: true }
    await expect(site.gateway.connect.startAdminConsent('guest', { ...input, mode: 'app-only' })).rejects.toMatchObject(
      { code: 'own_registration_needed' },
    )
    const { link } = await site.gateway.connect.startAdminConsent('guest', { ...input, mode: 'delegated' })
    const page = await site.browser().visit({ method: 'GET', url: link })
    expect(page.body).toContain('This connects nobody’s mailbox')
    await expect(
      site.gateway.connect.startAdminConsent('guest', { ...input, registrationId: 'unknown', mode: 'delegated' }),
    ).rejects.toMatchObject({ code: 'invalid_input', field: 'registrationId' })
  })

  test('M-065: who may not agree alone gets a link for an administrator, and connects after it', async () => {
    // No administrator of an earlier test counts here.
    site.directory.consents.clear()
    const upn = unique('adminconsent-')
    site.directory.addUser({ upn, password: 'x', flags: ['adminconsent'] })
    const { link, signInId } = await start(upn)
    const browser = site.browser()
    const refused = await signInAt(site, browser, link, upn)
    expect(refused.status).toBe(400)
    expect(refused.body).toContain('An administrator must approve this')
    const approval = /class="link">(http:\/\/localhost:7071\/connect\/[^<]+)</.exec(refused.body)?.[1] ?? ''
    expect(approval).not.toBe('')
    expect((await signInAt(site, browser, link, upn)).body, 'one link while it lives').toContain(approval)
    // Two that waited for an administrator: one of this organisation, one of another.
    const waiting = await Promise.all([demo.tenantId, newId()].map(waitsForAdministrator))
    const admin = administrator()
    const done = await allow(site.browser(), approval, demo.tenantId, admin.upn)
    expect(done.body).toContain('Your organisation has approved it')
    const notBefore = await Promise.all(waiting.map(({ grant }) => grant().then((row) => Number(row?.['notBefore']))))
    expect(notBefore, 'M-160: tried now, not with the next hourly try').toEqual([0, hourAhead])
    expect(done.body).toContain('No mailbox was connected')
    expect((await everyMailbox(site.gateway, tenant)).some((one) => one.address === upn)).toBe(false)
    const consent = (await everyConsent(site.gateway, tenant)).find((one) => one.mode === 'delegated')
    expect(consent).toMatchObject({ administrator: admin.upn, directory: demo.tenantId })
    expect(consent?.scopes).toContain('https://graph.microsoft.com/Mail.Send')
    expect((await signInAt(site, browser, link, upn)).body).toContain('is connected')
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({ status: 'confirmed' })
  })

  test('A8: a consent that an answer only claims is not recorded; what is recorded is what the directory shows', async () => {
    site.directory.consents.clear()
    const delegated = async () => (await everyConsent(site.gateway, tenant)).filter((one) => one.mode === 'delegated')
    const before = await delegated()
    const begun = async () => {
      const { link, signInId } = await startConsent({ mode: 'delegated' })
      const browser = site.browser()
      const state = new URL(await beginSignIn(browser, link)).searchParams.get('state') ?? ''
      return { browser, state, signInId }
    }
    const mail = 'https://graph.microsoft.com/Mail.'
    const forge = async ({ browser, state }: Awaited<ReturnType<typeof begun>>, upn: string) => {
      const claims = { admin_consent: 'True', tenant: demo.tenantId, scope: `${mail}ReadWrite ${mail}Send`, state }
      const answer = `${origin}/oauth/callback?${new URLSearchParams(claims)}`
      const leg = await browser.visit({ method: 'GET', url: answer }, false)
      const asked = await browser.visit({ method: 'GET', url: leg.headers['location'] ?? '' }, false)
      const { url } = await site.entra.control.signInAs(asked.headers['location'] ?? '', upn)
      return browser.visit({ method: 'GET', url })
    }
    const plain = await begun()
    const page = await forge(plain, administrator().upn)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(await site.gateway.connect.describeSignIn(tenant, plain.signInId)).toMatchObject({
      status: 'refused',
      refusal: 'consent_not_shown',
    })
    expect(await delegated()).toEqual(before)
    // Somebody who consented to all of it, for themselves: their token holds it, and no role that may allow it for others.
    const self = person()
    const ownConsent = new Set([`${mail}readwrite`.toLowerCase(), `${mail}send`.toLowerCase()])
    site.directory.consents.set(`${demo.clientId} ${self.oid}`, ownConsent)
    const own = await begun()
    expect((await forge(own, self.upn)).body).toContain('has no role that may consent to the application')
    expect(await site.gateway.connect.describeSignIn(tenant, own.signInId)).toMatchObject({
      status: 'refused',
      refusal: 'consent_not_shown',
    })
    expect(await delegated()).toEqual(before)
    // An organisation that allowed less than the answer claims.
    site.directory.consents.set(
      `${demo.clientId} tenant:${demo.tenantId}`,
      new Set([`https://graph.microsoft.com/mail.send`]),
    )
    const some = await begun()
    const allowed = await forge(some, administrator().upn)
    expect((await site.gateway.connect.describeSignIn(tenant, some.signInId)).refusal).toBe('')
    expect(allowed.body).toContain('Your organisation has approved it')
    const recorded = (await delegated()).find((one) => one.registrationId === registrationId)
    expect(recorded?.scopes.filter((scope) => scope.startsWith('https://'))).toEqual([`${mail}Send`])
  })
})
