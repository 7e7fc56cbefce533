import { beforeEach, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import type { Verdicts } from '../../../lib/model/sign-in.js'
import { findHolder, holderId, takeHold } from '../../../lib/rows/holders.js'
import {
  type ConnectHarness,
  codeOf,
  connectHarness,
  directory,
  type passwordForm,
} from '../../support/connect/connect-harness.js'
import { works } from '../../support/connect/connect-samples.js'

const refusal = { verdict: 'fails', code: 'graph_erroraccessdenied', text: 'Refused.', remedy: 'Ask.' } as const
const closed: Verdicts = { signIn: { verdict: 'works' }, reading: refusal, sending: refusal }
const foreign = '99999999-8888-4777-8666-555555555555'
let h: ConnectHarness
beforeEach(async () => {
  h = await connectHarness()
})

/** An account of this directory whose addresses are these. */
function account(tenantId: string, username: string, addresses: string[] = []) {
  h.peers.tokens = { ...h.peers.tokens, identity: { ...h.peers.tokens.identity!, tenantId, username } }
  h.deps.providers.microsoft!.accountAddresses = async () => addresses
}
const holder = async () => (await findHolder(h.deps, holderId(h.address)))?.tenant

describe('A6: an address is proven only by a directory that owns its domain', () => {
  test.each([
    ['by the mail attribute', 'mallory@evil.example', ['info@contoso.example']],
    ['by a proxy address', 'mallory@evil.example', ['x@evil.example', 'INFO@Contoso.example']],
    ['by the name a guest is shown with', 'info@contoso.example', []],
  ])('%s, from a foreign directory: nothing is connected, an administrator decides', async (_, username, addresses) => {
    account(foreign, username, addresses)
    await addReturnUrl(h.deps, h.tenant, 'https://app.example.com/done')
    const asked = { returnUrl: 'https://app.example.com/done', binding: 'b'.repeat(20) }
    for (const confirmation of ['confirmed-by-link', 'result-code', 'tenant-admin'] as const) {
      const before = await h.stored()
      const { link, signInId } = await h.start({ confirmation, ...(confirmation === 'result-code' ? asked : {}) })
      const back = await h.travel(link)
      expect(await h.flows.completeSignIn(h.deps, back)).toMatchObject({ outcome: 'signed-in' })
      expect(await h.stored()).toBe(before)
      expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId)).toMatchObject({
        status: 'signed-in',
        confirmation: 'tenant-admin',
        directory: foreign,
        verdicts: { signIn: { verdict: 'fails', code: 'address_not_proven' } },
      })
      const shown = await h.flows.showResult(h.deps, back.link, back.browser)
      expect(shown).not.toHaveProperty('returnTo')
      const code = { code: 'x', binding: 'b'.repeat(20) }
      expect(await codeOf(h.flows.confirmSignIn(h.deps, h.tenant, { id: signInId, ...code }))).toBe('sign_in_not_ready')
    }
  })

  test('an administrator may take it all the same; it keeps nobody else from the address', async () => {
    account(foreign, 'mallory@evil.example', [h.address])
    const { link, signInId } = await h.start()
    await h.flows.completeSignIn(h.deps, await h.travel(link))
    expect(await h.flows.confirmByAdmin(h.deps, h.tenant, signInId)).toMatchObject({ address: h.address })
    expect(await holder()).toBeUndefined()
  })

  test('a second try with the right account counts as it was asked for', async () => {
    account(foreign, 'mallory@evil.example', [h.address])
    await addReturnUrl(h.deps, h.tenant, 'https://app.example.com/done')
    const asked = { returnUrl: 'https://app.example.com/done', binding: 'b'.repeat(20) }
    const { link, signInId } = await h.start({ confirmation: 'result-code', ...asked })
    await h.flows.completeSignIn(h.deps, await h.travel(link))
    await h.plant(signInId, { status: 'refused' })
    account(directory, h.address)
    await h.flows.completeSignIn(h.deps, await h.travel(link))
    const facts = await h.flows.describeSignIn(h.deps, h.tenant, signInId)
    expect(facts).toMatchObject({
      verdicts: { signIn: { verdict: 'works' } },
      directory,
      confirmation: 'result-code',
    })
  })

  test('of a shared mailbox both addresses count: the delegate’s and the mailbox’s own', async () => {
    h.peers.tokens.scopes = ['Mail.ReadWrite.Shared', 'Mail.Send.Shared']
    account(directory, h.address)
    for (const [address, status] of [
      ['team@contoso.example', 'confirmed'],
      ['team@elsewhere.example', 'signed-in'],
    ] as const) {
      const { link, signInId } = await h.start({ address, expectedUser: h.address })
      await h.flows.completeSignIn(h.deps, await h.travel(link))
      expect(await h.flows.describeSignIn(h.deps, h.tenant, signInId), address).toMatchObject({ status })
    }
  })

  test('control: the own directory proves user name and further addresses, and holds them', async () => {
    account(directory, 'x1234@contoso.example', [h.address])
    expect(await h.connectBy('microsoft')).toMatchObject({ status: 'confirmed', confirmation: 'confirmed-by-link' })
    expect(await holder()).toBe(h.tenant)
  })

  test('when Microsoft does not say whose the domain is, nothing is connected and the link stays usable', async () => {
    const { microsoft } = h.deps.providers
    h.deps.providers = {
      microsoft: {
        ...microsoft!,
        directoryOf: async () => {
          throw new GatewayError('directory_unknown', 'transient')
        },
      },
    }
    const { link } = await h.start()
    expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({
      outcome: 'refused',
      error: { code: 'directory_unknown' },
    })
    h.deps.providers = { microsoft: microsoft! }
    expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({ outcome: 'signed-in' })
  })
})

