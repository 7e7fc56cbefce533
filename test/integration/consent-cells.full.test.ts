/**
 * What an organisation lets its people do × how a mailbox is to be connected (M-141): each of the 48 ends connected, or on
 * a page that names who can act and holds the link or the text for them; and where it is a link, it leads to connected.
 */
import { beforeEach, expect, test } from 'vitest'
import type { SignInStartInput } from '../../lib/model/api-schemas.js'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  administrator,
  allow,
  person,
  site,
  start,
  startConsent,
  tenant,
  unique,
  useAuthoritySite,
} from '../support/connect/authority-site.js'
import { signInAt } from '../support/connect/connect-site.js'

useAuthoritySite()

const contoso = 'contoso.example'
const policies = {
  legacy: () => site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'legacy' }),
  low: () => site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'low' }),
  recommended: () => site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'recommended' }),
  'recommended with requests': () =>
    site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'recommended', requests: true }),
  none: () => site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'none' }),
  'none with requests': () => site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'none', requests: true }),
  'assignment required': () => site.entra.control.setAccessPolicy({ tenant: contoso, assigned: [] }),
  // Alone: where consent is missing as well, that is what Microsoft says first.
  'conditional access': () => {
    policies.legacy()
    site.entra.control.setAccessPolicy({ tenant: contoso, conditionalAccess: 53003 })
  },
}
type Policy = keyof typeof policies

const modes = ['Graph both', 'Graph send-only', 'Graph receive-only', 'IMAP/SMTP', 'app-only', 'shared'] as const
type Mode = (typeof modes)[number]

const wanted: Record<Exclude<Mode, 'app-only' | 'shared'>, Partial<SignInStartInput>> = {
  'Graph both': {},
  'Graph send-only': { receive: false },
  'Graph receive-only': { send: false },
  'IMAP/SMTP': { transport: 'imap-smtp' },
}

/** `link`: an administrator's link; the codes: the text of that refusal, for the administrator it names. */
function expected(policy: Policy, mode: Mode): 'connected' | 'link' | 'aadsts_50105' | 'aadsts_53003' {
  if (policy === 'assignment required') return 'aadsts_50105'
  if (policy === 'conditional access') return 'aadsts_53003'
  if (policy === 'legacy' || mode === 'app-only') return 'connected'
  return policy.startsWith('recommended') && mode === 'Graph send-only' ? 'connected' : 'link'
}

const cells = (Object.keys(policies) as Policy[]).flatMap((policy) =>
  modes.map((mode) => [policy, mode, expected(policy, mode)] as const),
)

beforeEach(() => {
  site.directory.consents.clear()
  site.entra.control.setConsentPolicy({ tenant: contoso, policy: 'recommended' })
  site.entra.control.setAccessPolicy({ tenant: contoso })
})

test('M-141: there are 48 cells, and all three ends occur', () => {
  expect(cells).toHaveLength(48)
  expect(new Set(cells.map(([, , end]) => end)).size).toBe(4)
})

test.each(cells)('M-141: %s, %s: %s', async (policy, mode, end) => {
  policies[policy]()
  if (mode === 'app-only') return appOnly(end)
  const { upn } = person()
  const shared = mode === 'shared'
  const address = shared ? sharedMailbox(upn) : upn
  const more = shared ? { expectedUser: upn } : wanted[mode]
  const { link, signInId } = await start(address, more)
  const browser = site.browser()
  const page = await signInAt(site, browser, link, upn)
  const state = async () => (await site.gateway.connect.describeSignIn(tenant, signInId)).status
  if (end === 'connected') return expect(await state()).toBe('confirmed')
  expect(await state()).toBe('refused')
  if (end !== 'link') return namesAdministrator(page.body, end, upn)
  expect(page.body).toMatch(/administrator/)
  const approval = /class="link">(http:\/\/localhost:7071\/connect\/[^<]+)</.exec(page.body)?.[1] ?? ''
  expect(approval).not.toBe('')
  // For who may send, sending can begin now; the same is said in German.
  expect(page.body.includes('Connect for sending now')).toBe(mode === 'Graph both' || mode === 'IMAP/SMTP' || shared)
  const german = { 'accept-language': 'de' }
  const deutsch = await browser.visit({ method: 'GET', url: `${link}/result`, headers: german })
  expect(deutsch.body).toContain(approval)
  expect(deutsch.body).toMatch(/IT|Administration/)
  // The link leads on: an administrator opens it, and the same person is connected by their own link.
  const approved = await allow(site.browser(), approval, demo.tenantId, administrator().upn)
  expect(approved.body).toContain('Your organisation has approved it')
  await signInAt(site, browser, link, upn)
  expect(await state()).toBe('confirmed')
})

test('M-141: a second factor that conditional access asks for is the person’s own to show', async () => {
  policies.legacy()
  site.entra.control.setAccessPolicy({ tenant: contoso, conditionalAccess: 50076 })
  const { upn } = person()
  const { link } = await start(upn)
  const { body } = await signInAt(site, site.browser(), link, upn)
  expect(body).toContain('<code>aadsts_50076</code>')
  expect(body).toContain('Try again')
  expect(body).not.toContain('For your administrator')
})

function sharedMailbox(delegate: string): string {
  const upn = unique('shared')
  site.directory.addUser({ upn, kind: 'shared', fullAccess: [delegate], sendAs: [delegate] })
  return upn
}

function namesAdministrator(body: string, code: string, account: string): void {
  expect(body).toContain(`<code>${code}</code>`)
  expect(body).toContain('For your administrator')
  const text = /class="link">([^<]+)</.exec(body)?.[1] ?? ''
  for (const part of [account, demo.clientId, code]) expect(text).toContain(part)
  expect(body).toMatch(/href="mailto:\?subject=/)
}

/** The application itself: an administrator consents, whatever people may do; then somebody adds a mailbox. */
async function appOnly(end: ReturnType<typeof expected>): Promise<void> {
  const { link, signInId } = await startConsent()
  const admin = administrator().upn
  const page = await allow(site.browser(), link, demo.tenantId, admin)
  if (end !== 'connected') return namesAdministrator(page.body, end, '')
  const { connectionId } = await site.gateway.connect.confirmByAdmin(tenant, signInId)
  const { upn } = person()
  const input = { connectionId, address: upn, displayName: '', receive: true, send: true }
  expect(await site.gateway.connect.addMailbox(tenant, input)).toMatchObject({
    verdicts: { signIn: { verdict: 'works' }, reading: { verdict: 'works' } },
  })
}
