/** Whose authority a mailbox works with: aliases, delegates, and every kind of registration. */
import { describe, expect, test } from 'vitest'
import { registrationSchema } from '../../lib/model/registration-schema.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  dueAt,
  person,
  site,
  start,
  tenant,
  unique,
  useAuthoritySite,
  useBothWays,
} from '../support/connect/authority-site.js'
import { origin, registrationInput, signInAt } from '../support/connect/connect-site.js'
import { everyConnection } from '../support/general/every.js'

useAuthoritySite()

describe('address, user principal name and who signs in (M-064)', () => {
  test('M-062, M-064: an address that is an alias of the account is its own mailbox, to read and to send', async () => {
    const address = unique('sales')
    const user = person({ mail: address })
    const { link, signInId } = await start(address)
    const page = await signInAt(site, site.browser(), link, user.upn)
    expect(page.body).toContain(`Signed in as ${user.upn}`)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await useBothWays(mailboxId)).toEqual({ paths: ['me'], from: [address], received: 1 })
    // The control: an address of nobody's is refused, and both names are said.
    const wrong = await start(unique('other'))
    const refused = await signInAt(site, site.browser(), wrong.link, user.upn)
    expect(refused.status).toBe(403)
    expect(refused.body).toContain(user.upn)
  })

  test('M-063, M-064: a shared mailbox with its own principal name, opened by a third account', async () => {
    const address = unique('support')
    const delegate = person()
    const shared = site.directory.addUser({
      upn: unique('mbx'),
      mail: address,
      kind: 'shared',
      fullAccess: [delegate.upn],
      sendAs: [delegate.upn],
    })
    const { link, signInId } = await start(address, { expectedUser: delegate.upn, mailboxUser: shared.upn })
    const page = await signInAt(site, site.browser(), link, delegate.upn)
    expect(page.body.match(/class="works"/g)).toHaveLength(2)
    expect(page.body.match(/class="not-tested"/g)).toHaveLength(1)
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    const used = await useBothWays(mailboxId)
    expect(used).toEqual({ paths: [`users/${encodeURIComponent(shared.upn)}`], from: [address], received: 1 })
  })

  test('M-063: another delegate is tried at once, and one without permissions is told before anybody waits', async () => {
    const [first, second] = [person(), person()]
    const connected = async (delegate: { upn: string }) => {
      const address = unique('team')
      const shared = site.directory.addUser({ upn: address, kind: 'shared', fullAccess: [delegate.upn] })
      const { link, signInId } = await start(address, { expectedUser: delegate.upn })
      await signInAt(site, site.browser(), link, delegate.upn)
      return { shared, ...(await site.gateway.connect.describeSignIn(tenant, signInId)) }
    }
    const [one, other] = [await connected(first), await connected(second)]
    const { mailboxId } = one
    const poll = () => site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    expect(await poll()).toMatchObject([{ code: '' }])
    expect(await dueAt('poll', mailboxId)).toBeGreaterThan(Date.now())
    const use = (connectionId: string) =>
      site.gateway.admin.changeMailbox(
        { tenant, mailboxId },
        {
          receive: { transport: 'graph', connectionId, user: one.shared.upn, folder: 'inbox' },
        },
      )
    await use(other.connectionId)
    expect(await dueAt('poll', mailboxId)).toBeLessThanOrEqual(Date.now())
    expect(await poll()).toMatchObject([{ outcome: 'failed' }])
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ receiving: { failures: 1 } })
    // The control: with rights the very same change works.
    one.shared.fullAccess.push(second.upn)
    await use(other.connectionId)
    expect(await poll()).toMatchObject([{ code: '' }])
    expect(await site.gateway.admin.readMailboxFacts(tenant, mailboxId)).toMatchObject({ receiving: { failures: 0 } })
  })

  test('M-072: without the principal name the try-out says so before anything waits for it', async () => {
    const address = unique('support')
    const delegate = person()
    site.directory.addUser({ upn: unique('mbx'), mail: address, kind: 'shared', fullAccess: [delegate.upn] })
    const { link } = await start(address, { expectedUser: delegate.upn })
    const page = await signInAt(site, site.browser(), link, delegate.upn)
    expect(page.body.match(/class="works"/g)).toHaveLength(1)
    expect(page.body.match(/class="fails"/g), 'one cause, said once').toHaveLength(1)
    expect(page.body).toContain('Reading and sending mail')
    expect(page.body).toContain('What helps:')
  })
})

