/** The application itself reads by IMAP and sends by SMTP in Exchange: consent, the administrator's commands, and what is missing. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { servicePrincipalId } from '../../local/emulators/entra/issue-tokens.js'
import { ExchangeAccess, type PresentedApp } from '../../local/emulators/exchange-access.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'
import {
  administrator,
  allow,
  person,
  site,
  startConsent,
  tenant,
  useAuthoritySite,
} from '../support/connect/authority-site.js'
import { everyConnection, everyConsent } from '../support/general/every.js'

useAuthoritySite()

const objectId = servicePrincipalId(demo.clientId, demo.tenantId)
const outlook = 'https://outlook.office365.com'
let certificates: Certificates
let imap: Awaited<ReturnType<typeof startImap>>
let smtp: Awaited<ReturnType<typeof startSmtp>>
let exchange: ExchangeAccess
let ago = 0

beforeAll(async () => {
  certificates = await makeCertificates()
  const verifyToken = (token: string) => {
    const claims = site.entra.verifyAccessToken(token)
    if (claims === undefined || claims.aud !== 'https://outlook.office.com') return undefined
    const { upn, appid: appId, oid, roles } = claims
    return upn === undefined ? { app: { appId, objectId: oid, roles } } : { upn }
  }
  const accounts = () => ({})
  const judge = (role: string) => (app: PresentedApp, mailbox: string) => exchange.judge(app, mailbox, role)
  imap = await startImap({
    ...{ accounts, verifyToken, mode: 'implicit', tls: certificates, dialect: 'exchange' },
    appAccess: judge('IMAP.AccessAsApp'),
  })
  smtp = await startSmtp({
    ...{ accounts, verifyToken, mode: 'starttls', tls: certificates, dialect: 'exchange' },
    appAccess: judge('SMTP.SendAsApp'),
  })
})
afterAll(() => Promise.all([imap.stop(), smtp.stop()]))
beforeEach(() => {
  ago = 0
  exchange = new ExchangeAccess(() => Date.now() + ago)
})

async function consented() {
  const browser = site.browser()
  const { link, signInId } = await startConsent({ transport: 'imap-smtp' })
  const page = await allow(browser, link, demo.tenantId, administrator().upn)
  const { connectionId } = await site.gateway.connect.confirmByAdmin(tenant, signInId)
  return { page, connectionId }
}

/** A mailbox of the connection, moved from Microsoft's servers to the emulated ones. */
async function mailbox(connectionId: string) {
  const { upn: address } = person()
  const made = { connectionId, address, displayName: '', receive: true, send: true }
  const { mailboxId } = await site.gateway.connect.addMailbox(tenant, made)
  const before = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
  const at = { host: 'localhost', ca: certificates.ca }
  const servers = {
    receive: { transport: 'imap', connectionId, imap: { ...at, port: imap.port, tls: 'implicit', folder: 'INBOX' } },
    send: { transport: 'smtp', connectionId, smtp: { ...at, port: smtp.port, tls: 'starttls' } },
  }
  await site.tables.upsert(site.names.table('mailboxes'), {
    ...{ partitionKey: `${tenant}~${mailboxId}`, rowKey: 'mailbox' },
    ...{ receive: JSON.stringify(servers.receive), send: JSON.stringify(servers.send) },
  })
  const check = () => site.gateway.admin.checkMailbox({ tenant, mailboxId })
  return { mailboxId, address, before, check }
}

describe('M-028: app-only over IMAP and SMTP', () => {
  test('the roles of Exchange are asked for, recorded, and a token is that of its resource', async () => {
    const { connectionId, page } = await consented()
    expect(page.status).toBe(200)
    const connection = (await everyConnection(site.gateway, tenant)).find((one) => one.id === connectionId)
    const roles = ['IMAP.AccessAsApp', 'POP.AccessAsApp', 'SMTP.SendAsApp'].map((role) => `${outlook}/${role}`)
    expect(connection).toMatchObject({ mode: 'app-only', scopes: roles })
    expect((await everyConsent(site.gateway, tenant)).at(-1)?.scopes).toEqual(roles)
    const asked = site.entra.control.requests.filter(({ form }) => form['grant_type'] === 'client_credentials')
    expect(asked.map(({ form }) => form['scope'])).toEqual(asked.map(() => `${outlook}/.default`))
  })

  test("the page of the administrator has the commands with the ids of their organisation, not the app registration's", async () => {
    const { page } = await consented()
    expect(page.body).toContain(`New-ServicePrincipal -AppId ${demo.clientId} -ObjectId ${objectId} `)
    expect(page.body).toMatch(
      new RegExp(`Add-MailboxPermission -Identity \\S+ -User ${objectId} -AccessRights FullAccess`),
    )
    // Negative control: Graph needs nothing in Exchange.
    const { link } = await startConsent()
    const other = await allow(site.browser(), link, demo.tenantId, administrator().upn)
    expect(other.body).not.toContain('New-ServicePrincipal')
  })

  test('a mailbox is added at the servers of Exchange, and the check says what is missing, one by one', async () => {
    const { connectionId } = await consented()
    const { before, check, address, mailboxId } = await mailbox(connectionId)
    expect(before.receive).toMatchObject({ transport: 'imap', imap: { host: 'outlook.office365.com' } })
    expect(before.send).toMatchObject({ transport: 'smtp', smtp: { host: 'smtp.office365.com' } })

    const refused = { verdict: 'fails', stage: 'sign-in', whoActs: "Customer's administrator" }
    const unknown = {
      signIn: { verdict: 'works' },
      reading: { ...refused, code: 'exo_imap_app_authenticate_failed' },
      sending: { ...refused, code: 'exo_smtp_app_535_esc_5_7_3' },
    }
    expect(await check()).toMatchObject(unknown)
    // The object id of the app registration: Exchange takes it, and lets nobody in.
    exchange.newServicePrincipal({ appId: demo.clientId, objectId: demo.clientId })
    const wrong = await check()
    expect(wrong).toMatchObject(unknown)
    expect(wrong.reading.remedy).toMatch(/object id[\s\S]*New-ServicePrincipal/)

    exchange.newServicePrincipal({ appId: demo.clientId, objectId })
    const shut = await check()
    expect(shut.reading).toMatchObject({ verdict: 'fails', code: 'exo_imap_app_not_connected' })
    expect(shut.reading.remedy).toContain('Add-MailboxPermission')
    const submission = parseMailSubmission({ mailboxId, to: ['kim@example.net'], subject: 's', text: 'x' })
    const { mail: waiting } = await site.gateway.send.acceptMail(tenant, { submission })
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, waiting.id)).toMatchObject({
      state: 'waiting',
      history: [{ code: 'exo_smtp_app_mailbox_logon_failure', class: 'needs-admin' }],
    })

    exchange.propagationMs = 3_600_000
    exchange.addMailboxPermission({ mailbox: address, objectId })
    expect((await check()).reading).toMatchObject({ verdict: 'fails' })
    ago = 3_700_000
    expect((await check()).reading).toMatchObject({ verdict: 'works' })
    await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
    expect(await site.gateway.send.readMail(tenant, waiting.id)).toMatchObject({ state: 'sent' })
    expect(smtp.mails.at(-1)).toMatchObject({ from: address, session: { method: 'XOAUTH2', user: address } })
    imap.deliver(address, Buffer.from(`From: a@b.example\r\nTo: ${address}\r\nSubject: In\r\n\r\nx\r\n`))
    const [polled] = await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
    expect(polled).toMatchObject({ code: '' })
  })
})
