/** The connect site with one tenant, and people who sign in by links of its application. */
import { afterAll, beforeAll, beforeEach, inject } from 'vitest'
import { newId } from '../../../lib/model/ids.js'
import type { Answer, Browser } from '../http/cookie-jar.js'
import { beginSignIn, type ConnectSite, registrationInput, signInAt, startConnectSite } from './connect-site.js'

export const tenant = 'acme'
export const returnUrl = 'https://app.example.com/mail/done'
export const binding = 'session-of-the-app-user'
export let site: ConnectSite
/** All environments of the storage share who holds an address: no other file may use the same ones. */
const file = newId().slice(0, 6)
let counter = 0

/** A person of the emulated Contoso whom no other test uses. */
export function person(): string {
  const upn = `person-${file}-${++counter}@contoso.example`
  site.directory.addUser({ upn, displayName: `Person ${counter}`, password: 'x' })
  return upn
}

export const asked = { displayName: '', receive: true, send: true, transport: 'auto' as const }
export const start = (address: string, more: object = {}) =>
  site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    { ...asked, address, returnUrl, binding, confirmation: 'result-code', ...more },
  )

export const tokenCalls = (): number => Object.values(site.entra.control.counters.tokenCalls).reduce((a, b) => a + b, 0)

export const begin = beginSignIn
export const signIn = (browser: Browser, link: string, upn: string): Promise<Answer> =>
  signInAt(site, browser, link, upn)

/** A callback of a flow that is under way. */
export async function underWay() {
  const upn = person()
  const browser = site.browser()
  const { link, signInId } = await start(upn)
  const { url } = await site.entra.control.signInAs(await begin(browser, link), upn)
  return { browser, callback: new URL(url), signInId, upn, link }
}

/** Starts the site for the file; each test begins with what Entra does normally. */
export function useJourneySite(): void {
  beforeAll(async () => {
    site = await startConnectSite(inject('azurite'))
    await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
    await site.gateway.admin.saveRegistration({ tenant }, registrationInput)
    await site.gateway.admin.addReturnUrl(tenant, returnUrl)
  })
  afterAll(() => site.stop())
  beforeEach(() => site.entra.control.reset())
}
