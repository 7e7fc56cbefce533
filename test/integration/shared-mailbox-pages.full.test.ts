/** The pages of the connect journey for a shared mailbox for which nobody named who signs in. */
import { describe, expect, test } from 'vitest'
import { origin, resultOf, signInAt, tokenOf } from '../support/connect/connect-site.js'
import { binding, byApp, open, person, site, start, state, tenant, usePages } from '../support/connect/page-visitors.js'
import type { Answer } from '../support/http/cookie-jar.js'

usePages()

describe('a shared mailbox for which nobody named who signs in', () => {
  let box = 0
  function shared(delegates: string[]): string {
    const upn = `team${++box}@contoso.example`
    site.directory.addUser({ upn, kind: 'shared', fullAccess: delegates, sendAs: delegates })
    return upn
  }
  /** The person names themselves on the page, and signs in as `upn`. */
  async function asDelegate(link: string, named: string, upn = named): Promise<Answer> {
    const browser = site.browser()
    const form = { token: tokenOf((await open(browser, link)).body), delegate: named }
    const sent = await browser.visit({ method: 'POST', url: link, form, from: origin }, false)
    const to = sent.headers['location'] ?? ''
    if (to === link) return open(browser, link)
    const { url } = await site.entra.control.signInAs(to, upn)
    return browser.visit({ method: 'GET', url, from: 'https://login.example' })
  }

  test('T7: the page explains it, a delegate names themselves, and the application’s session confirms', async () => {
    const ann = person()
    const address = shared([ann])
    const { link, signInId } = await start(address)
    const first = await signInAt(site, site.browser(), link, ann)
    expect(first.status).toBe(403)
    expect(first.body).toContain(`Is ${address} a shared mailbox?`)
    expect(first.body).toMatch(/Full Access and Send As/)
    const page = await asDelegate(link, ann)
    await site.gateway.connect.confirmSignIn(tenant, { id: signInId, code: resultOf(page), binding })
    const { mailboxId, signedInAs } = await state(signInId)
    expect(signedInAs).toBe(ann)
    // The mail of the shared mailbox, not of the one who signed in.
    const raw = `From: a@b.example\r\nTo: ${address}\r\nSubject: for the team\r\n\r\nx`
    site.graph.control.deliver({ to: address, raw })
    await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    expect((await site.gateway.receive.listReceived({ tenant, mailboxId }, { limit: 5 })).mails).toHaveLength(1)
  })

  test('T7: who may not open the mailbox gets nothing, whatever account it is; nor another account than the one named', async () => {
    const [ann, bob] = [person(), person()]
    const address = shared([ann])
    const { link, signInId } = await start(address)
    const page = await asDelegate(link, bob)
    expect(page.status).toBe(403)
    expect(page.body).toContain('delegate_without_access')
    expect((await asDelegate(link, ann, bob)).body).toContain('mailbox_mismatch')
    expect(await state(signInId)).toMatchObject({ status: 'refused', connectionId: '' })
    // Whoever names nobody must own the mailbox, also after an attempt that named somebody.
    expect((await signInAt(site, site.browser(), link, ann)).body).toContain('mailbox_mismatch')
    expect((await asDelegate(link, 'no address')).body).toContain('Type a mail address')
  })

  test('T7, A8: who was given one folder of the mailbox does not have it, neither to read nor to send', async () => {
    const [ann, bob] = [person(), person()]
    const address = shared([ann])
    const folderAccess = { inbox: [bob], drafts: [bob] }
    Object.assign(site.directory.user(address)!, { folderAccess })
    for (const wanted of [{ send: false }, { receive: false }, {}]) {
      const { link, signInId } = await start(address, { ...byApp, ...wanted })
      const page = await asDelegate(link, bob)
      expect(page.status, JSON.stringify(wanted)).toBe(403)
      expect(page.body).toContain('delegate_without_access')
      expect(await state(signInId)).toMatchObject({ status: 'refused', connectionId: '' })
    }
    // The control: the whole mailbox.
    const { link, signInId } = await start(address)
    await asDelegate(link, ann)
    expect(await state(signInId)).toMatchObject({ status: 'signed-in', signedInAs: ann })
  })

  test('T7, SEC-05: a link for one exact identity does not confirm another one; an administrator does', async () => {
    const ann = person()
    const address = shared([ann])
    const { link, signInId } = await start(address, {})
    const page = await asDelegate(link, ann)
    expect(page.body).toContain('We told the administrators of')
    expect(await state(signInId)).toMatchObject({ status: 'signed-in', connectionId: '', confirmation: 'tenant-admin' })
    await site.gateway.connect.confirmByAdmin(tenant, signInId)
    expect(await state(signInId)).toMatchObject({ status: 'confirmed', signedInAs: ann })
    // The control: a link that names its delegate confirms itself, and takes no other name from the page.
    const named = shared([ann])
    const exact = await start(named, { expectedUser: ann })
    expect((await open(site.browser(), exact.link)).body).not.toContain('name="delegate"')
    expect((await asDelegate(exact.link, person(), ann)).body).toContain('is connected')
  })
})
