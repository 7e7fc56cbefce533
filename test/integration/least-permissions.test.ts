/** A mailbox asks for what it does, lives with that, and says what it cannot (M-140); over the real pages and emulators. */
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { ReconnectInput, SignInStartInput } from '../../lib/model/api-schemas.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { followLink, origin, tokenOf } from '../support/connect/connect-site.js'
import { failure } from '../support/general/failure.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'

let site: AdminSite
const tenant = 'least'
let people = 0
const ben = 'ben@contoso.example'

beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  await site.tenant(tenant)
})
afterAll(() => site.stop())
beforeEach(() => {
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'recommended' })
  site.entra.control.reset()
  site.graph.control.reset()
})

const asked = () =>
  (site.entra.control.requests.filter(({ path }) => path.endsWith('/authorize')).at(-1)?.query['scope'] ?? '')
    .split(' ')
    .map((scope) => scope.slice(scope.lastIndexOf('/') + 1))
    .filter((name) => name.startsWith('Mail.'))

/** A fresh person signs in by a link; their mailbox. */
async function connect(more: Partial<SignInStartInput>) {
  const address = `least${++people}.${process.env['ENVIRONMENT_ID']}@contoso.example`
  site.directory.addUser({ upn: address, password: 'x' })
  const wanted = { address, displayName: '', receive: true, send: true, transport: 'auto' as const }
  const { link, signInId } = await site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    { ...wanted, confirmation: 'confirmed-by-link', ...more },
  )
  await followLink(site, link, address)
  const { status, mailboxId, connectionId } = await site.gateway.connect.describeSignIn(tenant, signInId)
  expect(status).toBe('confirmed')
  return { address, mailboxId, connectionId, link }
}

async function reconnect({ mailboxId, address }: { mailboxId: string; address: string }, input: ReconnectInput = {}) {
  const { link } = await site.gateway.connect.startReconnect({ tenant, mailboxId }, input)
  await followLink(site, link, address)
}

async function send(mailboxId: string, more: object = {}) {
  const submission = parseMailSubmission({ to: [ben], subject: 'Invoice', text: 'Hi', mailboxId, ...more })
  const { mail } = await site.gateway.send.acceptMail(tenant, { submission })
  await site.gateway.send.drainLane({ v: 1, tenant, mailboxId })
  return site.gateway.send.readMail(tenant, mail.id)
}

const calls = () => site.graph.control.requests.map(({ method, path }) => `${method} ${path.replace('/v1.0', '')}`)
const warningsOf = async (id: string) =>
  (await site.gateway.admin.readMailboxFacts(tenant, id)).warnings.map(({ code }) => code)

test('M-140: who only sends asks for Mail.Send alone, needs no administrator, and sends with one call', async () => {
  const { mailboxId } = await connect({ receive: false })
  expect(asked()).toEqual(['Mail.Send'])
  site.graph.control.reset()
  const mail = await send(mailboxId)
  expect(mail).toMatchObject({ state: 'sent' })
  expect(calls()).toEqual(['POST /me/sendMail'])
  expect(await warningsOf(mailboxId)).toEqual(['send_only_permissions'])
  const checked = await site.gateway.admin.checkMailbox({ tenant, mailboxId })
  expect(checked).toMatchObject({ signIn: { verdict: 'works' }, sending: { verdict: 'not-tested' } })
  expect(checked.sending.description).toContain('may send and not open the mailbox')
})

test('M-140: the page says that only sending is asked for', async () => {
  const { link } = await site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    {
      ...{ address: `page.${process.env['ENVIRONMENT_ID']}@contoso.example`, displayName: '', transport: 'auto' },
      ...{ receive: false, send: true, confirmation: 'confirmed-by-link' },
    },
  )
  const { body } = await site.browser().visit({ method: 'GET', url: link })
  expect(body).toContain('Nothing but sending is requested')
  expect(body).not.toContain('Read the mail that arrives')
})

