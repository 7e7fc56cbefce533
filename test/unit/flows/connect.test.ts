import { beforeEach, describe, expect, test } from 'vitest'
import { asGatewayError, type GatewayError } from '../../../lib/errors.js'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import { currentSecrets } from '../../../lib/flows/tokens/current-secret.js'
import type { SignInStartInput } from '../../../lib/model/api-schemas.js'
import { storageNames } from '../../../lib/model/names.js'
import type { Verdicts } from '../../../lib/model/sign-in.js'
import type { AuthorizeInput, TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { sealer } from '../../../lib/protocol/seal.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { connectionPartition, listConnections } from '../../../lib/rows/connections.js'
import { findGrant } from '../../../lib/rows/grants.js'
import { listMailboxes, toRow } from '../../../lib/rows/mailboxes.js'
import { insertRegistration, removeRegistrationRow } from '../../../lib/rows/registrations.js'
import { Secret } from '../../../lib/secret.js'
import { sampleRegistration, works } from '../../support/connect/connect-samples.js'
import { serversSaying, type Tried } from '../../support/connect/servers-saying.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

const names = storageNames('test')
const tenant = 'acme'
const address = 'info@contoso.example'
const minute = 60_000
const registration = sampleRegistration(tenant)
const key = (id: string) => ({ id, key: new Uint8Array(32).fill(id.charCodeAt(0)) })

let now: number
let tokens: TokenSet
let asked: AuthorizeInput[]
let redeemed: number
let verdicts: Pick<Verdicts, 'reading' | 'sending'>
let probed: Tried[]
/** Who waits before a server answers. */
let beforeAnswer: () => unknown
let deps: Toolbox

beforeEach(async () => {
  now = Date.parse('2026-11-21T12:00:00Z')
  const clock = { now: () => now, sleep: async () => {} }
  const stores = await memoryStores(
    clock,
    serversSaying(() => verdicts, tried),
  )
  await stores.tables.ensure(names.holders)
  await stores.queues.ensure(names.eventsQueue(tenant))
  asked = []
  probed = []
  verdicts = works
  beforeAnswer = () => {}
  redeemed = 0
  tokens = {
    accessToken: new Secret('access'),
    expiresAt: now + 60 * minute,
    refreshToken: new Secret('refresh'),
    scopes: ['openid', 'Mail.ReadWrite', 'Mail.Send'],
    identity: { issuer: 'i', subject: 's', tenantId: 't', objectId: 'o', username: address },
  }
  deps = {
    ...stores,
    providers: {
      microsoft: {
        ...microsoftRules,
        accountAddresses: async () => [],
        authorizeUrl: async (input) => {
          asked.push(input)
          return `https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?state=${input.state}`
        },
        redeem: async () => {
          redeemed++
          return tokens
        },
        refresh: async () => tokens,
        appToken: async () => tokens,
        adminConsentUrl: () => 'https://login.microsoftonline.com/organizations/v2.0/adminconsent',
        directoryOf: async () => 't',
        tryCredential: async () => 'accepted' as const,
        issuerMatches: () => true,
      },
    },
  }
  await insertRegistration(deps, { ...registration, secretVersion: '', secretFingerprint: '', generation: 0 })
  sealWith('a')
})

function tried(what: Tried): unknown {
  probed.push(what)
  return beforeAnswer()
}
/** The first key seals, all of them open. */
function sealWith(...ids: string[]): void {
  deps.memory.sealer = { value: Promise.resolve(sealer(ids.map(key))), until: Number.POSITIVE_INFINITY }
}
const secretsOf = async () => (await listConnections(deps, tenant)).map(({ id }) => id)

const input: SignInStartInput = {
  address,
  displayName: 'Info',
  receive: true,
  send: true,
  transport: 'auto',
  confirmation: 'confirmed-by-link',
}
const start = (more: Partial<SignInStartInput> = {}) =>
  flows.startSignIn(deps, tenant, { ...input, ...more }, 'tenant-admin')
const linkOf = (url: string): string => url.split('/connect/')[1] ?? ''
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'fine',
    (error: GatewayError) => error.code,
  )

/** The page of the link in a fresh browser. */
async function opened(link: string) {
  const view = await flows.showLink(deps, link, undefined)
  return 'finished' in view ? expect.fail('a fresh browser has finished nothing') : view
}

