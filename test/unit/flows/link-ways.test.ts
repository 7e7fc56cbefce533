/** Each kind of link has an effect only in the ways it accepts, at whatever step. */
import { describe, expect, test } from 'vitest'
import type { StartedSignIn } from '../../../lib/flows/connect/insert-sign-in.js'
import { approvalLink } from '../../../lib/flows/connect/start-admin-consent.js'
import { storeGrant } from '../../../lib/flows/tokens/store-grant.js'
import { newSecret, sha256 } from '../../../lib/model/ids.js'
import type { Way } from '../../../lib/model/link-ways.js'
import { signInPages } from '../../../lib/model/providers.js'
import type { ReconnectChange } from '../../../lib/model/sign-in.js'
import { connectionPartition, connectionToRow } from '../../../lib/rows/connections.js'
import { mailboxPartition } from '../../../lib/rows/mailboxes.js'
import { sealKeys } from '../../../lib/rows/seal-keys.js'
import { associatedData, findSignIn } from '../../../lib/rows/sign-ins.js'
import {
  type ConnectHarness,
  codeOf,
  connectHarness,
  directory,
  linkOf,
  passwordForm,
} from '../../support/connect/connect-harness.js'
import { sampleConnection } from '../../support/general/sample-connection.js'

type Made = Pick<StartedSignIn, 'link' | 'signInId'>

const reconnected =
  (way: 'microsoft' | 'password', allowChange?: ReconnectChange[], more: object = {}) =>
  async (h: ConnectHarness): Promise<Made> => {
    const { mailboxId } = await h.connectBy(way, more)
    return h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId }, allowChange ? { allowChange } : {})
  }

async function appOnlyConnection(h: ConnectHarness) {
  const identity = { issuer: 'i', subject: 's', tenantId: directory, objectId: 'o', username: 'admin@contoso.example' }
  const connection = sampleConnection({ mode: 'app-only', provider: 'microsoft', registrationId: 'reg', identity })
  await h.stores.tables.insert(h.names.table('connections'), connectionToRow(connection))
  const token = { accessToken: 'access', expiresAt: h.time.now + 3_600_000 }
  const grant = { kind: 'app-only', resource: 'graph', ...token } as const
  await storeGrant(h.deps, { tenant: h.tenant, connectionId: connection.id, grant })
  const { mailboxId } = await h.flows.addMailbox(h.deps, h.tenant, {
    connectionId: connection.id,
    address: 'all@contoso.example',
    displayName: '',
    receive: true,
    send: true,
  })
  return { connection, mailboxId }
}

const consent = (mode: 'app-only' | 'delegated') => (h: ConnectHarness) =>
  h.flows.startAdminConsent(h.deps, h.tenant, { mode, receive: true, send: true })

/** Every kind of link, and the ways that it accepts. */
const kinds: Record<string, { make: (h: ConnectHarness) => Promise<Made>; ways: Way[] }> = {
  'a new mailbox': { make: (h) => h.start(), ways: [...signInPages, 'password'] },
  'a new mailbox at Microsoft': { make: (h) => h.start({ transport: 'graph' }), ways: ['microsoft'] },
  'a new mailbox over IMAP': {
    make: async (h) => {
      h.peers.tokens.scopes = ['IMAP.AccessAsUser.All', 'SMTP.Send']
      return h.start({ transport: 'imap-smtp' })
    },
    ways: [...signInPages, 'password'],
  },
  'a shared mailbox named by its id': {
    make: async (h) => {
      h.peers.tokens.scopes = ['Mail.ReadWrite.Shared', 'Mail.Send.Shared']
      return h.start({ address: 'team@contoso.example', expectedUser: h.address, mailboxUser: directory })
    },
    ways: ['microsoft'],
  },
  'again with Microsoft': { make: reconnected('microsoft'), ways: ['microsoft'] },
  'again with a password': { make: reconnected('password'), ways: ['password'] },
  'again with Microsoft, another account': { make: reconnected('microsoft', ['identity']), ways: ['microsoft'] },
  'again with Microsoft, another server': { make: reconnected('microsoft', ['server']), ways: ['microsoft'] },
  'again with a password, another server': { make: reconnected('password', ['server']), ways: ['password'] },
  'again with a password, another account': { make: reconnected('password', ['identity']), ways: ['password'] },
  'again with Microsoft, or another provider': {
    make: reconnected('microsoft', ['provider']),
    ways: [...signInPages, 'password'],
  },
  'again with a password, or another provider': {
    make: reconnected('password', ['provider']),
    ways: [...signInPages, 'password'],
  },
  'again whose mailbox went': {
    make: async (h) => {
      const { mailboxId } = await h.connectBy('microsoft')
      const made = await h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId })
      await h.stores.tables.remove(h.names.table('mailboxes'), {
        partitionKey: mailboxPartition(h.tenant, mailboxId),
        rowKey: 'mailbox',
      })
      return made
    },
    ways: [],
  },
  'again whose connection went': {
    make: async (h) => {
      const { mailboxId, connectionId } = await h.connectBy('password')
      const made = await h.flows.startReconnect(
        h.deps,
        { tenant: h.tenant, mailboxId },
        { allowChange: ['provider', 'server'] },
      )
      const partition = connectionPartition(h.tenant, connectionId)
      await h.stores.tables.remove(h.names.table('connections'), { partitionKey: partition, rowKey: 'connection' })
      return made
    },
    ways: [],
  },
  'the application again': {
    make: async (h) =>
      h.flows.startReconnect(h.deps, { tenant: h.tenant, mailboxId: (await appOnlyConnection(h)).mailboxId }),
    ways: ['admin-consent'],
  },
  'the application again, with changes allowed': {
    make: async (h) =>
      h.flows.startReconnect(
        h.deps,
        { tenant: h.tenant, mailboxId: (await appOnlyConnection(h)).mailboxId },
        { allowChange: ['provider'] },
      ),
    ways: ['admin-consent'],
  },
  'an administrator for the application': { make: consent('app-only'), ways: ['admin-consent'] },
  'an administrator for people': { make: consent('delegated'), ways: ['admin-consent'] },
  'an administrator for one person': {
    make: async (h) => {
      const { link, signInId } = await h.start()
      await h.travel(link)
      const signIn = await findSignIn(h.deps, signInId)
      const approval = (await approvalLink(h.deps, signIn!)) ?? ''
      return { link: approval, signInId: linkOf(approval).slice(0, 26) }
    },
    ways: ['admin-consent'],
  },
}

