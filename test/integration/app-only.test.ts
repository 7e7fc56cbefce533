/** Mailboxes that the application opens with permissions of its own. */
import { describe, expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  administrator,
  allow,
  person,
  registrationId,
  site,
  start,
  startConsent,
  tenant,
  unique,
  useAuthoritySite,
  useBothWays,
} from '../support/connect/authority-site.js'
import { signInAt } from '../support/connect/connect-site.js'
import { everyConnection, everyConsent, everyMailbox } from '../support/general/every.js'

useAuthoritySite()

async function appOnlyConnection(directory: string, upn: string): Promise<string> {
  const { link, signInId } = await startConsent()
  await allow(site.browser(), link, directory, upn)
  return (await site.gateway.connect.confirmByAdmin(tenant, signInId)).connectionId
}

describe('an administrator allows the application (M-065, M-029)', () => {
  test('M-065: app-only is asked for, recorded with who, where, when and what, and makes no mailbox', async () => {
    const before = await everyMailbox(site.gateway, tenant)
    const admin = administrator()
    const browser = site.browser()
    const { link, signInId } = await startConsent()
    const shown = await browser.visit({ method: 'GET', url: link })
    expect(shown.body).toContain('in every mailbox')
    const page = await allow(browser, link, demo.tenantId, admin.upn)
    expect(page.body).toContain(`Granted by ${admin.upn}`)
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'signed-in',
      directory: demo.tenantId,
      signedInAs: admin.upn,
    })
    expect((await everyConnection(site.gateway, tenant)).filter((one) => one.mode === 'app-only')).toEqual([])
    const { connectionId, mailboxId } = await site.gateway.connect.confirmByAdmin(tenant, signInId)
    expect(mailboxId).toBe('')
    const roles = ['https://graph.microsoft.com/Mail.ReadWrite', 'https://graph.microsoft.com/Mail.Send']
    const connection = (await everyConnection(site.gateway, tenant)).find((one) => one.id === connectionId)
    expect(connection).toMatchObject({
      mode: 'app-only',
      state: 'connected',
      registrationId,
      scopes: roles,
    })
    expect(await everyConsent(site.gateway, tenant)).toEqual([
      {
        mode: 'app-only',
        registrationId,
        directory: demo.tenantId,
        administrator: admin.upn,
        administratorId: admin.oid,
        scopes: roles,
        consentedAt: expect.stringMatching(/^20\d\d-/),
      },
    ])
    expect(await everyMailbox(site.gateway, tenant)).toEqual(before)
    expect(site.vault.snapshot().filter((one) => JSON.stringify(one).includes(connectionId))).toEqual([])
  })

  test('M-029, M-102, M-072: a mailbox by address and one by object id are read and sent from, without anybody signed in', async () => {
    const connectionId = await appOnlyConnection(demo.tenantId, administrator().upn)
    const plain = person()
    const address = unique('desk')
    const other = person({ mail: address })
    site.entra.control.reset()
    const added = []
    for (const input of [{ address: plain.upn }, { address, user: other.oid }])
      added.push(
        await site.gateway.connect.addMailbox(tenant, {
          connectionId,
          displayName: '',
          receive: true,
          send: true,
          ...input,
        }),
      )
    for (const { verdicts } of added)
      expect(verdicts).toEqual({
        signIn: { verdict: 'works' },
        reading: { verdict: 'works' },
        sending: { verdict: 'not-tested', opened: true },
      })
    const first = await useBothWays(added[0]!.mailboxId)
    expect(first).toEqual({ paths: [`users/${encodeURIComponent(plain.upn)}`], from: [plain.upn], received: 1 })
    const second = await useBothWays(added[1]!.mailboxId)
    expect(second).toEqual({ paths: [`users/${other.oid}`], from: [address], received: 1 })
    // Delta: nothing comes twice.
    const mailboxes = [{ tenant, mailboxId: added[0]!.mailboxId }]
    expect(await site.gateway.receive.pollBatch({ v: 1, mailboxes })).toMatchObject([{ outcome: 'idle', code: '' }])
    // The token of the consent served it all: no further call to Microsoft, and never a refresh token.
    expect(site.entra.control.counters.tokenCalls).toEqual({})
    await expect(
      site.gateway.connect.addMailbox(tenant, { connectionId, displayName: '', receive: true, send: true, address }),
    ).rejects.toMatchObject({ code: 'mailbox_exists' })
  })

  test('M-072: what the application cannot open is a verdict, and a person’s connection opens no other mailbox', async () => {
    const connectionId = await appOnlyConnection(demo.tenantId, administrator().upn)
    const wanted = { displayName: '', receive: true, send: true }
    // A13, D11: somebody the organisation does not know is no mailbox that waits for better times.
    for (const [field, more] of [
      ['address', { address: 'nobody-has-this@contoso.example' }],
      ['user', { address: unique('box'), user: 'nobody-has-this@contoso.example' }],
    ] as const) {
      const adding = site.gateway.connect.addMailbox(tenant, { ...wanted, connectionId, ...more })
      await expect(adding).rejects.toMatchObject({ status: 400, field })
      expect((await everyMailbox(site.gateway, tenant)).some((one) => one.address === more.address)).toBe(false)
    }
    const user = person()
    const own = await start(user.upn)
    await signInAt(site, site.browser(), own.link, user.upn)
    const personal = (await site.gateway.connect.describeSignIn(tenant, own.signInId)).connectionId
    await expect(
      site.gateway.connect.addMailbox(tenant, { ...wanted, connectionId: personal, address: unique('box') }),
    ).rejects.toMatchObject({ code: 'sign_in_needed' })
    await expect(
      site.gateway.connect.addMailbox('guest', { ...wanted, connectionId, address: unique('box') }),
    ).rejects.toMatchObject({ field: 'connectionId' })
  })
})