/** Opens the link, continues with Microsoft and comes back with a code; the hand-off of the last leg. */
async function travel(url: string) {
  const link = linkOf(url)
  const { browser, formToken } = await opened(link)
  await flows.beginAuthorize(deps, { link, browser, formToken })
  const state = asked.at(-1)?.state ?? ''
  const parameters = new URLSearchParams({ code: 'the-code', state })
  const returned = await flows.returnCallback(deps, { parameters })
  return { link, browser, short: link.slice(0, 8), handOff: returned.value, state }
}

describe('judging what came back', () => {
  test('M-067: no refresh token is an error, not a connection; with one it is a connection', async () => {
    const { link } = await start()
    const { refreshToken: _, ...without } = tokens
    const withIt = tokens
    tokens = without
    const refused = await flows.completeSignIn(deps, await travel(link))
    expect(refused).toMatchObject({ outcome: 'refused', error: { code: 'no_refresh_token' } })
    expect(await secretsOf()).toEqual([])
    tokens = withIt
    expect(await flows.completeSignIn(deps, await travel(link))).toMatchObject({ outcome: 'signed-in' })
    expect(await secretsOf()).toHaveLength(1)
  })

  test('M-068: a right that was not granted is named before any mail server is asked', async () => {
    tokens = { ...tokens, scopes: ['https://graph.microsoft.com/Mail.Send'] }
    const { link } = await start()
    const answer = await flows.completeSignIn(deps, await travel(link))
    expect(answer).toMatchObject({ outcome: 'refused', error: { code: 'scopes_missing' } })
    expect(answer.outcome === 'refused' && answer.error.description).toContain('Mail.ReadWrite')
    expect(probed).toEqual([])
  })

  test('M-068, M-072: less than was asked for connects, and says in plain words what does not work', async () => {
    tokens = { ...tokens, scopes: ['openid', 'https://graph.microsoft.com/Mail.ReadWrite'] }
    const { link, signInId } = await start()
    const back = await travel(link)
    await flows.completeSignIn(deps, back)
    const { verdicts } = await flows.showResult(deps, back.link, back.browser)
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
    const { connectionId } = await flows.describeSignIn(deps, tenant, signInId)
    const partition = connectionPartition(tenant, connectionId)
    const row = await deps.tables.get(names.table('connections'), partition, 'connection')
    const graph = 'https://graph.microsoft.com'
    expect(JSON.parse(String(row?.['scopes']))).toEqual([
      'openid',
      'profile',
      'offline_access',
      `${graph}/Mail.ReadWrite`,
    ])
  })

  test('the whole consent is kept, whatever the answer spells and leaves out of the sign-in scopes', async () => {
    tokens = { ...tokens, scopes: ['Mail.Send', 'mail.readwrite', 'User.Read'] }
    const { link, signInId } = await start()
    await flows.completeSignIn(deps, await travel(link))
    const { connectionId } = await flows.describeSignIn(deps, tenant, signInId)
    const partition = connectionPartition(tenant, connectionId)
    const row = await deps.tables.get(names.table('connections'), partition, 'connection')
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
      tokens = { ...tokens, identity: { ...identity, username } }
      deps.providers.microsoft!.accountAddresses = async () => [...others]
      expect((await flows.completeSignIn(deps, await travel(link))).outcome, username).toBe(outcome)
    }
    // The Kelvin sign, whose lower case is a k.
    const named = await start({ address: 'kim@contoso.example', confirmation: 'tenant-admin' })
    tokens = { ...tokens, identity: { ...identity, username: '\u212aim@contoso.example' } }
    expect((await flows.completeSignIn(deps, await travel(named.link))).outcome).toBe('refused')
    const { link } = await start({ confirmation: 'tenant-admin' })
    const { identity: _, ...nobody } = tokens
    tokens = nobody
    expect((await flows.completeSignIn(deps, await travel(link))).outcome).toBe('refused')
  })

  test('SEC-01, M-058: ten minutes after the start the state is worth nothing', async () => {
    const { link } = await start()
    const back = await travel(link)
    now += 2 * minute + 1
    expect(await flows.completeSignIn(deps, back)).toMatchObject({ error: { code: 'flow_expired' } })
    const shown = await opened(linkOf(link))
    await flows.beginAuthorize(deps, { link: linkOf(link), browser: shown.browser, formToken: shown.formToken })
    now += 10 * minute
    const parameters = new URLSearchParams({ code: 'c', state: asked.at(-1)?.state ?? '' })
    const { value } = await flows.returnCallback(deps, { parameters })
    const late = { short: linkOf(link).slice(0, 8), handOff: value, browser: shown.browser }
    expect(await flows.completeSignIn(deps, late)).toMatchObject({ error: { code: 'flow_expired' } })
    expect(redeemed).toBe(0)
  })

  test('SEC-38: keys rotate in the middle of a journey; a key two lifetimes old opens nothing', async () => {
    const { link } = await start()
    const back = await travel(link)
    sealWith('b', 'a')
    expect((await flows.completeSignIn(deps, back)).outcome).toBe('signed-in')
    const second = await start({ address: 'two@contoso.example' })
    const older = await travel(second.link)
    sealWith('d', 'c')
    expect((await flows.completeSignIn(deps, older)).outcome).toBe('refused')
  })

  test('M-072: a failing or broken try-out is a verdict, not a refusal', async () => {
    const reading = { verdict: 'fails', code: 'imap_no', text: 'IMAP is off.', remedy: 'Turn it on.' } as const
    verdicts = { reading, sending: { verdict: 'not-tested' } }
    const first = await start()
    const back = await travel(first.link)
    await flows.completeSignIn(deps, back)
    expect((await flows.showResult(deps, back.link, back.browser)).verdicts).toMatchObject({
      signIn: { verdict: 'works' },
      reading,
      sending: { verdict: 'not-tested' },
    })
    beforeAnswer = () => {
      throw new Error('broken')
    }
    tokens = { ...tokens, scopes: ['Mail.ReadWrite.Shared', 'Mail.Send.Shared'] }
    const second = await start({ address: 'two@contoso.example', expectedUser: address })
    expect((await flows.completeSignIn(deps, await travel(second.link))).outcome).toBe('signed-in')
  })
})

