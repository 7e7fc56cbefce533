/** The connect journey with a provider and mail servers that answer what a test puts into `at`. */

import { beforeEach, expect } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import { connectFlows as flows } from '../../../lib/flows/connect/index.js'
import type { SignInStartInput } from '../../../lib/model/api-schemas.js'
import { newId } from '../../../lib/model/ids.js'
import { storageNames } from '../../../lib/model/names.js'
import type { Verdicts } from '../../../lib/model/sign-in.js'
import type { AuthorizeInput, TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { sealer } from '../../../lib/protocol/seal.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { listConnections } from '../../../lib/rows/connections.js'
import { insertRegistration } from '../../../lib/rows/registrations.js'
import { Secret } from '../../../lib/secret.js'
import { memoryStores } from '../storage/memory-stores.js'
import { sampleRegistration, works } from './connect-samples.js'
import { serversSaying, type Tried } from './servers-saying.js'

export const names = storageNames('test')
export const tenant = 'acme'
export const address = 'info@contoso.example'
export const minute = 60_000
export const registration = sampleRegistration(tenant)
const key = (id: string) => ({ id, key: new Uint8Array(32).fill(id.charCodeAt(0)) })

interface Told {
  now: number
  tokens: TokenSet
  verdicts: Pick<Verdicts, 'reading' | 'sending'>
  /** Who waits before a server answers. */
  beforeAnswer: () => unknown
  deps: Toolbox
}

export const at = {} as Told
export let asked: AuthorizeInput[]
export let redeemed: number
export let probed: Tried[]

function tried(what: Tried): unknown {
  probed.push(what)
  return at.beforeAnswer()
}
/** The first key seals, all of them open. */
export function sealWith(...ids: string[]): void {
  at.deps.memory.sealer = { value: Promise.resolve(sealer(ids.map(key))), until: Number.POSITIVE_INFINITY }
}
export const secretsOf = async () => (await listConnections(at.deps, tenant)).map(({ id }) => id)

const input: SignInStartInput = {
  address,
  displayName: 'Info',
  receive: true,
  send: true,
  transport: 'auto',
  confirmation: 'confirmed-by-link',
}
export const start = (more: Partial<SignInStartInput> = {}) =>
  flows.startSignIn(at.deps, { tenant, role: 'tenant-admin' }, { ...input, ...more })
export const linkOf = (url: string): string => url.split('/connect/')[1] ?? ''
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'fine',
    (error: GatewayError) => error.code,
  )

/** The page of the link in a fresh browser. */
export async function opened(link: string) {
  const view = await flows.showLink(at.deps, link, undefined)
  return 'finished' in view ? expect.fail('a fresh browser has finished nothing') : view
}

/** Opens the link, continues with Microsoft and comes back with a code; the hand-off of the last leg. */
export async function travel(url: string) {
  const link = linkOf(url)
  const { browser, formToken } = await opened(link)
  await flows.beginAuthorize(at.deps, { link, browser, formToken })
  const state = asked.at(-1)?.state ?? ''
  const parameters = new URLSearchParams({ code: 'the-code', state })
  const returned = await flows.returnCallback(at.deps, { parameters, registrationId: '' })
  return { link, browser, short: link.slice(0, 8), handOff: returned.value, state, requestId: newId() }
}

/** New stores and willing peers for each test. */
export function useToldPeers(): void {
  beforeEach(async () => {
    at.now = Date.parse('2026-11-21T12:00:00Z')
    const clock = { now: () => at.now, sleep: async () => {} }
    const stores = await memoryStores(
      clock,
      serversSaying(() => at.verdicts, tried),
    )
    await stores.tables.ensure(names.holders)
    await stores.queues.ensure(names.eventsQueue(tenant))
    asked = []
    probed = []
    at.verdicts = works
    at.beforeAnswer = () => {}
    redeemed = 0
    at.tokens = {
      accessToken: new Secret('access'),
      expiresAt: at.now + 60 * minute,
      refreshToken: new Secret('refresh'),
      scopes: ['openid', 'Mail.ReadWrite', 'Mail.Send'],
      identity: { issuer: 'i', subject: 's', tenantId: 't', objectId: 'o', username: address },
    }
    at.deps = {
      ...stores,
      providers: {
        microsoft: {
          ...microsoftRules,
          namesIssuer: () => false,
          checkRegistration: async () => {},
          accountAddresses: async () => [],
          authorizeUrl: async (input) => {
            asked.push(input)
            return `https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?state=${input.state}`
          },
          redeem: async () => {
            redeemed++
            return at.tokens
          },
          refresh: async () => at.tokens,
          appToken: async () => at.tokens,
          adminConsentUrl: () => 'https://login.microsoftonline.com/organizations/v2.0/adminconsent',
          directoryOf: async () => 't',
          tryCredential: async () => 'accepted' as const,
          issuerMatches: () => true,
        },
      },
    }
    await insertRegistration(at.deps, { ...registration, secretVersion: '', secretFingerprint: '', generation: 0 })
    sealWith('a')
  })
}
