/** The connect site with one tenant, its registration and one that the deployment shares. */
import { afterAll, beforeAll, beforeEach, expect, inject, vi } from 'vitest'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Answer, Browser } from '../http/cookie-jar.js'
import { beginSignIn, type ConnectSite, origin, registrationInput, startConnectSite } from './connect-site.js'

export const tenant = 'acme'
export const stranger = 'someone@elsewhere.example'
export let site: ConnectSite
export let registrationId = ''
/** All environments of the storage share who holds an address: no other file may use the same ones. */
const file = newId().slice(0, 6)
let counter = 0

export const unique = (name: string): string => `${name}-${file}-${++counter}@contoso.example`
export const person = (more: object = {}) => site.directory.addUser({ upn: unique('someone'), password: 'x', ...more })
export const administrator = () => person({ administrator: true })
export const asked = {
  displayName: '',
  receive: true,
  send: true,
  transport: 'auto' as const,
  confirmation: 'confirmed-by-link' as const,
}
export const start = (address: string, more: object = {}) =>
  site.gateway.connect.startSignIn({ tenant, role: 'tenant-admin' }, { ...asked, address, registrationId, ...more })

/** One mail out and one mail in, through the flows that do it in production; the paths that Graph was asked. */
export async function useBothWays(mailboxId: string): Promise<{ paths: string[]; from: string[]; received: number }> {
  const { address } = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
  site.graph.control.reset()
  const mail = parseMailSubmission({ mailboxId, to: [{ address: stranger }], subject: 'Out', text: 'x' })
  const { mail: accepted } = await site.gateway.send.acceptMail(tenant, { submission: mail })
  await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
  expect(await site.gateway.send.readMail(tenant, accepted.id)).toMatchObject({ state: 'sent' })
  site.directory.deliver(address, `From: ${stranger}\r\nTo: ${address}\r\nSubject: In\r\n\r\nHello\r\n`)
  const [polled] = await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
  expect(polled).toMatchObject({ code: '' })
  return {
    paths: [
      ...new Set(
        site.graph.control.requests.map((one) =>
          one.path
            .split('/')
            .slice(2, one.path.startsWith('/v1.0/me') ? 3 : 4)
            .join('/'),
        ),
      ),
    ],
    from: site.directory.outbound.slice(-1).map((one) => one.from),
    received: polled?.handedOver ?? 0,
  }
}

export async function dueAt(kind: string, id: string): Promise<number> {
  const rows = site.tables.query(site.names.table('due'), {
    partitionRange: [`${kind}~`, `${kind}~~`],
    rowRange: [`${tenant}~${id}`, `${tenant}~${id}~`],
  })
  for await (const row of rows) return Number(row['dueAt'])
  return Number.POSITIVE_INFINITY
}

/** An administrator walks the link: allows for the directory, then says who it is; the page it ends on. */
export async function allow(browser: Browser, link: string, directory: string, upn: string): Promise<Answer> {
  const back = await answerOfAdmin(browser, link, { tenant: directory })
  const leg = await browser.visit({ method: 'GET', url: back, from: site.entra.url }, false)
  const complete = await browser.visit(
    { method: 'GET', url: leg.headers['location'] ?? '', from: site.entra.url },
    false,
  )
  const onward = complete.headers['location']
  if (onward === undefined || new URL(onward).origin === origin) return complete
  const { url } = await site.entra.control.signInAs(onward, upn)
  return browser.visit({ method: 'GET', url, from: site.entra.url })
}

/** Where Microsoft sends the browser after the administrator's decision. */
export async function answerOfAdmin(browser: Browser, link: string, decision: Record<string, string>): Promise<string> {
  const url = new URL(await beginSignIn(browser, link))
  expect(url.pathname).toMatch(/\/v2\.0\/adminconsent$/)
  const body = new URLSearchParams({ request: url.search.slice(1), ...decision })
  const answer = await fetch(site.entra.url + url.pathname, { method: 'POST', body, redirect: 'manual' })
  return answer.headers.get('location') ?? ''
}

export const startConsent = (more: object = {}) =>
  site.gateway.connect.startAdminConsent(tenant, {
    mode: 'app-only',
    registrationId,
    receive: true,
    send: true,
    ...more,
  })

/** Starts the site for the file; each test begins with what the emulators do normally. */
export function useAuthoritySite(): void {
  // Whole journeys, several in one test.
  vi.setConfig({ testTimeout: 120_000 })
  beforeAll(async () => {
    site = await startConnectSite(inject('azurite'))
    await site.gateway.admin.createTenant({ id: tenant, name: 'Acme Ltd' })
    await site.gateway.admin.createTenant({ id: 'guest', name: 'Guest Ltd' })
    registrationId = (await site.gateway.admin.saveRegistration({ tenant }, registrationInput)).id
    await site.gateway.admin.saveRegistration({ tenant: '~' }, { ...registrationInput, name: 'Shared' })
  })
  afterAll(() => site.stop())
  beforeEach(() => {
    site.entra.control.reset()
    site.graph.control.reset()
  })
}