describe('confirming', () => {
  test('M-071: a crash after any write is repaired by the next try: one connection, one mailbox, one event id', async () => {
    for (const broken of ['vault', 'names', 'mailboxes', 'events'] as const) {
      const own = `${broken.toLowerCase()}@contoso.example`
      tokens = { ...tokens, identity: { ...tokens.identity!, username: own } }
      const { link, signInId } = await start({ address: own, confirmation: 'tenant-admin' })
      await flows.completeSignIn(deps, await travel(link))
      const healthy = deps
      const fail = (): never => {
        throw new Error('crash')
      }
      const insert = deps.tables.insert.bind(deps.tables)
      deps = {
        ...healthy,
        ...(broken === 'vault' ? { vault: { ...healthy.vault, set: fail } } : {}),
        ...(broken === 'events' ? { queues: { ...healthy.queues, send: fail } } : {}),
        tables: {
          ...healthy.tables,
          insert: (table, row) => (table === names.table(broken as 'names') ? fail() : insert(table, row)),
        },
      }
      await expect(flows.confirmByAdmin(deps, tenant, signInId)).rejects.toThrow('crash')
      deps = healthy
      const confirmed = await flows.confirmByAdmin(deps, tenant, signInId)
      const mine = (await listMailboxes(deps, tenant)).filter((mailbox) => mailbox.address === own)
      expect(mine.map((mailbox) => mailbox.id)).toEqual([confirmed.mailboxId])
      expect(
        await deps.tables.get(
          names.table('connections'),
          connectionPartition(tenant, confirmed.connectionId),
          'connection',
        ),
      ).toBeDefined()
    }
    expect(new Set((await listMailboxes(deps, tenant)).map((mailbox) => mailbox.key)).size).toBe(4)
    const first = await deps.tables.get(names.table('names'), tenant, 'default')
    expect(first?.['mailboxId']).toBe(
      (await listMailboxes(deps, tenant)).find((one) => one.address.startsWith('vault'))?.id,
    )
  })

  test('M-061, SEC-04: what nobody confirms in ten minutes is deleted, and the vault never knew of it', async () => {
    await addReturnUrl(deps, tenant, 'https://app.example.com/done')
    const { link, signInId } = await start({
      confirmation: 'result-code',
      returnUrl: 'https://app.example.com/done',
      binding: 'b'.repeat(20),
    })
    const back = await travel(link)
    await flows.completeSignIn(deps, back)
    const { returnTo = '' } = await flows.showResult(deps, back.link, back.browser)
    const code = new URL(returnTo).searchParams.get('result') ?? ''
    now += 10 * minute
    expect(await codeOf(flows.confirmSignIn(deps, tenant, signInId, { code, binding: 'b'.repeat(20) }))).toBe(
      'sign_in_not_ready',
    )
    expect(await flows.expireSignIns(deps)).toBe(1)
    expect(await codeOf(flows.describeSignIn(deps, tenant, signInId))).toBe('not_found')
    expect(await secretsOf()).toEqual([])
    expect(await listMailboxes(deps, tenant)).toEqual([])
  })

  test('M-070: a link works once and only until it expires', async () => {
    const { link } = await start()
    await flows.completeSignIn(deps, await travel(link))
    expect(await codeOf(flows.showLink(deps, linkOf(link), undefined))).toBe('sign_in_used')
    const { link: old } = await start({ address: 'two@contoso.example' })
    now += 24 * 60 * minute
    expect(await codeOf(flows.showLink(deps, linkOf(old), undefined))).toBe('link_expired')
    expect(await codeOf(flows.showLink(deps, `${linkOf(old).slice(0, -1)}0`, undefined))).toBe('link_unknown')
  })
})

