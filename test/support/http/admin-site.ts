/** The connect site with tenants, keys, mailboxes that were really signed in, and further workers on the same storage. */
import { setTimeout } from 'node:timers/promises'
import { readConfig } from '../../../lib/config.js'
import { type Gateway, wireGateway } from '../../../lib/gateway.js'
import { silentLog } from '../../../lib/log.js'
import type { SignInStartInput } from '../../../lib/model/api-schemas.js'
import type { Clock } from '../../../lib/ports/clock.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { type ConnectSite, origin, registrationInput, resultOf, startConnectSite } from '../connect/connect-site.js'

export interface AdminSite extends ConnectSite {
  operatorKey: string
  /** Another process: its own memory, the same storage and vault; its clock runs `aheadMs` before the others'. */
  worker(aheadMs?: number, over?: Partial<Toolbox>, settings?: Record<string, string>): Promise<Gateway>
  /** A tenant with a registration and an administrator's key. */
  tenant(id: string): Promise<{ id: string; key: string; registrationId: string }>
  /** A fresh person of the emulated Contoso, or a known one, signs in; the mailbox exists unless it was refused. */
  mailbox(tenant: string, known?: string): Promise<Omit<SignedIn, 'signInId' | 'code'> & Ids>
  /** The same up to the last page; `code` is the result code of the link back to the app. */
  signedIn(tenant: string, how: Confirmation, known?: string): Promise<SignedIn>
}

/** Sleeps in real time, reads the time it is told. */
export const shiftedClock = (now: () => number): Clock => ({
  now,
  sleep: (ms, signal) => setTimeout(ms, undefined, signal === undefined ? {} : { signal }),
})

export interface SignedIn {
  signInId: string
  address: string
  /** The last page the person sees. */
  page: { status: number; body: string }
  code: string
}

interface Ids {
  mailboxId: string
  connectionId: string
}

type Confirmation = Pick<SignInStartInput, 'confirmation' | 'returnUrl' | 'binding'>

let people = 0

export async function startAdminSite(connectionString: string): Promise<AdminSite> {
  const site = await startConnectSite(connectionString)
  const { gateway } = site
  const operatorKey = site.vault
    .snapshot()
    .find(({ name }) => name.endsWith('-operator-key'))!
    .versions.at(-1)!.value
  const signedIn: AdminSite['signedIn'] = async (tenant, how, known) => {
    // Holders of addresses are shared by all environments of the storage account, and that by all test files.
    const address = known ?? `member${++people}.${process.env['ENVIRONMENT_ID']}@contoso.example`
    if (known === undefined) site.directory.addUser({ upn: address, displayName: `Member ${people}`, password: 'x' })
    const wanted = { address, displayName: '', receive: true, send: true, transport: 'auto' as const }
    const { link, signInId } = await gateway.connect.startSignIn(
      { tenant, role: 'tenant-admin' },
      { ...wanted, ...how },
    )
    const browser = site.browser()
    const opened = await browser.visit({ method: 'GET', url: link })
    const token = /name="token" value="([^"]+)"/.exec(opened.body)?.[1] ?? ''
    const sent = await browser.visit({ method: 'POST', url: link, form: { token }, from: origin }, false)
    const { url } = await site.entra.control.signInAs(sent.headers['location'] ?? '', address)
    const page = await browser.visit({ method: 'GET', url, from: 'https://login.example' })
    return { signInId, address, page, code: resultOf(page) }
  }
  return {
    ...site,
    operatorKey,
    worker: (aheadMs = 0, over = {}, settings = {}) => {
      return wireGateway(readConfig({ ...process.env, ...settings }), {
        clock: shiftedClock(() => Date.now() + aheadMs),
        log: silentLog,
        ...over,
      })
    },
    async tenant(id) {
      await gateway.admin.createTenant({ id, name: `${id} company` })
      const caller = { role: 'operator', tenant: '~', keyId: 'test' } as const
      const { key } = await gateway.admin.createApiKey({ caller, tenant: id }, { role: 'tenant-admin', name: 'admin' })
      const registration = await gateway.admin.saveRegistration({ tenant: id }, registrationInput)
      return { id, key: key.reveal(), registrationId: registration.id }
    },
    signedIn,
    async mailbox(tenant, known) {
      const { signInId, address, page } = await signedIn(tenant, { confirmation: 'confirmed-by-link' }, known)
      const { mailboxId, connectionId } = await gateway.connect.describeSignIn(tenant, signInId)
      return { mailboxId, connectionId, address, page }
    },
  }
}
