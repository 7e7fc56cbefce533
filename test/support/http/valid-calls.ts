/** A call of every operation that succeeds, each with ids of its own, so that order and repetition do not matter. */

import type { Connection } from '../../../lib/model/connection.js'
import { storageNames } from '../../../lib/model/names.js'
import { connectionToRow } from '../../../lib/rows/connections.js'
import { registrationInput } from '../connect/connect-site.js'
import { startOwnServers } from '../connect/server-mailbox.js'
import { sampleConnection } from '../general/sample-connection.js'
import type { AdminSite } from './admin-site.js'
import { type ApiInput, callApi, type OperationKey } from './api-call.js'

export type Input = Omit<ApiInput, 'key'>
/** `by`: only operators may, and it is the deployment's, not the tenant's. */
export type ValidInput = Input & { by?: 'operator' }

const returnUrl = 'https://app.example.com/back'
const binding = 'session-of-the-app-user'
let count = 0

type Tenant = Awaited<ReturnType<AdminSite['tenant']>>
type Box = Awaited<ReturnType<AdminSite['mailbox']>>

export async function validCalls(site: AdminSite, tenant: Tenant, box: Box) {
  const environment = process.env['ENVIRONMENT_ID'] ?? ''
  await site.gateway.admin.addReturnUrl(tenant.id, returnUrl)
  const made = async (name: OperationKey, body: object): Promise<Input> => {
    const { json } = await callApi(name, { key: tenant.key, body })
    return { params: { id: json.id ?? json.signInId } }
  }
  const submission = { mailboxId: box.mailboxId, to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
  const mail = (more: object = {}): Promise<Input> => made('mailSubmit', { ...submission, ...more })
  const wanted = (address: string) => ({ address, displayName: '', receive: true, send: false, transport: 'auto' })
  const connection = async (mode: Connection['mode']): Promise<string> => {
    const { id, registrationId } = tenant
    const row = sampleConnection({ mode, provider: 'microsoft', tenant: id, registrationId })
    await site.tables.insert(storageNames(environment).table('connections'), connectionToRow(row))
    return row.id
  }
  /** A mailbox at a mail server, by password; the servers stop with the site. */
  let own: ReturnType<typeof startOwnServers> | undefined
  const serverMailbox = async () => {
    if (own === undefined) {
      const { stop } = site
      const started = startOwnServers()
      own = started
      site.stop = async () => {
        await (await started).stop()
        await stop()
      }
    }
    const { imap, ca, passwords } = await own
    const address = `server${++count}.${environment}@postbox.example`
    passwords.set(address, 'p')
    const server = { host: 'localhost', port: imap.port, tls: 'implicit', ca }
    return { body: { address, receive: { imap: server, login: { password: 'p' } } } }
  }
  // An address is one endpoint, so each call names one of its own.
  const webhook = () => ({ url: `https://app.example.com/hook-${++count}` })
  const box1 = (): Input => ({ params: { id: box.mailboxId } })
  let arrived: Promise<Input> | undefined
  /** A mail with one attachment, received. */
  const received = async (): Promise<Input> => {
    arrived ??= receive()
    return arrived
  }
  const receive = async (): Promise<Input> => {
    const part = 'Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\nx'
    const messageId = `<with-attachment-${++count}@b.example>`
    const head = `From: a@b.example\r\nTo: ${box.address}\r\nSubject: s\r\nMessage-ID: ${messageId}\r\nContent-Type: multipart/mixed; boundary=b`
    site.directory.deliver(box.address, `${head}\r\n\r\n--b\r\n${part}\r\n--b--\r\n`)
    await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant: tenant.id, mailboxId: box.mailboxId }] })
    const { json } = await callApi('receivedList', { key: tenant.key, ...box1() })
    // Mails of one millisecond are listed in the order of their ids, so the newest need not stand first.
    const mail = json.mails.find((one: { messageId: string }) => one.messageId === messageId)
    return { params: { id: box.mailboxId, mail: mail.id, index: '0' } }
  }

  /** A call of each operation that changes something; `~` when it is the deployment's. */
  const changes: Partial<Record<OperationKey, () => Promise<ValidInput>>> = {
    tenantCreate: async () => ({ by: 'operator', body: { id: `new-${++count}`, name: 'New' } }),
    tenantRemove: async () => {
      const id = `gone-${++count}`
      await site.gateway.admin.createTenant({ id, name: 'Gone' })
      return { by: 'operator', params: { id } }
    },
    holderRelease: async () => {
      const { holders } = await site.gateway.admin.findHolders(box.address)
      return { by: 'operator', params: { id: holders[0]!.id } }
    },
    keyCreate: async () => ({ body: { role: 'app', name: 'shop' } }),
    keyRemove: () => made('keyCreate', { role: 'app', name: 'shop' }),
    returnUrlAdd: async () => ({ body: { url: 'https://app.example.com/other' } }),
    returnUrlRemove: () => made('returnUrlAdd', { url: 'https://app.example.com/third' }),
    webhookAdd: async () => ({ body: webhook() }),
    webhookRemove: () => made('webhookAdd', webhook()),
    registrationCreate: async () => ({ body: registrationInput }),
    registrationSave: async () => ({
      ...(await made('registrationCreate', registrationInput)),
      body: registrationInput,
    }),
    registrationRetry: () => made('registrationCreate', registrationInput),
    registrationRemove: async () => ({
      ...(await made('registrationCreate', registrationInput)),
      // Whoever signs in meanwhile may use it.
      query: { force: 'true' },
    }),
    settingsSave: async () => ({ body: {} }),
    settingsReset: async () => ({}),
    mailboxSettingsSave: async () => ({ ...box1(), body: {} }),
    mailboxSettingsReset: async () => box1(),
    signInStart: async () => ({ body: { ...wanted('new@contoso.example'), confirmation: 'tenant-admin' } }),
    reconnectLinksCreate: async () => ({ body: { mailboxIds: [box.mailboxId] } }),
    signInRedeem: async () => {
      const { signInId, code } = await site.signedIn(tenant.id, { confirmation: 'result-code', returnUrl, binding })
      return { params: { id: signInId }, body: { code, binding } }
    },
    signInConfirm: async () => {
      const { signInId } = await site.signedIn(tenant.id, { confirmation: 'tenant-admin' })
      return { params: { id: signInId } }
    },
    signInReject: async () => {
      const { signInId } = await site.signedIn(tenant.id, { confirmation: 'tenant-admin' })
      return { params: { id: signInId } }
    },
    adminConsentStart: async () => ({ body: {} }),
    connectionRetry: async () => ({ params: { id: box.connectionId } }),
    connectionRemove: async () => ({ params: { id: await connection('delegated') } }),
    mailboxCreate: async () => {
      const address = `app${++count}.${environment}@fabrikam.example`
      site.directory.addUser({ upn: address, password: 'x' })
      return { body: { connectionId: await connection('app-only'), address } }
    },
    serverMailboxCreate: serverMailbox,
    connectionPasswordSave: async () => {
      const { json } = await callApi('serverMailboxCreate', { key: tenant.key, ...(await serverMailbox()) })
      return { params: { id: json.receiveConnectionId }, body: { password: 'p' } }
    },
    mailboxChange: async () => ({ ...box1(), body: { description: 'changed' } }),
    mailboxRemove: async () => ({ params: { id: (await site.mailbox(tenant.id)).mailboxId } }),
    mailboxPoll: async () => box1(),
    mailboxCheck: async () => box1(),
    mailboxImport: async () => box1(),
    mailboxRetryMails: async () => box1(),
    mailboxReconnect: async () => box1(),
    mailboxTestMail: async () => ({ ...box1(), body: {} }),
    mailRelease: () => mail(),
    mailCancel: () => mail(),
    mailRetry: () => mail({ hold: false }),
    mailSendNow: () => mail({ hold: false, notBefore: new Date(Date.now() + 86_400_000).toISOString() }),
    mailResolve: async () => {
      const { params } = await mail()
      const id = params!['id']!
      const names = storageNames(environment)
      const row = { partitionKey: `${tenant.id}~${id.slice(0, 2)}`, rowKey: id, state: 'unknown', held: false }
      await site.tables.upsert(names.table('mails'), row)
      return { params: { id }, body: { outcome: 'sent' } }
    },
  }

  const nothing = async (): Promise<ValidInput> => ({})
  const reads: Partial<Record<OperationKey, () => Promise<ValidInput>>> = {
    tenantList: async () => ({ by: 'operator' }),
    holderList: async () => ({ by: 'operator', query: { address: box.address } }),
    signInShow: () => made('signInStart', { ...wanted('new@contoso.example'), confirmation: 'tenant-admin' }),
    mailSubmit: async () => ({ body: submission }),
    mailShow: () => mail(),
    mailboxShow: async () => box1(),
    mailboxSettingsShow: async () => box1(),
    receivedList: async () => box1(),
    receivedShow: received,
    receivedRaw: received,
    receivedAttachment: received,
    ...{ tenantShow: nothing, keyList: nothing, returnUrlList: nothing, webhookList: nothing, mailList: nothing },
    ...{
      registrationList: nothing,
      settingsShow: nothing,
      mailboxList: nothing,
      adminConsentList: nothing,
      signInList: nothing,
    },
    ...{ connectionList: nothing, logList: nothing, attentionList: nothing },
  }
  return { changes, reads }
}