const refusal = { verdict: 'fails', code: 'smtp_535', text: 'Wrong password.', remedy: 'Type it again.' } as const
const bothRefuse = { reading: refusal, sending: refusal }

describe('passwords', () => {
  const form = {
    username: address,
    password: 'p',
    imapHost: 'mail.example.com',
    imapPort: '993',
    imapTls: 'implicit',
    smtpHost: 'mail.example.com',
    smtpPort: '587',
    smtpTls: 'starttls',
  }

  test('M-055: a mailbox without a sign-in page is connected by password, tried first', async () => {
    const { link: url, signInId } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const submit = (more: object = {}) =>
      flows.submitPassword(deps, { link, browser, formToken, form: { ...form, ...more } })
    expect(await codeOf(submit({ imapTls: 'plain' }))).toBe('invalid_input')
    expect(await codeOf(submit({ imapHost: 'mail.example.com\r\nA1' }))).toBe('invalid_input')
    for (const smtpPort of ['0', '65536', 'smtp', '-1', '5e2'])
      expect(await codeOf(submit({ smtpPort }))).toBe('invalid_input')
    verdicts = bothRefuse
    for (let attempt = 0; attempt < 9; attempt++) expect(await codeOf(submit())).toBe('smtp_535')
    verdicts = works
    // M-023: no port is the usual one, and one behind the host counts.
    await submit({ imapPort: ' ', smtpHost: 'smtp.example.com:2525', smtpPort: '' })
    const [mailbox] = await listMailboxes(deps, tenant)
    expect(mailbox).toMatchObject({
      receive: { transport: 'imap', imap: { host: 'mail.example.com', port: 993 } },
      send: { transport: 'smtp', smtp: { host: 'smtp.example.com', port: 2525, tls: 'starttls' } },
    })
    expect(await flows.describeSignIn(deps, tenant, signInId)).toMatchObject({ status: 'confirmed' })
    const row = await deps.tables.get(names.table('signins'), signInId.slice(0, 2), signInId)
    expect(row?.['sealedGrant']).toBe('')
  })

  test('T5: every field at fault is named at once, so that nobody types the password once for each', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const wrong = { username: ' ', password: '', imapHost: 'imap server!', imapPort: 'abc', smtpPort: '0', smtpTls: '' }
    const submitted = flows.submitPassword(deps, { link, browser, formToken, form: { ...form, ...wrong } })
    const error = (await submitted.catch((caught: unknown) => caught)) as GatewayError
    expect(error.problems?.map(({ field }) => field)).toEqual([
      'username',
      'password',
      'imapHost',
      'imapPort',
      'smtpTls',
      'smtpPort',
    ])
  })

  test('M-055: a provider that is chosen with the link is not looked up; one that is not known offers both ways; A2: and never another', async () => {
    const asked: string[] = []
    deps.discovery = {
      mailExchangers: async (domain) => {
        asked.push(domain)
        return []
      },
      autoconfig: async () => undefined,
    }
    const forced = await start({ transport: 'graph' })
    expect(await opened(linkOf(forced.link))).toMatchObject({
      ways: ['microsoft'],
      pages: ['microsoft'],
      discovered: { provider: 'microsoft' },
    })
    expect(asked).toEqual([])
    // The control; and without a registration there is only the other way.
    expect(await opened(linkOf((await start()).link))).toMatchObject({
      ways: ['microsoft', 'password'],
      pages: ['microsoft'],
      discovered: { provider: 'unknown' },
    })
    expect(asked).toEqual(['contoso.example'])
    await removeRegistrationRow(deps, tenant, registration.id)
    expect(await opened(linkOf(forced.link))).toMatchObject({ ways: ['microsoft'], pages: [] })
    expect(await opened(linkOf((await start()).link))).toMatchObject({
      ways: ['microsoft', 'password'],
      pages: [],
    })
  })

  test('M-056: a password for a mailbox at Microsoft is saved with a warning; elsewhere, or signed in, there is none', async () => {
    const warned = async (more: object, own: string) => {
      const started = await start({ address: own, confirmation: 'tenant-admin' })
      const link = linkOf(started.link)
      const { browser, formToken } = await opened(link)
      await flows.submitPassword(deps, { link, browser, formToken, form: { ...form, username: own, ...more } })
      const saved = await flows.confirmByAdmin(deps, tenant, started.signInId)
      const shown = await readMailboxFacts(deps, tenant, saved.mailboxId)
      expect(shown.warnings).toEqual(saved.warnings)
      return saved.warnings.map((one) => one.code)
    }
    expect(await warned({}, 'one@contoso.example')).toEqual([])
    expect(await warned({ imapHost: 'outlook.office365.com' }, 'two@contoso.example')).toEqual([
      'password_at_microsoft',
    ])
    expect(await warned({ smtpHost: 'smtp.Office365.com' }, 'three@contoso.example')).toEqual(['password_at_microsoft'])
    expect(await warned({ smtpHost: 'smtp.office365.com.evil.example' }, 'four@contoso.example')).toEqual([])
    // Microsoft's own sign-in at the same servers.
    tokens = { ...tokens, scopes: ['IMAP.AccessAsUser.All', 'SMTP.Send'] }
    const { link, signInId } = await start({ transport: 'imap-smtp', confirmation: 'tenant-admin' })
    await flows.completeSignIn(deps, await travel(link))
    const { mailboxId } = await flows.confirmByAdmin(deps, tenant, signInId)
    const facts = await readMailboxFacts(deps, tenant, mailboxId)
    expect(facts).toMatchObject({ receive: { imap: { host: 'outlook.office365.com' } }, warnings: [] })
  })

  test('T4: a second click, or another tab, waits for the password that is being tried: one mailbox, no false word', async () => {
    const { link: url, signInId } = await start({ confirmation: 'confirmed-by-link' })
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const meet = gate()
    verdicts = bothRefuse
    beforeAnswer = () => {
      meet.reached()
      return meet.opened
    }
    const sent = { link, browser, formToken }
    const submit = () => flows.submitPassword(deps, { ...sent, form })
    const refused = codeOf(submit())
    await meet.arrived
    const second = await submit().catch((error: unknown) => asGatewayError(error))
    expect(second).toMatchObject({ code: 'sign_in_running' })
    await flows.keepFormProblem(deps, { ...sent, error: asGatewayError(second) })
    expect(await codeOf(flows.showLink(deps, link, browser))).toBe('sign_in_running')
    meet.open()
    expect(await refused).toBe('smtp_535')
    // The form is there again at once, and two posts that read the same row are one attempt as well.
    expect(await flows.showLink(deps, link, browser)).not.toHaveProperty('problem')
    verdicts = works
    const both = await Promise.allSettled([submit(), submit()])
    expect(both.filter((one) => one.status === 'fulfilled')).toHaveLength(1)
    expect(both.flatMap((one) => (one.status === 'rejected' ? [asGatewayError(one.reason).code] : []))).toEqual([
      'sign_in_running',
    ])
    expect(await flows.describeSignIn(deps, tenant, signInId)).toMatchObject({ status: 'confirmed' })
    expect(await flows.showLink(deps, link, browser)).toHaveProperty('finished')
  })

  test('C1: a crash while a password is tried leaves the link; half a minute later it works again', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    const submit = () => flows.submitPassword(deps, { link, browser, formToken, form })
    const meet = gate()
    beforeAnswer = () => {
      meet.reached()
      return meet.opened
    }
    const dead = codeOf(submit())
    await meet.arrived
    expect(await codeOf(submit())).toBe('sign_in_running')
    now += 30_001
    beforeAnswer = () => {}
    expect(await submit()).toHaveProperty('location')
    meet.open()
    expect(await dead).toBe('sign_in_used')
  })

  test('a link cannot be used to guess passwords', async () => {
    const { link: url } = await start()
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    verdicts = bothRefuse
    const submit = () => flows.submitPassword(deps, { link, browser, formToken, form })
    for (let attempt = 0; attempt < 10; attempt++) expect(await codeOf(submit())).toBe('smtp_535')
    expect(await codeOf(submit())).toBe('too_many_attempts')
  })
})