describe('registrations', () => {
  test('M-050: one registration serves three mailboxes, and every field of it is used; a client id is a GUID', async () => {
    const own = await site.gateway.admin.saveRegistration(
      { tenant },
      {
        ...registrationInput,
        name: 'For three',
      },
    )
    const connections: string[] = []
    for (const { upn } of [person(), person(), person()]) {
      const { link, signInId } = await start(upn, { registrationId: own.id })
      const page = await signInAt(site, site.browser(), link, upn)
      expect(page.body).toContain('is connected')
      const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
      expect(await useBothWays(mailboxId)).toMatchObject({ from: [upn], received: 1 })
      connections.push(connectionId)
    }
    const facts = await everyConnection(site.gateway, tenant)
    const served = facts.filter((one) => connections.includes(one.id))
    expect(served.map((one) => one.registrationId)).toEqual([own.id, own.id, own.id])
    // The saving tried the secret with a call of its own.
    const calls = site.entra.control.requests.filter((one) => one.form['grant_type'] === 'authorization_code')
    expect(calls).toHaveLength(3)
    for (const { path, form } of calls) {
      expect(path).toBe('/organizations/oauth2/v2.0/token')
      expect(form).toMatchObject({
        client_id: demo.clientId,
        client_secret: demo.clientSecret,
        redirect_uri: `${origin}/oauth/callback`,
      })
    }
    for (const clientId of ['', 'x', `${demo.clientId}0`, `{${demo.clientId}}`])
      expect(registrationSchema.safeParse({ ...registrationInput, clientId }).success, clientId).toBe(false)
    expect(registrationSchema.safeParse(registrationInput).success).toBe(true)
  })

  test('M-074, SEC-06: a public client proves itself by PKCE alone, at the sign-in and at every refresh', async () => {
    const { clientSecret: _, ...without } = registrationInput
    const open = await site.gateway.admin.saveRegistration(
      { tenant },
      {
        ...without,
        name: 'Public',
        clientId: demo.publicClientId,
      },
    )
    // So short that each use needs a refresh.
    site.entra.control.setLifetimes({ accessToken: 200 })
    const { upn } = person()
    const { link, signInId } = await start(upn, { registrationId: open.id })
    expect((await signInAt(site, site.browser(), link, upn)).body).toContain('is connected')
    const { mailboxId } = await site.gateway.connect.describeSignIn(tenant, signInId)
    expect(await useBothWays(mailboxId)).toMatchObject({ from: [upn], received: 1 })
    site.entra.control.setLifetimes({ accessToken: 3599 })
    const calls = site.entra.control.requests.filter((one) => one.path.endsWith('/oauth2/v2.0/token'))
    const kinds = calls.map(({ form }) => form['grant_type'])
    expect([kinds[0], kinds.includes('refresh_token')]).toEqual(['authorization_code', true])
    expect(calls[0]?.form['code_verifier']).toMatch(/^[\w.~-]{43,128}$/)
    for (const { form } of calls)
      expect(
        Object.keys(form)
          .filter((field) => field.startsWith('client_'))
          .sort(),
      ).toEqual(['client_id', 'client_info'])
  })

  test('M-074: an app that needs a secret and has none is told so, with what to do in Entra', async () => {
    const { clientSecret: _, ...without } = registrationInput
    const bare = await site.gateway.admin.saveRegistration(
      { tenant },
      {
        ...without,
        name: 'Without its secret',
      },
    )
    const { upn } = person()
    const { link, signInId } = await start(upn, { registrationId: bare.id })
    const page = await signInAt(site, site.browser(), link, upn)
    expect(page.status).toBeGreaterThanOrEqual(400)
    expect(page.body).toContain('aadsts_7000218')
    expect(page.body).toContain('Add a client secret to the registration, or allow public client flows in Entra')
    expect(await site.gateway.connect.describeSignIn(tenant, signInId)).toMatchObject({
      status: 'refused',
      refusal: 'aadsts_7000218',
    })
  })
})