const browser = newSecret()

interface Attempt {
  h: ConnectHarness
  made: Made
  /** The browser that tries. */
  who: string
}

/** The form token of a page that this browser was shown. */
const form = ({ made, who }: Attempt) => ({
  link: linkOf(made.link),
  browser: who,
  formToken: sha256(`form~${made.signInId}~${browser}`),
})

/** A row as if this browser had been sent to the provider: the strongest position an attacker could begin from. */
async function comeBack({ h, made, who }: Attempt, answer: Record<string, string>): Promise<string> {
  const link = linkOf(made.link)
  const back = await h.comeBack(link, `${made.signInId}.state`, answer)
  const completed = await h.flows.completeSignIn(h.deps, { ...back, browser: who })
  return completed.outcome === 'refused' ? completed.error.code : 'fine'
}

/** Every way in: at which step, which way it claims to be, and how it is tried. */
const attempts: Record<string, { way: Way | 'sign-in page'; try: (attempt: Attempt) => Promise<string> }> = {
  'goes on to the provider': {
    way: 'sign-in page',
    try: (attempt) => codeOf(attempt.h.flows.beginAuthorize(attempt.h.deps, form(attempt))),
  },
  'sends a password': {
    way: 'password',
    try: (attempt) => codeOf(attempt.h.flows.submitPassword(attempt.h.deps, { ...form(attempt), form: passwordForm })),
  },
  'sends a password for servers of its own': {
    way: 'password',
    try: async (attempt) => {
      const own = { imapHost: 'imap.evil.example', smtpHost: 'smtp.evil.example' }
      return codeOf(
        attempt.h.flows.submitPassword(attempt.h.deps, { ...form(attempt), form: { ...passwordForm, ...own } }),
      )
    },
  },
  'comes back with a code': { way: 'microsoft', try: (attempt) => comeBack(attempt, { code: 'c' }) },
  'comes back with a consent': {
    way: 'admin-consent',
    try: (attempt) => comeBack(attempt, { admin_consent: 'True', tenant: directory }),
  },
}

/** What a state answers by itself, whatever the way: at our own pages, and at the way back from the provider. */
const states: Record<string, { columns?: Record<string, string | number>; who?: string; page: string; back: string }> =
  {
    started: { page: '', back: '' },
    refused: { columns: { status: 'refused', refusal: 'mailbox_mismatch' }, page: '', back: 'sign_in_used' },
    returned: { columns: { status: 'returned' }, page: 'sign_in_running', back: 'sign_in_used' },
    'signed-in': { columns: { status: 'signed-in' }, page: 'sign_in_used', back: 'sign_in_used' },
    confirmed: { columns: { status: 'confirmed', done: 1 }, page: 'sign_in_used', back: 'sign_in_used' },
    cancelled: { columns: { status: 'cancelled' }, page: 'sign_in_cancelled', back: 'sign_in_used' },
    expired: { columns: { expiresAt: 1, stageUntil: 1 }, page: 'link_expired', back: 'flow_expired' },
    'another browser': { who: newSecret(), page: 'form_expired', back: 'state_mismatch' },
  }

