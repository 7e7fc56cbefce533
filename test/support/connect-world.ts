/** The connect journey over in-memory stores, a provider that always agrees and a clock to turn. */
import { expect } from 'vitest'
import { type ConnectDependencies, connectFlows as flows } from '../../lib/flows/connect/index.js'
import type { SignInStartInput } from '../../lib/model/api-schemas.js'
import { storageNames } from '../../lib/model/names.js'
import type { TokenSet } from '../../lib/ports/provider.js'
import { sealer } from '../../lib/protocol/seal.js'
import { Secret } from '../../lib/secret.js'
import { sampleRegistration, works } from './connect-samples.js'
import { memoryStores } from './memory-stores.js'

export async function connectWorld({ tenant = 'acme', address = 'info@contoso.example' } = {}) {
  const names = storageNames('test')
  const time = { now: Date.parse('2026-11-21T12:00:00Z') }
  const clock = { now: () => time.now, sleep: async () => {} }
  const stores = await memoryStores(clock)
  await stores.tables.ensure(names.holders)
  await stores.queues.ensure(names.eventsQueue(tenant))
  const states: string[] = []
  const tokens: TokenSet = {
    accessToken: new Secret('access'),
    expiresAt: time.now + 3_600_000,
    refreshToken: new Secret('refresh'),
    scopes: ['openid', 'Mail.ReadWrite', 'Mail.Send', 'Mail.ReadWrite.Shared', 'Mail.Send.Shared'],
    identity: { issuer: 'i', subject: 's', tenantId: 't', objectId: 'o', username: address },
  }
  const world = { tokens }
  const deps: ConnectDependencies = {
    ...stores,
    providers: {
      microsoft: {
        authorizeUrl: async ({ state }) => {
          states.push(state)
          return `https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?state=${state}`
        },
        redeem: async () => world.tokens,
        refresh: async () => world.tokens,
        appToken: async () => world.tokens,
        adminConsentUrl: () => 'https://login.microsoftonline.com/organizations/v2.0/adminconsent',
        directoryOf: async () => 't',
        tryCredential: async () => 'accepted' as const,
        issuerMatches: () => true,
      },
    },
    registrations: async () => ({ registration: sampleRegistration(tenant), credential: undefined }),
    listRegistrations: async () => [sampleRegistration(tenant)],
    sealer: async () => sealer([{ id: 'a', key: new Uint8Array(32).fill(97) }]),
    discovery: { mailExchangers: async () => [], autoconfig: async () => undefined },
    probe: async () => works,
    authority: async () => ({ kind: 'anonymous' }),
    storeGrant: async () => {},
    settings: { publicBaseUrl: 'https://mail.example.com' },
  }
  const input: SignInStartInput = {
    address,
    displayName: '',
    receive: true,
    send: true,
    transport: 'auto',
    confirmation: 'tenant-admin',
  }
  const linkOf = (url: string): string => url.split('/connect/')[1] ?? ''
  const opened = async (link: string) => {
    const view = await flows.showLink(deps, link, undefined)
    return 'finished' in view ? expect.fail('a fresh browser has finished nothing') : view
  }
  /** Opens the link, continues with Microsoft and comes back with `answer`; the hand-off of the last leg. */
  const travel = async (url: string, answer: Record<string, string> = { code: 'the-code' }, more: object = {}) => {
    const link = linkOf(url)
    const { browser, formToken } = await opened(link)
    await flows.beginAuthorize(deps, { link, browser, formToken, ...more })
    const parameters = new URLSearchParams({ ...answer, state: states.at(-1) ?? '' })
    const { value } = await flows.returnCallback(deps, { parameters })
    return { link, browser, short: link.slice(0, 8), handOff: value }
  }
  return Object.assign(world, {
    deps,
    names,
    tenant,
    address,
    time,
    linkOf,
    opened,
    travel,
    start: (more: Partial<SignInStartInput> = {}) =>
      flows.startSignIn(deps, tenant, { ...input, ...more }, 'tenant-admin'),
    /** Events told since the last look, oldest first. */
    events: () =>
      stores.queues.take(names.eventsQueue(tenant)) as { id: string; type: string; data: Record<string, unknown> }[],
  })
}