test('M-069: from a password to Microsoft, to another server and back, in place: id, cursor, choices and history stay', async () => {
  const servers = { imapHost: 'mail.example.com', imapPort: '993', smtpHost: 'mail.example.com', smtpPort: '587' }
  const form = { username: address, password: 'p', ...servers, imapTls: 'implicit', smtpTls: 'starttls' }
  const byPassword = async (url: string, more: object = {}) => {
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    await flows.submitPassword(deps, { link, browser, formToken, form: { ...form, ...more } })
  }
  const table = names.table('mailboxes')
  const mailbox = async () => (await listMailboxes(deps, tenant))[0]!
  const secret = async (id: string) =>
    (await currentSecrets(deps, (await findGrant(deps, tenant, id))!.grant))[0]?.value
  const { link, signInId } = await start()
  await byPassword(link)
  const { mailboxId, connectionId } = await flows.describeSignIn(deps, tenant, signInId)
  const partitionKey = `${tenant}~${mailboxId}`
  await deps.tables.insert(table, { partitionKey, rowKey: 'receiving', v: 1, cursor: 'c1', source: 's' })
  // What a person chose must not be undone by a sign-in.
  const chosen = await mailbox()
  const after = { action: 'move', folder: 'Done' } as const
  const receive = { ...chosen.receive, after } as typeof chosen.receive
  await deps.tables.upsert(table, toRow({ ...chosen, receive }))

  const provider = { allowChange: ['provider' as const] }
  const second = await flows.startReconnect(deps, tenant, mailboxId, provider)
  const back = await travel(second.link)
  expect(await secret(connectionId), 'kept until the new one is verified').toBe('p')
  await flows.completeSignIn(deps, back)
  expect(await secret(connectionId)).toBe('refresh')
  expect(await mailbox()).toMatchObject({
    id: mailboxId,
    receive: { transport: 'graph', connectionId, after },
    send: { transport: 'graph', connectionId },
    epoch: 2,
  })
  expect(await deps.tables.get(table, partitionKey, 'receiving')).toMatchObject({ cursor: 'c1', source: 's' })

  const third = await flows.startReconnect(deps, tenant, mailboxId, provider)
  await byPassword(third.link, { imapHost: 'new.example.com' })
  expect(await mailbox()).toMatchObject({
    id: mailboxId,
    receive: { transport: 'imap', imap: { host: 'new.example.com', folder: 'INBOX' }, after },
    send: { transport: 'smtp' },
  })
  const fourth = await flows.startReconnect(deps, tenant, mailboxId)
  await byPassword(fourth.link, { imapHost: 'newer.example.com' })
  expect(await mailbox()).toMatchObject({ receive: { imap: { host: 'newer.example.com' }, after }, epoch: 4 })
  const same = await flows.startReconnect(deps, tenant, mailboxId)
  await byPassword(same.link, { imapHost: 'newer.example.com' })
  expect((await mailbox()).epoch).toBe(4)
  expect(await listMailboxes(deps, tenant)).toHaveLength(1)

  // A link for this mailbox is none for somebody else's account, whose password may well be right.
  const foreign = await flows.startReconnect(deps, tenant, mailboxId)
  const other = { username: 'mallory@example.com', password: 'm' }
  expect(await codeOf(byPassword(foreign.link, other))).toBe('mailbox_mismatch')
  expect(await secret(connectionId)).toBe('p')
})

