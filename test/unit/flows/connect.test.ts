/** The connect journey: judging what came back, and reconnecting. */

import { describe, expect, test } from 'vitest'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { currentSecrets } from '../../../lib/flows/tokens/current-secret.js'
import { newId } from '../../../lib/model/ids.js'
import type { TokenSet } from '../../../lib/ports/provider.js'
import { connectionPartition } from '../../../lib/rows/connections.js'
import { findGrant } from '../../../lib/rows/grants.js'
import { listMailboxes, toRow } from '../../../lib/rows/mailboxes.js'
import {
  address,
  asked,
  at,
  codeOf,
  linkOf,
  minute,
  names,
  opened,
  probed,
  redeemed,
  sealWith,
  secretsOf,
  start,
  tenant,
  travel,
  useToldPeers,
} from '../../support/connect/told-peers.js'

useToldPeers()

describe('judging what came back', () => {
  test('M-067: no refresh token is an error, not a connection; with one it is a connection', async () => {
    const { link } = await start()
    const { refreshToken: _, ...without } = at.tokens
    const withIt = at.tokens
    at.tokens = without
    const refused = await flows.completeSignIn(at.deps, await travel(link))
    expect(refused).toMatchObject({ outcome: 'refused', error: { code: 'no_refresh_token' } })
    expect(await secretsOf()).toEqual([])
    at.tokens = withIt
    expect(await flows.completeSignIn(at.deps, await travel(link))).toMatchObject({ outcome: 'signed-in' })
    expect(await secretsOf()).toHaveLength(1)
  })

  test('M-068: a permission that was not granted is named before any mail server is asked', async () => {
    at.tokens = { ...at.tokens, scopes: ['https://graph.microsoft.com/User.Read'] }
    const { link } = await start()
    const answer = await flows.completeSignIn(at.deps, await travel(link))
    expect(answer).toMatchObject({ outcome: 'refused', error: { code: 'scopes_missing' } })
    expect(answer.outcome === 'refused' && answer.error.description).toContain('Mail.ReadWrite')
    expect(probed).toEqual([])
  })

  test('M-068, M-072: less than was asked for connects, and says in plain words what does not work', async () => {
    at.tokens = { ...at.tokens, scopes: ['openid', 'https://graph.microsoft.com/Mail.ReadWrite'] }
    const { link, signInId } = await start()
    const back = await travel(link)
    await flows.completeSignIn(at.deps, back)
    const { verdicts } = await flows.showResult(at.deps, back.link, back.browser)
    expect(verdicts).toMatchObject({
      reading: { verdict: 'works' },
      sending: {
        verdict: 'fails',
        code: 'scopes_missing',
        text: 'The permission to send mail was requested and not granted.',
      },
    })
    expect(probed).toMatchObject([{ receive: { transport: 'graph' } }])
    expect(probed[0]).not.toHaveProperty('send')
    const { connectionId } = await flows.describeSignIn(at.deps, tenant, signInId)
    const partition = connectionPartition(tenant, connectionId)
    const row = await at.deps.tables.get(names.table('connections'), partition, 'connection')
    const graph = 'https://graph.microsoft.com'
    expect(JSON.parse(String(row?.['scopes']))).toEqual([
      'openid',
      'profile',
      'offline_access',
      `${graph}/Mail.ReadWrite`,
    ])
  })

  test('the whole consent is kept, whatever the answer spells and leaves out of the sign-in scopes', async () => {
    at.tokens = { ...at.tokens, scopes: ['Mail.Send', 'mail.readwrite', 'User.Read'] }
    const { link, signInId } = await start()
    await flows.completeSignIn(at.deps, await travel(link))
    const { connectionId } = await flows.describeSignIn(at.deps, tenant, signInId)
    const partition = connectionPartition(tenant, connectionId)
    const row = await at.deps.tables.get(names.table('connections'), partition, 'connection')
    expect(JSON.parse(String(row?.['scopes']))).toEqual(asked.at(-1)?.scopes)
  })

  test('SEC-05, M-064: an account matches by its mail address too, whole and only as a whole', async () => {
    const identity = { issuer: 'i', subject: 's', tenantId: 't', objectId: 'o' }
    for (const [username, others, outcome] of [
      ['INFO@Contoso.example', [], 'signed-in'],
      ['x1234@contoso.example', ['other@contoso.example', 'Info@contoso.example'], 'signed-in'],
      ['x1234@contoso.example', ['info@contoso.example.evil.example', 'minfo@contoso.example'], 'refused'],
      ['\u0130nfo@contoso.example', [], 'refused'],
      ['\u0456nfo@contoso.example', ['info@contoso.exampl\u0435', 'inf\u043e@contoso.example'], 'refused'],
      ['', [], 'refused'],
    ] as const) {
      const { link } = await start({ confirmation: 'tenant-admin' })
      at.tokens = { ...at.tokens, identity: { ...identity, username } }
      at.deps.providers.microsoft!.accountAddresses = async () => [...others]
      expect((await flows.completeSignIn(at.deps, await travel(link))).outcome, username).toBe(outcome)
    }
    // The Kelvin sign, whose lower case is a k.
    const named = await start({ address: 'kim@contoso.example', confirmation: 'tenant-admin' })
    at.tokens = { ...at.tokens, identity: { ...identity, username: '\u212aim@contoso.example' } }
    expect((await flows.completeSignIn(at.deps, await travel(named.link))).outcome).toBe('refused')
    const { link } = await start({ confirmation: 'tenant-admin' })
    const { identity: _, ...nobody } = at.tokens
    at.tokens = nobody
    expect((await flows.completeSignIn(at.deps, await travel(link))).outcome).toBe('refused')
  })

  test('SEC-01, M-058: ten minutes after the start the state is worth nothing', async () => {
    const { link } = await start()
    const back = await travel(link)
    at.now += 2 * minute + 1
    expect(await flows.completeSignIn(at.deps, back)).toMatchObject({ error: { code: 'flow_expired' } })
    const shown = await opened(linkOf(link))
    await flows.beginAuthorize(at.deps, { link: linkOf(link), browser: shown.browser, formToken: shown.formToken })
    at.now += 10 * minute
    const parameters = new URLSearchParams({ code: 'c', state: asked.at(-1)?.state ?? '' })
    const { value } = await flows.returnCallback(at.deps, { parameters, registrationId: '' })
    const late = { short: linkOf(link).slice(0, 8), handOff: value, browser: shown.browser, requestId: newId() }
    expect(await flows.completeSignIn(at.deps, late)).toMatchObject({ error: { code: 'flow_expired' } })
    expect(redeemed).toBe(0)
  })

  test('SEC-38: keys rotate in the middle of a journey; a key two lifetimes old opens nothing', async () => {
    const { link } = await start()
    const back = await travel(link)
    sealWith('b', 'a')
    expect((await flows.completeSignIn(at.deps, back)).outcome).toBe('signed-in')
    const second = await start({ address: 'two@contoso.example' })
    const older = await travel(second.link)
    sealWith('d', 'c')
    expect((await flows.completeSignIn(at.deps, older)).outcome).toBe('refused')
  })

  test('M-072: a failing or broken try-out is a verdict, not a refusal', async () => {
    const reading = { verdict: 'fails', code: 'imap_no', text: 'IMAP is off.', remedy: 'Turn it on.' } as const
    at.verdicts = { reading, sending: { verdict: 'not-tested' } }
    const first = await start()
    const back = await travel(first.link)
    await flows.completeSignIn(at.deps, back)
    expect((await flows.showResult(at.deps, back.link, back.browser)).verdicts).toMatchObject({
      signIn: { verdict: 'works' },
      reading,
      sending: { verdict: 'not-tested' },
    })
    at.beforeAnswer = () => {
      throw new Error('broken')
    }
    at.tokens = { ...at.tokens, scopes: ['Mail.ReadWrite.Shared', 'Mail.Send.Shared'] }
    const second = await start({ address: 'two@contoso.example', expectedUser: address })
    expect((await flows.completeSignIn(at.deps, await travel(second.link))).outcome).toBe('signed-in')
  })
})