function expected(ways: Way[], attempt: string, state: string): string {
  const { way } = attempts[attempt]!
  const isBack = way === 'microsoft' ? true : attempt.startsWith('comes back')
  const byState = isBack ? states[state]!.back : states[state]!.page
  if (byState !== '') return byState
  // One button leads to Microsoft, for a person and for an administrator.
  if (way === 'sign-in page') return ways.some((one) => one !== 'password') ? 'fine' : 'way_not_allowed'
  if (ways.includes(way)) return 'fine'
  // What comes back is read as the link's own kind of answer: it has not the form of the other.
  const [own] = ways
  if (isBack && own !== undefined && own !== 'password') return 'state_mismatch'
  return isBack && ways.includes('microsoft') ? 'state_mismatch' : 'way_not_allowed'
}

async function attack(kind: string, attempt: string, state: string) {
  const h = await connectHarness()
  const made = await kinds[kind]!.make(h)
  const seal = await sealKeys(h.deps)
  await h.plant(made.signInId, {
    registrationId: 'reg',
    status: 'started',
    provider: 'microsoft',
    stateHash: sha256('state'),
    browserHash: sha256(browser),
    stageUntil: h.time.now + 60_000,
    nonceSealed: seal.seal('n', associatedData(made.signInId, 'nonceSealed')),
    verifierSealed: seal.seal('v', associatedData(made.signInId, 'verifierSealed')),
    ...states[state]!.columns,
  })
  const before = await h.stored()
  h.peers.tries = []
  const code = await attempts[attempt]!.try({ h, made, who: states[state]!.who ?? browser })
  const row = await h.signInRow(made.signInId)
  const tries = h.peers.tries
  return { h, code, tries, changed: (await h.stored()) !== before, sealed: String(row?.['sealedGrant'] ?? '') }
}

describe.each(Object.keys(kinds))('A2: the link for %s', (kind) => {
  const { ways } = kinds[kind]!
  test.each(Object.keys(attempts))('%s: exactly what its kind allows has an effect', async (attempt) => {
    for (const state of Object.keys(states)) {
      const isForeign = attempt.endsWith('of its own')
      let wanted = expected(ways, attempt, state)
      if (wanted === 'fine' && isForeign && kind.startsWith('again with a password') && !kind.includes('server'))
        wanted = 'server_change_not_allowed'
      const { code, tries, changed, sealed } = await attack(kind, attempt, state)
      expect(code, `${kind}: ${attempt} (${state})`).toBe(wanted)
      if (wanted === 'fine') continue
      expect({ tries, changed, sealed }, `${kind}: ${attempt} (${state})`).toEqual({
        tries: [],
        changed: false,
        sealed: '',
      })
    }
  })

  test('offers on its page what it accepts, and nothing else', async () => {
    const h = await connectHarness()
    const { link } = await kinds[kind]!.make(h)
    if (ways.length === 0) return expect(await codeOf(h.open(link))).toBe('way_not_allowed')
    const view = await h.open(link)
    expect(view.ways).toEqual(ways)
    expect(view.pages.length > 0).toBe(ways.some((one) => one !== 'password'))
  })

  test('is not confirmed with authority that was gained in another way', async () => {
    for (const grant of [
      { way: 'password', kind: 'password', username: 'info@contoso.example', password: 'p' },
      { way: 'microsoft', kind: 'oauth', resource: 'graph', accessToken: 'a', scopes: [], registrationId: 'reg' },
      {
        way: 'admin-consent',
        kind: 'app-only',
        resource: 'graph',
        accessToken: 'a',
        scopes: [],
        registrationId: 'reg',
      },
    ] as const) {
      if (ways.includes(grant.way)) continue
      const h = await connectHarness()
      const { signInId } = await kinds[kind]!.make(h)
      // Permission for people has no grant that could be another.
      if ((await findSignIn(h.deps, signInId))?.target.consent === 'delegated') continue
      const seal = await sealKeys(h.deps)
      const sealedGrant = seal.seal(JSON.stringify(grant), associatedData(signInId, 'sealedGrant'))
      await h.plant(signInId, { status: 'signed-in', provider: 'microsoft', sealedGrant })
      const before = await h.stored()
      expect(await codeOf(h.flows.confirmByAdmin(h.deps, h.tenant, signInId)), grant.way).toBe('way_not_allowed')
      expect(await h.stored()).toBe(before)
    }
  })
})