describe('A4: an address is held against other tenants only by who may speak for it', () => {
  const own = { imapHost: 'imap.evil.example', smtpHost: 'smtp.evil.example' }

  test.each<[string, Partial<typeof passwordForm>, string[]]>([
    ['at servers of one’s own', own, ['mx.contoso.example']],
    ['at servers of one’s own, and nothing is published', own, []],
    [
      'at a machine that a hoster names below the domain of its own servers',
      { imapHost: 'vps-17.vps.provider.com', smtpHost: 'vps-17.vps.provider.com' },
      ['mx1.mail.provider.com', 'ssl0.provider.com'],
    ],
    ['with one foreign server', { smtpHost: own.smtpHost }, ['mx.contoso.example']],
    [
      'as another customer of the same provider',
      { username: 'mallory@provider.example', imapHost: 'imap.provider.example', smtpHost: 'imap.provider.example' },
      ['mx.provider.example'],
    ],
    [
      'by a bare name at a provider',
      { username: 'info', imapHost: 'imap.provider.example', smtpHost: 'imap.provider.example' },
      ['mx.provider.example'],
    ],
  ])('%s: connected, but nobody is kept from the address', async (_, form, exchangers) => {
    h.peers.exchangers = exchangers
    const { link } = await h.start()
    await h.byPassword(link, form)
    expect(await holder()).toBeUndefined()
    await takeHold(h.deps, { tenant: 'rival', mailboxId: 'a'.repeat(26), address: h.address })
    expect(await holder()).toBe('rival')
  })

  test.each<[string, Partial<typeof passwordForm>, string[]]>([
    ['at the domain’s own servers', {}, ['mx.contoso.example']],
    [
      'at the provider its MX names, by the whole address',
      { imapHost: 'imap.provider.example', smtpHost: 'smtp.provider.example' },
      ['mx1.provider.example'],
    ],
    ['by the name before the @ at the domain’s own servers', { username: 'info' }, ['mx.contoso.example']],
  ])('control: %s: held', async (_, form, exchangers) => {
    h.peers.exchangers = exchangers
    const { link } = await h.start()
    await h.byPassword(link, form)
    expect(await holder()).toBe(h.tenant)
  })

  test.each<[string, object, Verdicts, boolean]>([
    ['may not open it', {}, closed, false],
    ['opens a mailbox of its own instead', { mailboxUser: 'colleague@contoso.example' }, works, false],
    ['may open it', {}, works, true],
  ])('a shared mailbox, by an account of its organisation that %s', async (_, more, verdicts, isHeld) => {
    h.peers.tokens = { ...h.peers.tokens, scopes: ['Mail.ReadWrite.Shared', 'Mail.Send.Shared'] }
    account(directory, 'colleague@contoso.example')
    h.peers.verdicts = verdicts
    const { link } = await h.start({ expectedUser: 'colleague@contoso.example', ...more })
    expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({ outcome: 'signed-in' })
    expect(await holder()).toBe(isHeld ? h.tenant : undefined)
  })

  test('whether another tenant holds it: the same answers with and without, to everybody who cannot prove it', async () => {
    const seen: string[] = []
    for (const isHeld of [false, true]) {
      h = await connectHarness()
      if (isHeld) await takeHold(h.deps, { tenant: 'rival', mailboxId: 'a'.repeat(26), address: h.address })
      h.peers.exchangers = ['mx.contoso.example']
      const { link, signInId } = await h.start()
      const answer = await codeOf(h.byPassword(link, own))
      const { mailboxId, status } = await h.flows.describeSignIn(h.deps, h.tenant, signInId)
      const { heldBy } = await readMailboxFacts(h.deps, h.tenant, mailboxId)
      seen.push(JSON.stringify({ answer, status, heldBy }))
    }
    expect(seen[1]).toBe(seen[0])
  })

  test('who proves it is told that it is connected elsewhere, and nothing more', async () => {
    await takeHold(h.deps, { tenant: 'rival', mailboxId: 'a'.repeat(26), address: h.address })
    const { link } = await h.start()
    const answer = await h.flows.completeSignIn(h.deps, await h.travel(link))
    expect(answer).toMatchObject({ outcome: 'refused', error: { code: 'mailbox_held' } })
    const text = JSON.stringify(answer.outcome === 'refused' && { ...answer.error })
    expect(text).not.toMatch(/rival|2026|environment|aaaaaa/)
  })

  test('a reconnect continues when an operator gave the address to another', async () => {
    const { mailboxId } = await h.connectBy('microsoft')
    const id = holderId(h.address)
    await h.stores.tables.remove(h.names.holders, { partitionKey: id.slice(0, 2), rowKey: id })
    await takeHold(h.deps, { tenant: 'rival', mailboxId: 'a'.repeat(26), address: h.address })
    const { link } = await h.flows.startReconnect(
      h.deps,
      { tenant: h.tenant, mailboxId },
      { allowChange: ['identity'] },
    )
    expect(await h.flows.completeSignIn(h.deps, await h.travel(link))).toMatchObject({ outcome: 'signed-in' })
    expect(await holder()).toBe('rival')
  })
})
