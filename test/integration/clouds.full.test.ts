/** A registration of another Microsoft cloud: everything it does asks the hosts of that cloud, and no host of the global one. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { clouds } from '../../local/emulators/clouds.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { type Entra, startEntra } from '../../local/emulators/entra/start-entra.js'
import { type Graph, startGraph } from '../../local/emulators/graph/start-graph.js'
import { registrationInput, signInAt } from '../support/connect/connect-site.js'
import { everyMailbox } from '../support/general/every.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi } from '../support/http/api-call.js'

const cloud = clouds['us-government']
const globalHosts = Object.values(clouds.global).filter((name) => name.startsWith('https://'))
let site: AdminSite
let entra: Entra
let graph: Graph
let trap: Server
/** Requests that went to a host of the global cloud. */
const trapped: string[] = []

beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  entra = await startEntra({ directory: site.directory, cloud: 'us-government' })
  graph = await startGraph({ directory: site.directory, entra, cloud: 'us-government' })
  trap = createServer(({ headers, url }, answer) => {
    trapped.push(`${headers.host}${url}`)
    answer.writeHead(500).end()
  })
  await new Promise<void>((ready) => trap.listen(0, '127.0.0.1', ready))
  const nowhere = `http://127.0.0.1:${(trap.address() as AddressInfo).port}`
  Object.assign(site.gateway.config.origins, {
    ...Object.fromEntries(globalHosts.map((host) => [host, nowhere])),
    [cloud.login]: entra.url,
    [cloud.graph]: graph.url,
    [cloud.outlook]: graph.url,
  })
})
afterAll(async () => {
  await Promise.all([entra.stop(), graph.stop(), site.stop(), new Promise((ended) => trap.close(ended))])
})

const governmentInput = { ...registrationInput, cloud: 'us-government' }

async function governmentTenant(id: string) {
  const { key, registrationId } = await site.tenant(id)
  const params = { id: registrationId }
  const saved = await callApi('registrationSave', { key, params, body: governmentInput })
  expect(saved).toMatchObject({ status: 200, json: { authority: `${cloud.login}/organizations` } })
  return { id, key, registrationId }
}

test('M-149: sign-in, reading, sending, a large attachment and a renewal ask no host of the global cloud', async () => {
  const { id, key } = await governmentTenant('government')
  const address = `gov.${process.env['ENVIRONMENT_ID']}@contoso.example`
  site.directory.addUser({ upn: address, displayName: 'Gov' })
  trapped.length = 0
  const wanted = { address, displayName: '', receive: true, send: true, transport: 'auto' as const }
  const { link, signInId } = await site.gateway.connect.startSignIn(
    { tenant: id, role: 'tenant-admin' },
    { ...wanted, confirmation: 'confirmed-by-link' },
  )
  const page = await signInAt({ ...site, entra } as never, site.browser(), link, address)
  expect(page.status).toBe(200)
  const { mailboxId, connectionId } = await site.gateway.connect.describeSignIn(id, signInId)
  const connection = (await callApi('connectionList', { key })).json.connections[0]
  expect(connection.identity.issuer).toBe(`${cloud.login}/${demo.tenantId}/v2.0`)

  site.directory.deliver(address, `From: a@b.example\r\nTo: ${address}\r\nSubject: s\r\n\r\nx\r\n`)
  await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant: id, mailboxId }] })
  expect((await callApi('receivedList', { key, params: { id: mailboxId } })).json.mails).toHaveLength(1)

  const attachments = [{ filename: 'a.bin', content: Buffer.alloc(6_000_000, 'x').toString('base64') }]
  const mail = { mailboxId, to: ['ben@contoso.example'], subject: 'From the cloud', text: 'x', attachments }
  const sent = await callApi('mailSubmit', { key, body: mail })
  expect(sent.status).toBe(202)
  await site.gateway.send.drainLane({ v: 1, tenant: id, mailboxId } as never)
  expect((await callApi('mailShow', { key, params: { id: sent.json.id } })).json.state).toBe('sent')

  const row = { partitionKey: `${id}~${connectionId}`, rowKey: 'grant' }
  await site.tables.upsert(site.names.table('connections'), { ...row, accessUntil_graph: Date.now() + 60_000 })
  await site.gateway.tokens.refreshBatch({ v: 1, connections: [{ tenant: id, connectionId }] })
  expect((await everyMailbox(site.gateway, id))[0]?.health).toBe('working')
  expect(trapped).toEqual([])
})

test('M-149: over IMAP and SMTP the scopes and the servers are those of the cloud', async () => {
  const { id } = await governmentTenant('government-imap')
  const address = `imap.${process.env['ENVIRONMENT_ID']}@contoso.example`
  site.directory.addUser({ upn: address, displayName: 'Imap' })
  trapped.length = 0
  const wanted = { address, displayName: '', receive: true, send: true, transport: 'imap-smtp' as const }
  const { link, signInId } = await site.gateway.connect.startSignIn(
    { tenant: id, role: 'tenant-admin' },
    { ...wanted, confirmation: 'confirmed-by-link' },
  )
  expect((await signInAt({ ...site, entra } as never, site.browser(), link, address)).status).toBe(200)
  const { mailboxId } = await site.gateway.connect.describeSignIn(id, signInId)
  expect(await site.gateway.admin.readMailboxFacts(id, mailboxId)).toMatchObject({
    receive: { transport: 'imap', imap: { host: 'outlook.office365.us' } },
    send: { transport: 'smtp', smtp: { host: 'smtp.office365.us' } },
  })
  const asked = entra.control.requests.filter(({ path }) => path.endsWith('/token')).at(-1)?.form['scope'] ?? ''
  expect(asked).toContain(`${cloud.outlook}/IMAP.AccessAsUser.All`)
  expect(trapped).toEqual([])
})

test('M-149: an administrator is sent to the pages of the cloud, and its scopes are asked for', async () => {
  const { key } = await governmentTenant('government-consent')
  trapped.length = 0
  const consent = await callApi('adminConsentStart', { key, body: { mode: 'app-only' } })
  const browser = site.browser()
  const page = await browser.visit({ method: 'GET', url: consent.json.link })
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? ''
  const out = await browser.visit(
    { method: 'POST', url: consent.json.link, form: { token }, from: site.gateway.config.publicBaseUrl },
    false,
  )
  const location = new URL(out.headers['location'] ?? '')
  expect(location.origin).toBe(entra.url)
  expect(location.searchParams.get('scope')).toBe(`${cloud.graph}/.default`)
  expect(trapped).toEqual([])
})

test('M-149: the cloud stays when something else changes, and one that does not exist is named', async () => {
  const { key, registrationId } = await governmentTenant('government-kept')
  const params = { id: registrationId }
  const { cloud: _, ...body } = governmentInput
  const renamed = await callApi('registrationSave', { key, params, body: { ...body, name: 'Renamed' } })
  expect(renamed.json).toMatchObject({ authority: `${cloud.login}/organizations`, name: 'Renamed' })
  const wrong = await callApi('registrationSave', { key, params, body: { ...body, cloud: 'moon' } })
  expect(wrong).toMatchObject({ status: 400, json: { problems: [{ field: 'cloud' }] } })
  const back = await callApi('registrationSave', { key, params, body: { ...body, cloud: 'global' } })
  expect(back.json.authority).toBe(`${clouds.global.login}/organizations`)
})