test('SEC-05, P-24: a reconnect needs the very account of before, whatever it is called now', async () => {
  const own = tokens
  const first = await start()
  await flows.completeSignIn(deps, await travel(first.link))
  const { mailboxId } = await flows.describeSignIn(deps, tenant, first.signInId)
  const reconnect = async (change: Partial<NonNullable<TokenSet['identity']>>) => {
    tokens = { ...own, identity: { ...own.identity!, ...change } }
    const answer = await flows.completeSignIn(
      deps,
      await travel((await flows.startReconnect(deps, tenant, mailboxId)).link),
    )
    return answer.outcome === 'refused' ? answer.error.code : answer.outcome
  }
  // The name was given to somebody else meanwhile, here or in another directory.
  expect(await reconnect({ objectId: 'another' })).toBe('mailbox_mismatch')
  expect(await reconnect({ tenantId: 'another' })).toBe('mailbox_mismatch')
  expect(await reconnect({ objectId: 'another', username: 'mallory@contoso.example' })).toBe('mailbox_mismatch')
  expect(await reconnect({ username: 'renamed@contoso.example' })).toBe('signed-in')
})

describe('return URLs', () => {
  const registered = 'https://app.example.com/mail/done'
  const spellings = [
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\tevil.example',
    '/\n//evil.example',
    '\thttps://evil.example',
    'https:evil.example',
    'https:/evil.example',
    'https://evil.example',
    'http://app.example.com/mail/done',
    'HTTPS://app.example.com/mail/done',
    'https://APP.example.com/mail/done',
    'https://app.example.com.evil.example/mail/done',
    'https://evil.example/app.example.com/mail/done',
    'https://app.example.com@evil.example/mail/done',
    'https://evil.example@app.example.com/mail/done',
    'https://app.example.com:443/mail/done',
    'https://app.example.com:8443/mail/done',
    'https://app.example.com/mail/done/',
    'https://app.example.com/mail/done?next=//evil.example',
    'https://app.example.com/mail/done#x',
    'https://app.example.com/mail/./done',
    'https://app.example.com/mail/../evil',
    'https://app.example.com//mail/done',
    'https://app.example.com/mail%2fdone',
    'https://app.example.com/%6dail/done',
    'https://app.example.com\\mail\\done',
    'https://app.example.com/mail/done ',
    ' https://app.example.com/mail/done',
    'https://app.example.com/mail/done\0',
    'https://app.example.com/mail/done\r\nset-cookie: a=b',
    'https://app\u3002example.com/mail/done',
    'https://app\uff0eexample.com/mail/done',
    'https://app.example.com%2eevil.example/mail/done',
    'https://app.example.com./mail/done',
    'javascript:alert(1)',
    'data:text/html,x',
    '/mail/done',
    '/./\\evil.example',
    '/..//evil.example',
    'mail/done',
    '',
    '?',
    'https://',
    'https://xn--app-example.com/mail/done',
    'https://[::1]/mail/done',
  ]

  test('SEC-10, M-060: none of more than forty spellings is taken for the registered one', async () => {
    await addReturnUrl(deps, tenant, registered)
    await addReturnUrl(deps, 'other', 'https://other.example.com/')
    expect(spellings.length).toBeGreaterThanOrEqual(40)
    for (const returnUrl of [...spellings, 'https://other.example.com/'])
      expect(await codeOf(start({ returnUrl })), JSON.stringify(returnUrl)).toBe('return_url_not_registered')
    const { link } = await start({ returnUrl: registered })
    const back = await travel(link)
    await flows.completeSignIn(deps, back)
    expect((await flows.showResult(deps, back.link, back.browser)).returnTo).toBe(registered)
  })
})

/** A peer that answers when the test says so. */
function gate() {
  let reached = () => {}
  let open = () => {}
  const arrived = new Promise<void>((done) => {
    reached = done
  })
  const opened = new Promise<void>((done) => {
    open = done
  })
  return { arrived, opened, reached: () => reached(), open: () => open() }
}
