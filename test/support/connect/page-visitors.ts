/** The connect site for people who look at its pages, in a browser without JavaScript. */
import { afterAll, beforeAll, inject, vi } from 'vitest'
import { newId } from '../../../lib/model/ids.js'
import type { Browser } from '../http/cookie-jar.js'
import { type ConnectSite, registrationInput, startConnectSite } from './connect-site.js'

export const tenant = 'acme'
export const returnUrl = 'https://app.example.com/mail/done'
export const binding = 'session-of-the-app-user'
export let site: ConnectSite
/** All environments of the storage share who holds an address: no other file may use the same ones. */
const file = newId().slice(0, 6)
let counter = 0

export function person(name = 'someone'): string {
  const upn = `${name}-${file}-${++counter}@contoso.example`
  site.directory.addUser({ upn, displayName: `Person ${counter}`, password: 'x' })
  return upn
}

const asked = { displayName: '', receive: true, send: true, transport: 'auto' as const }
export const byApp = { returnUrl, binding, confirmation: 'result-code' } as const
export const start = (address: string, more: object = byApp) =>
  site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    { ...asked, confirmation: 'confirmed-by-link', address, ...more },
  )
export const state = (id: string) => site.gateway.connect.describeSignIn(tenant, id)
export const open = (browser: Browser, url: string) => browser.visit({ method: 'GET', url })

/** Starts the site for the file. */
export function usePages(): void {
  // Whole journeys, several in one test.
  vi.setConfig({ testTimeout: 120_000 })
  beforeAll(async () => {
    site = await startConnectSite(inject('azurite'))
    await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
    await site.gateway.admin.saveRegistration({ tenant }, registrationInput)
    await site.gateway.admin.addReturnUrl(tenant, returnUrl)
  })
  afterAll(() => site.stop())
}