test('M-069: from a password to Microsoft, to another server and back, in place: id, cursor, choices and history stay', async () => {
  const servers = { imapHost: 'mail.example.com', imapPort: '993', smtpHost: 'mail.example.com', smtpPort: '587' }
  const form = { username: address, password: 'p', ...servers, imapTls: 'implicit', smtpTls: 'starttls' }
  const byPassword = async (url: string, more: object = {}) => {
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    await flows.submitPassword(at.deps, { link, browser, formToken, form: { ...form, ...more } })
  }
  const table = names.table('mailboxes')
  const mailbox = async () => (await listMailboxes(at.deps, tenant))[0]!
  const secret = async (id: string) =>
    (await currentSecrets(at.deps, (await findGrant(at.deps, tenant, id))!.grant))[0]?.value
  const { link, signInId } = await start()
  await byPassword(link)
  const { mailboxId, connectionId } = await flows.describeSignIn(at.deps, tenant, signInId)
  const partitionKey = `${tenant}~${mailboxId}`
  await at.deps.tables.insert(table, { partitionKey, rowKey: 'receiving', v: 1, cursor: 'c1', source: 's' })
  // What a person chose must not be undone by a sign-in.
  const chosen = await mailbox()
  const after = { action: 'move', folder: 'Done' } as const
  const receive = { ...chosen.receive, after } as typeof chosen.receive
  await at.deps.tables.upsert(table, toRow({ ...chosen, receive }))

  const provider = { allowChange: ['provider' as const] }
  const second = await flows.startReconnect(at.deps, { tenant, mailboxId }, provider)
  const back = await travel(second.link)
  expect(await secret(connectionId), 'kept until the new one is verified').toBe('p')
  await flows.completeSignIn(at.deps, back)
  expect(await secret(connectionId)).toBe('refresh')
  expect(await mailbox()).toMatchObject({
    id: mailboxId,
    receive: { transport: 'graph', connectionId, after },
    send: { transport: 'graph', connectionId },
    epoch: 2,
  })
  expect(await at.deps.tables.get(table, partitionKey, 'receiving')).toMatchObject({ cursor: 'c1', source: 's' })

  const third = await flows.startReconnect(at.deps, { tenant, mailboxId }, provider)
  await byPassword(third.link, { imapHost: 'new.example.com' })
  expect(await mailbox()).toMatchObject({
    id: mailboxId,
    receive: { transport: 'imap', imap: { host: 'new.example.com', folder: 'INBOX' }, after },
    send: { transport: 'smtp' },
  })
  const fourth = await flows.startReconnect(at.deps, { tenant, mailboxId })
  await byPassword(fourth.link, { imapHost: 'newer.example.com' })
  expect(await mailbox()).toMatchObject({ receive: { imap: { host: 'newer.example.com' }, after }, epoch: 4 })
  const same = await flows.startReconnect(at.deps, { tenant, mailboxId })
  await byPassword(same.link, { imapHost: 'newer.example.com' })
  expect((await mailbox()).epoch).toBe(4)
  expect(await listMailboxes(at.deps, tenant)).toHaveLength(1)

  // A link for this mailbox is none for somebody else's account, whose password may well be right.
  const foreign = await flows.startReconnect(at.deps, { tenant, mailboxId })
  const other = { username: 'mallory@example.com', password: 'm' }
  expect(await codeOf(byPassword(foreign.link, other))).toBe('mailbox_mismatch')
  expect(await secret(connectionId)).toBe('p')
})

test('SEC-05, P-24: a reconnect needs the very same account, whatever it is called now', async () => {
  const own = at.tokens
  const first = await start()
  await flows.completeSignIn(at.deps, await travel(first.link))
  const { mailboxId } = await flows.describeSignIn(at.deps, tenant, first.signInId)
  const reconnect = async (change: Partial<NonNullable<TokenSet['identity']>>) => {
    at.tokens = { ...own, identity: { ...own.identity!, ...change } }
    const answer = await flows.completeSignIn(
      at.deps,
      await travel((await flows.startReconnect(at.deps, { tenant, mailboxId })).link),
    )
    return answer.outcome === 'refused' ? answer.error.code : answer.outcome
  }
  // The name was given to somebody else meanwhile, here or in another directory.
  expect(await reconnect({ objectId: 'another' })).toBe('mailbox_mismatch')
  expect(await reconnect({ tenantId: 'another' })).toBe('mailbox_mismatch')
  expect(await reconnect({ objectId: 'another', username: 'mallory@contoso.example' })).toBe('mailbox_mismatch')
  expect(await reconnect({ username: 'renamed@contoso.example' })).toBe('signed-in')
})
