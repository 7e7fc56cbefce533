/** Connecting again in place, and the authority a registration asks each time. */
import { describe, expect, test } from 'vitest'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { everyRow } from '../../lib/model/page.js'
import { laneDueMs } from '../../lib/rows/outbox.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { dueAt, person, site, start, stranger, tenant, useAuthoritySite } from '../support/connect/authority-site.js'
import { beginSignIn, origin, registrationInput, signInAt } from '../support/connect/connect-site.js'

useAuthoritySite()

describe('connecting again in place', () => {
  test('M-069, P-05, M-071: from needs-reconnect nothing is lost: same mailbox, same position, waiting mail leaves', async () => {
    const { upn } = person()
    const put = (subject: string) =>
      site.directory.deliver(upn, `From: ${stranger}\r\nTo: ${upn}\r\nSubject: ${subject}\r\n\r\nHello\r\n`)
    const poll = async (mailboxId: string) =>
      (await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] }))[0]
    const rowOf = (mailboxId: string, row: string) =>
      site.tables.get(site.names.table('mailboxes'), `${tenant}~${mailboxId}`, row)
    // Tokens that are over as soon as they are used, so that every use needs the grant.
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { link, signInId } = await start(upn)
    await signInAt(site, site.browser(), link, upn)
    const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    put('before')
    expect(await poll(mailboxId)).toMatchObject({ handedOver: 1 })
    const before = await rowOf(mailboxId, 'receiving')
    const secrets = () => site.vault.snapshot().filter((one) => JSON.stringify(one).includes(connectionId))
    const kept = JSON.stringify(secrets())

    site.entra.control.revoke(upn)
    const mail = parseMailSubmission({ mailboxId, to: [{ address: stranger }], subject: 'Waiting', text: 'x' })
    const { mail: accepted } = await site.gateway.send.acceptMail(tenant, { submission: mail })
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    put('meanwhile')
    expect(await poll(mailboxId)).toMatchObject({ outcome: 'failed' })
    // One refusal: the mail is put off, and nobody is asked to act.
    expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({
      state: 'waiting',
      lastError: { code: 'aadsts_50173', class: 'transient' },
    })
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ connectionState: 'connected' })
    await site.gateway.admin.retryConnection(tenant, connectionId)
    await site.gateway.send.retryMail(tenant, accepted.id)
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, accepted.id)).not.toMatchObject({ state: 'sent' })
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({
      connectionState: 'needs-reconnect',
      sending: { gate: 'closed' },
    })

    site.entra.control.setLifetimes({ accessToken: 3599 })
    const again = await site.gateway.connect.startReconnect({ tenant, mailboxId })
    const wrong = await signInAt(site, site.browser(), again.link, person().upn)
    expect(wrong.status).toBe(403)
    expect(JSON.stringify(secrets()), 'what was kept stays until the right one signed in').toBe(kept)
    const page = await signInAt(site, site.browser(), again.link, upn)
    expect(page.body).toContain('is connected')
    expect(JSON.stringify(secrets())).not.toBe(kept)

    const facts = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
    expect(facts).toMatchObject({ connectionState: 'connected', sending: { gate: 'open' } })
    expect(await rowOf(mailboxId, 'receiving')).toMatchObject({
      cursor: before?.['cursor'],
      source: before?.['source'],
    })
    expect(await dueAt('poll', mailboxId)).toBeLessThanOrEqual(Date.now())
    // The mail goes on by a message; its due row is the net behind that.
    expect(await dueAt('lane', mailboxId)).toBeLessThanOrEqual(Date.now() + laneDueMs)
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({ state: 'sent' })
    expect(await poll(mailboxId)).toMatchObject({ outcome: 'mail', handedOver: 1 })
    const { mails } = await site.gateway.receive.listReceived({ tenant, mailboxId }, { limit: 10 })
    expect(mails).toHaveLength(2)
    expect(await everyRow((page) => site.gateway.ops.listAttention(tenant, page), 'attention')).not.toContainEqual(
      expect.objectContaining({ connectionId }),
    )
  })

  test('M-052: a registration of one tenant asks the very same authority at sign-in, redemption and refresh', async () => {
    const one = await site.gateway.admin.saveRegistration(
      { tenant },
      {
        ...registrationInput,
        name: 'Contoso only',
        clientId: demo.singleTenantClientId,
        directory: demo.tenantId,
      },
    )
    const { upn } = person()
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { link, signInId } = await start(upn, { registrationId: one.id })
    await signInAt(site, site.browser(), link, upn)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    site.entra.control.setLifetimes({ accessToken: 3599 })
    const asked = site.entra.control.requests.map((request) => request.path)
    expect(site.entra.control.counters.tokenCalls).toMatchObject({ authorization_code: 1, refresh_token: 1 })
    // Whose the domain is, is asked of the domain.
    const owner = '/contoso.example/v2.0/.well-known/openid-configuration'
    expect(asked.filter((path) => path !== owner && !path.startsWith(`/${demo.tenantId}/`))).toEqual([])
  })

  test('M-052: the same registration at a shared authority is told to use the tenant id', async () => {
    const wrong = await site.gateway.admin.saveRegistration(
      { tenant },
      {
        ...registrationInput,
        clientId: demo.singleTenantClientId,
      },
    )
    const browser = site.browser()
    const { link } = await start(person().upn, { registrationId: wrong.id })
    const url = new URL(await beginSignIn(browser, link))
    const shown = await fetch(url)
    expect(await shown.text()).toContain('AADSTS50194')
    const query = new URLSearchParams({
      error: 'invalid_request',
      error_description: 'AADSTS50194: not configured as a multi-tenant application',
      state: url.searchParams.get('state') ?? '',
    })
    const page = await browser.visit({ method: 'GET', url: `${origin}/oauth/callback?${query}`, from: site.entra.url })
    expect(page.status).toBe(400)
    expect(page.body).toMatch(/tenant id/i)
    expect(page.body).toContain('aadsts_50194')
  })
})
