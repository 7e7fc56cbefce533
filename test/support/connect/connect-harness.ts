/** The connect journey over stores in memory: a provider, mail servers and a discovery that do as they are told. */

import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import type { SignInStartInput } from '../../../lib/model/api-schemas.js'
import type { Caller } from '../../../lib/model/caller.js'
import { newId } from '../../../lib/model/ids.js'
import { storageNames } from '../../../lib/model/names.js'
import type { AuthorizeInput, TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { insertRegistration } from '../../../lib/rows/registrations.js'
import { sealKeys } from '../../../lib/rows/seal-keys.js'
import { Secret } from '../../../lib/secret.js'
import { memoryStores } from '../storage/memory-stores.js'
import { sampleRegistration, works } from './connect-samples.js'
import { serversSaying } from './servers-saying.js'

export const directory = '11111111-2222-4333-8444-555555555555'
export const passwordForm = {
  username: 'info@contoso.example',
  password: 'p',
  imapHost: 'imap.contoso.example',
  imapPort: '993',
  imapTls: 'implicit',
  smtpHost: 'smtp.contoso.example',
  smtpPort: '465',
  smtpTls: 'implicit',
}

export async function connectHarness() {
  const names = storageNames('test')
  const tenant = 'acme'
  const address = 'info@contoso.example'
  const time = { now: Date.parse('2026-11-21T12:00:00Z') }
  const stores = await memoryStores({ now: () => time.now, sleep: async () => {} })
  await stores.tables.ensure(names.holders)
  await stores.queues.ensure(names.eventsQueue(tenant))
  const registration = sampleRegistration(tenant, { credential: 'secret', secretName: 's' })
  const peers = {
    tokens: {
      accessToken: new Secret('access'),
      expiresAt: time.now + 3_600_000,
      refreshToken: new Secret('refresh'),
      scopes: ['openid', 'Mail.ReadWrite', 'Mail.Send'],
      identity: { issuer: 'i', subject: 's', tenantId: directory, objectId: 'o', username: address },
    } as TokenSet,
    verdicts: works,
    /** Which directory owns which domain. */
    owners: { 'contoso.example': directory } as Record<string, string>,
    asked: [] as AuthorizeInput[],
    /** Every try at a server: of a mail service, or of the provider's token endpoint. */
    tries: [] as string[],
    exchangers: [] as string[],
    /** Names of the secrets of connections, as they were put into the vault. */
    kept: [] as string[],
  }
  const deps: Toolbox = {
    ...stores,
    providers: {
      microsoft: {
        ...microsoftRules,
        namesIssuer: () => false,
        checkRegistration: async () => {},
        accountAddresses: async () => [],
        authorizeUrl: async (input) => {
          peers.asked.push(input)
          return `https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?state=${input.state}`
        },
        redeem: async () => {
          peers.tries.push('redeem')
          return peers.tokens
        },
        refresh: async () => peers.tokens,
        appToken: async () => {
          peers.tries.push('app-token')
          return peers.tokens
        },
        adminConsentUrl: ({ state }) =>
          `https://login.microsoftonline.com/organizations/v2.0/adminconsent?state=${state}`,
        directoryOf: async (_, domain) => peers.owners[domain],
        tryCredential: async () => 'accepted' as const,
        issuerMatches: () => true,
      },
    },
    discovery: { mailExchangers: async () => peers.exchangers, autoconfig: async () => undefined },
    ...serversSaying(
      () => peers.verdicts,
      () => peers.tries.push('server'),
    ),
  }
  await sealKeys(deps)
  await deps.vault.set(registration.secretName, new Secret('client'))
  await insertRegistration(deps, { ...registration, secretVersion: '', secretFingerprint: '', generation: 1 })
  const { set } = deps.vault
  deps.vault.set = (name, ...more) => {
    if (name.startsWith(names.connectionSecret('', 1).replace(/-1$/, ''))) peers.kept.push(name)
    return set(name, ...more)
  }

  const start = (more: Partial<SignInStartInput> = {}, role: Caller['role'] = 'tenant-admin') =>
    flows.startSignIn(
      deps,
      { tenant, role },
      {
        address,
        displayName: 'Info',
        receive: true,
        send: true,
        transport: 'auto',
        confirmation: 'confirmed-by-link',
        ...more,
      },
    )

  /** The page of a link in a fresh browser. */
  const open = async (url: string) => {
    const link = linkOf(url)
    const view = await flows.showLink(deps, link, undefined)
    if ('finished' in view) throw new Error('a fresh browser has finished nothing')
    return { link, ...view }
  }

  /** Continues with Microsoft and comes back with the provider's answer; the hand-off of the last leg. */
  const travel = async (url: string, answer: Record<string, string> = { code: 'the-code' }) => {
    const { link, browser, formToken } = await open(url)
    const { location } = await flows.beginAuthorize(deps, { link, browser, formToken })
    const state = new URL(location).searchParams.get('state') ?? ''
    return { link, browser, ...(await comeBack(link, state, answer)) }
  }
  const comeBack = async (link: string, state: string, answer: Record<string, string>) => {
    const parameters = new URLSearchParams({ ...answer, state })
    const { value } = await flows.returnCallback(deps, { parameters, registrationId: '' })
    return { short: link.slice(0, 8), handOff: value, requestId: newId() }
  }

  const byPassword = async (url: string, more: Partial<typeof passwordForm> = {}) => {
    const { link, browser, formToken } = await open(url)
    await flows.submitPassword(deps, { link, browser, formToken, form: { ...passwordForm, ...more } })
    return { link, browser }
  }

  /** A mailbox that is connected; its id. */
  const connectBy = async (way: 'microsoft' | 'password', more: Partial<SignInStartInput> = {}) => {
    const { link, signInId } = await start(more)
    if (way === 'password') await byPassword(link)
    else await flows.completeSignIn(deps, await travel(link))
    return flows.describeSignIn(deps, tenant, signInId)
  }

  /** All that a sign-in could change besides its own row, as text. */
  const stored = async () => {
    const found: unknown[] = []
    const everything = { partitionRange: ['', '\uffff'] as [string, string] }
    for (const table of [
      ...(['mailboxes', 'connections', 'names', 'tenants'] as const).map(names.table),
      names.holders,
    ])
      for await (const row of stores.tables.query(table, everything)) found.push({ table, ...row })
    return JSON.stringify([found, peers.kept], null, 1)
  }

  /** Events told since the last look, oldest first. */
  const events = () =>
    stores.queues.take(names.eventsQueue(tenant)) as { id: string; type: string; data: Record<string, unknown> }[]

  const signInRow = (id: string) => stores.tables.get(names.table('signins'), id.slice(0, 2), id)
  /** Writes columns of a sign-in as no flow would: the state an attack begins from. */
  const plant = async (id: string, columns: Record<string, string | number>) => {
    await stores.tables.upsert(names.table('signins'), { partitionKey: id.slice(0, 2), rowKey: id, ...columns })
  }

  return {
    deps,
    flows,
    names,
    tenant,
    address,
    time,
    stores,
    registration,
    peers,
    start,
    open,
    travel,
    comeBack,
    byPassword,
    connectBy,
    stored,
    events,
    signInRow,
    plant,
  }
}

export type ConnectHarness = Awaited<ReturnType<typeof connectHarness>>

export const linkOf = (url: string): string => url.split('/connect/')[1] ?? ''

export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'fine',
    (error: { code?: string }) => error.code ?? String(error),
  )