test.each([
  ['504-but-delivered', 1],
  ['drop-before', 0],
] as const)(
  'M-140: after %s the outcome stays unknown, and the mail says honestly that nobody can look',
  async (name, copies) => {
    const { mailboxId } = await connect({ receive: false })
    const subject = `Lost ${name}`
    site.graph.control.reset()
    site.graph.control.fail({ name, kind: 'send' })
    const lost = await send(mailboxId, { subject, whenUnknown: 'stop' })
    const later = await site.worker(10 * 60_000)
    await later.send.drainLane({ v: 1, tenant, mailboxId })
    const mail = await site.gateway.send.readMail(tenant, lost.id)
    expect(mail.state).toBe('unknown')
    expect(mail.history.at(-1)?.text).toContain('may not read the Sent folder of this mailbox')
    expect(mail.history.at(-1)?.text).not.toContain('is not in the Sent folder')
    // The only call was the one that sends: nothing was looked up with a permission that is not there.
    expect(calls().filter((call) => call !== 'POST /me/sendMail')).toEqual([])
    const inbox = site.directory.mailbox(site.directory.user(ben)!)
    const arrived = inbox.in(inbox.folder('inbox')!).filter(({ raw }) => String(raw).includes(subject))
    expect(arrived).toHaveLength(copies)
  },
)

test('M-140: a mail too large for one call is refused before any call, with the wider grant as the remedy', async () => {
  const owner = await connect({ receive: false })
  site.graph.control.reset()
  const large = { attachments: [{ filename: 'a.bin', content: Buffer.alloc(2_500_000, 7).toString('base64') }] }
  const refused = await send(owner.mailboxId, large)
  expect(refused).toMatchObject({ state: 'failed' })
  expect(refused.history.at(-1)).toMatchObject({
    code: 'mail_needs_full_permissions',
    class: 'needs-reconnect',
    remedy: expect.stringContaining('"permissions": "full"'),
  })
  expect(calls()).toEqual([])
  // The gate stays open: the next mail leaves.
  expect(await send(owner.mailboxId)).toMatchObject({ state: 'sent' })
  // With the wider grant it leaves, by a draft.
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
  await reconnect(owner, { permissions: 'full' })
  expect(asked()).toEqual(['Mail.ReadWrite', 'Mail.Send'])
  expect(await warningsOf(owner.mailboxId)).toEqual([])
  site.graph.control.reset()
  expect(await send(owner.mailboxId, large)).toMatchObject({ state: 'sent' })
  expect(calls().filter((call) => call.includes('sendMail'))).toEqual([])
  // Another reconnect asks for no less than it had.
  await reconnect(owner)
  expect(asked()).toEqual(['Mail.ReadWrite', 'Mail.Send'])
})

test('M-140: who only receives and leaves mail where it is asks for Mail.Read, and an action that needs more is refused when it is chosen', async () => {
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
  const owner = await connect({ send: false })
  expect(asked()).toEqual(['Mail.Read'])
  const { mailboxId, connectionId } = owner
  const receive = { transport: 'graph' as const, connectionId, folder: 'inbox' }
  const change = (action: 'mark-read' | 'delete' | 'leave') =>
    site.gateway.admin.changeMailbox({ tenant, mailboxId }, { receive: { ...receive, after: { action } } })
  for (const action of ['mark-read', 'delete'] as const)
    expect(await failure(change(action))).toMatchObject({
      ...{ code: 'permission_not_granted', status: 409, field: 'receive.after' },
      description: expect.stringContaining('Mail.ReadWrite'),
      remedy: expect.stringContaining('"permissions": "full"'),
    })
  const settings = { values: { afterReceive: 'mark-read' } }
  expect(await failure(site.gateway.admin.saveMailboxSettings({ tenant, mailboxId }, settings))).toMatchObject({
    ...{ code: 'permission_not_granted', field: 'afterReceive' },
  })
  expect(
    await failure(
      site.gateway.admin.changeMailbox({ tenant, mailboxId }, { send: { transport: 'graph', connectionId } }),
    ),
  ).toMatchObject({ code: 'permission_not_granted', field: 'send' })
  // The controls: what the grant carries, and the same action with the wider one.
  await change('leave')
  await reconnect(owner, { permissions: 'full' })
  expect((await change('mark-read')).receive).toMatchObject({ after: { action: 'mark-read' } })
})

test('M-140: an action chosen for everybody later stops no poll: mail arrives, stays as it is, and it is told', async () => {
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
  const owner = await connect({ send: false })
  const { mailboxId, address } = owner
  const poll = async () => (await site.worker()).receive.pollBatch({ v: 1, mailboxes: [{ tenant, mailboxId }] })
  await poll()
  await site.gateway.admin.saveTenantSettings({ tenant, purpose: '' }, { values: { afterReceive: 'mark-read' } })
  try {
    const { id } = site.directory.deliver(
      address,
      `From: kim@example.com\r\nMessage-ID: <${mailboxId}@x>\r\n\r\nHi\r\n`,
    )
    const box = site.directory.mailbox(site.directory.user(address)!)
    expect(await poll()).toMatchObject([{ outcome: 'mail', handedOver: 1, code: '' }])
    expect(box.message(id)?.isRead).toBe(false)
    expect(await warningsOf(mailboxId)).toEqual(['after_receive_not_granted'])
    const { receiving } = await site.gateway.admin.readMailboxFacts(tenant, mailboxId)
    expect(receiving).toMatchObject({ failures: 0, problem: '' })
    // Who connects now is asked for what the setting needs.
    await connect({ send: false })
    expect(asked()).toEqual(['Mail.ReadWrite'])
    // And whoever says so is asked for less.
    await connect({ send: false, after: { action: 'leave' } })
    expect(asked()).toEqual(['Mail.Read'])
    await reconnect(owner, { permissions: 'full' })
    expect(await warningsOf(mailboxId)).toEqual([])
    const second = site.directory.deliver(
      address,
      `From: kim@example.com\r\nMessage-ID: <2${mailboxId}@x>\r\n\r\nHi\r\n`,
    )
    expect(await poll()).toMatchObject([{ outcome: 'mail', handedOver: 1 }])
    expect(box.message(second.id)?.isRead).toBe(true)
  } finally {
    await site.gateway.admin.saveTenantSettings({ tenant, purpose: '' }, { values: {} })
  }
})

test('M-140: a connection of before, whose grant carries more, sends by draft as it did', async () => {
  site.entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'legacy' })
  const { mailboxId } = await connect({ receive: false, permissions: 'full' })
  site.graph.control.reset()
  expect(await send(mailboxId)).toMatchObject({ state: 'sent' })
  expect(calls()[0]).toBe('POST /me/messages')
})

test('M-140: who names themselves for a shared mailbox that only sends still shows that they may open it', async () => {
  const shared = `desk${++people}.${process.env['ENVIRONMENT_ID']}@contoso.example`
  site.directory.addUser({ upn: shared, kind: 'shared', fullAccess: [], sendAs: [] })
  const { link } = await site.gateway.connect.startSignIn(
    { tenant, role: 'tenant-admin' },
    {
      ...{ address: shared, displayName: '', transport: 'auto', receive: false, send: true },
      confirmation: 'confirmed-by-link',
    },
  )
  const browser = site.browser()
  const page = await browser.visit({ method: 'GET', url: link })
  const form = { token: tokenOf(page.body), provider: 'microsoft', delegate: ben }
  const sent = await browser.visit({ method: 'POST', url: link, form, from: origin }, false)
  expect(new URL(sent.headers['location'] ?? '').searchParams.get('scope')).toContain('Mail.ReadWrite.Shared')
})
