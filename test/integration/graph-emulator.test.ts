import {
  BatchRequestContent,
  type BatchResponseContent,
  Client,
  type Context,
  FileUpload,
  LargeFileUploadTask,
  type Middleware,
  ResponseType,
} from '@microsoft/microsoft-graph-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demo, demoDirectory } from '../../local/emulators/demo-directory.js'
import type { Directory } from '../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../local/emulators/entra/start-entra.js'
import { type Graph, startGraph } from '../../local/emulators/graph/start-graph.js'

const ana = 'ana@contoso.example'
const ben = 'ben@contoso.example'
const info = 'info@contoso.example'
const redirectUri = 'http://localhost/api/oauth/callback'
const immutable = { Prefer: 'IdType="ImmutableId"' }

let directory: Directory
let entra: Entra
let graph: Graph
let outside: { from: string; to: string[]; raw: Buffer }[]

beforeEach(async () => {
  directory = demoDirectory()
  outside = []
  entra = await startEntra({ directory })
  graph = await startGraph({ directory, entra, onDeliver: (from, to, raw) => void outside.push({ from, to, raw }) })
})
afterEach(() => Promise.all([graph.stop(), entra.stop()]))

const scopes = 'User.Read Mail.ReadWrite Mail.Send Mail.ReadWrite.Shared Mail.Send.Shared'

async function token(upn: string, scope = scopes): Promise<string> {
  const ask = new URLSearchParams({ client_id: demo.clientId, redirect_uri: redirectUri, response_type: 'code', scope })
  const { fields } = await entra.control.signInAs(`${entra.url}/common/oauth2/v2.0/authorize?${ask}`, upn)
  return redeem({ grant_type: 'authorization_code', code: fields['code']!, redirect_uri: redirectUri })
}

const appToken = () => redeem({ grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' })

async function redeem(form: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ client_id: demo.clientId, client_secret: demo.clientSecret, ...form })
  const response = await fetch(`${entra.url}/${demo.tenantId}/oauth2/v2.0/token`, { method: 'POST', body })
  return ((await response.json()) as { access_token: string }).access_token
}

/** Microsoft's client as it is, with its last link replaced: the two Microsoft origins are mapped to the emulator. */
function clientWith(accessToken: string): Client {
  const authenticate: Middleware & { next?: Middleware } = {
    async execute(context: Context) {
      const url = new URL(context.request as string)
      if (url.host === 'graph.microsoft.com') {
        const headers = new Headers(context.options?.headers as Record<string, string>)
        headers.set('authorization', `Bearer ${accessToken}`)
        context.options = { ...context.options, headers: Object.fromEntries(headers) }
      }
      await this.next?.execute(context)
    },
    setNext(next) {
      this.next = next
    },
  }
  const send: Middleware = {
    async execute(context: Context) {
      const url = new URL(context.request as string)
      if (!['graph.microsoft.com', 'outlook.office.com'].includes(url.host)) throw new Error(`Foreign host ${url.host}`)
      context.response = await fetch(graph.url + url.pathname + url.search, context.options)
    },
  }
  return Client.initWithMiddleware({ middleware: [authenticate, send] })
}

const clientFor = async (upn: string, scope?: string) => clientWith(await token(upn, scope))

interface Message {
  id: string
  subject: string
  isRead: boolean
  internetMessageId: string
  '@removed'?: { reason: string }
}
interface Page {
  value: Message[]
  '@odata.nextLink'?: string
  '@odata.deltaLink'?: string
}

const mail = (subject: string, more = '') =>
  `From: Shop <shop@shop.example>\r\nTo: ${ana}\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@shop.example>\r\n${more}\r\nHello ${subject}\r\n`

const inboxOf = (upn: string) => {
  const mailbox = directory.mailbox(directory.user(upn)!)
  return mailbox.in(mailbox.folder('inbox')!)
}
const sentOf = (upn: string) => {
  const mailbox = directory.mailbox(directory.user(upn)!)
  return mailbox.in(mailbox.folder('sentitems')!)
}

async function walk(client: Client, start: string, prefer = 'odata.maxpagesize=2, IdType="ImmutableId"') {
  const pages: Message[][] = []
  let page = (await client.api(start).header('Prefer', prefer).get()) as Page
  pages.push(page.value)
  while (page['@odata.nextLink']) {
    page = (await client.api(page['@odata.nextLink']).header('Prefer', prefer).get()) as Page
    pages.push(page.value)
  }
  return { pages, all: pages.flat(), deltaLink: page['@odata.deltaLink']! }
}

test('no token, a bad token and a token for Outlook are 401; a missing scope is 403', async () => {
  const get = async (authorization?: string) => {
    const response = await fetch(`${graph.url}/v1.0/me`, authorization ? { headers: { authorization } } : {})
    return { status: response.status, code: ((await response.json()) as { error: { code: string } }).error.code }
  }
  expect(await get()).toEqual({ status: 401, code: 'InvalidAuthenticationToken' })
  expect(await get('Bearer x.y.z')).toMatchObject({ status: 401 })
  expect(await get(`Bearer ${await token(ana, 'https://outlook.office.com/IMAP.AccessAsUser.All')}`)).toMatchObject({
    status: 401,
  })
  const reader = await clientFor(ana, 'User.Read Mail.Read')
  expect(await reader.api('/me').get()).toMatchObject({ mail: ana, userPrincipalName: ana })
  await expect(reader.api('/me/sendMail').post({})).rejects.toMatchObject({
    statusCode: 403,
    code: 'ErrorAccessDenied',
  })
})

test('lists with filter, order, select and pages whose links point to graph.microsoft.com', async () => {
  for (let i = 0; i < 5; i++) directory.deliver(ana, mail(`m${i}`))
  const client = await clientFor(ana)
  const first = (await client.api('/me/mailFolders/inbox/messages').top(2).select('id,subject').get()) as Page
  expect(first['@odata.nextLink']).toMatch(/^https:\/\/graph\.microsoft\.com\/v1\.0\/me\//)
  expect(Object.keys(first.value[0]!).sort()).toEqual(['@odata.etag', 'id', 'subject'])
  const { all } = await walk(client, '/me/mailFolders/inbox/messages?$top=2')
  expect(new Set(all.map((m) => m.subject))).toEqual(new Set(['m0', 'm1', 'm2', 'm3', 'm4']))
  const byId = (await client.api('/me/messages').filter("internetMessageId eq '<m3@shop.example>'").get()) as Page
  expect(byId.value.map((m) => m.subject)).toEqual(['m3'])
  const unsorted = client.api('/me/messages').filter('isRead eq false').orderby('receivedDateTime desc')
  await expect(unsorted.get()).rejects.toMatchObject({ statusCode: 400, code: 'InefficientFilter' })
})

test('raw MIME keeps every byte', async () => {
  const raw = Buffer.concat([Buffer.from(mail('bytes')), Buffer.from([0xff, 0x00, 0xfe])])
  const { id } = directory.mailbox(directory.user(ana)!).add('inbox', { raw })
  const client = await clientFor(ana)
  const got = (await client
    .api(`/me/messages/${id}/$value`)
    .responseType(ResponseType.ARRAYBUFFER)
    .get()) as ArrayBuffer
  expect(Buffer.from(got).equals(raw)).toBe(true)
})

test('ids change with a move unless immutable ones are asked for', async () => {
  const { id, immutableId } = directory.deliver(ana, mail('move me'))
  const client = await clientFor(ana)
  const moved = (await client.api(`/me/messages/${id}/move`).post({ destinationId: 'archive' })) as Message
  expect(moved.id).not.toBe(id)
  await expect(client.api(`/me/messages/${id}`).get()).rejects.toMatchObject({
    statusCode: 404,
    code: 'ErrorItemNotFound',
  })
  const stable = (await client.api(`/me/messages/${immutableId}`).headers(immutable).get()) as Message
  expect(stable.id).toBe(immutableId)
})

test('delta: pages, then only changes, removals and moves', async () => {
  for (let i = 0; i < 5; i++) directory.deliver(ana, mail(`d${i}`))
  const client = await clientFor(ana)
  const first = await walk(client, '/me/mailFolders/inbox/messages/delta?$select=subject,isRead')
  expect(first.pages.map((p) => p.length)).toEqual([2, 2, 1])
  expect((await walk(client, first.deltaLink)).all).toEqual([])

  const [d0, d1, d2] = first.all
  await client
    .api(`/me/messages/${d0!.id}`)
    .headers(immutable)
    .patch({ isRead: true, categories: ['Processed'] })
  await client.api(`/me/messages/${d1!.id}/move`).headers(immutable).post({ destinationId: 'archive' })
  await client.api(`/me/messages/${d2!.id}`).headers(immutable).delete()
  directory.deliver(ana, mail('d5'))
  const second = await walk(client, first.deltaLink)
  expect(second.all.filter((m) => !m['@removed']).map((m) => [m.subject, m.isRead])).toEqual([
    ['d0', true],
    ['d5', false],
  ])
  expect(
    second.all
      .filter((m) => m['@removed'])
      .map((m) => m.id)
      .sort(),
  ).toEqual([d1!.id, d2!.id].sort())
  // The link stays good: a crash before the new one was stored repeats the round.
  expect((await walk(client, first.deltaLink)).all).toHaveLength(second.all.length)
})

test('delta changeType=created leaves out read marks; a filter by time caps the round', async () => {
  const { id } = directory.deliver(ana, mail('old'))
  const client = await clientFor(ana)
  const soon = new Date(Date.now() + 60_000).toISOString()
  const none = await walk(client, `/me/mailFolders/inbox/messages/delta?$filter=receivedDateTime ge ${soon}`)
  expect(none.all).toEqual([])
  const { deltaLink } = await walk(client, '/me/mailFolders/inbox/messages/delta?changeType=created')
  await client.api(`/me/messages/${id}`).patch({ isRead: true })
  directory.deliver(ana, mail('new'))
  expect((await walk(client, deltaLink)).all.map((m) => m.subject)).toEqual(['new'])
})

test('a forgotten delta link is 410 with a Location to start over; gone@ always does it', async () => {
  const client = await clientFor(ana)
  const { deltaLink } = await walk(client, '/me/mailFolders/inbox/messages/delta')
  graph.control.forgetDeltaLinks(ana)
  const error = await client
    .api(deltaLink)
    .get()
    .catch((e: unknown) => e as { statusCode: number; code: string; headers: Headers })
  expect(error).toMatchObject({ statusCode: 410, code: 'syncStateNotFound' })
  const fresh = (error as { headers: Headers }).headers.get('location')!
  expect((await walk(client, fresh)).deltaLink).toBeTruthy()

  const gone = await clientFor('gone@contoso.example')
  const round = await walk(gone, '/me/mailFolders/inbox/messages/delta')
  await expect(gone.api(round.deltaLink).get()).rejects.toMatchObject({ statusCode: 410 })
})

test('sendMail as JSON: 202, delivered inside and outside, copy in Sent Items, no Bcc for recipients', async () => {
  const client = await clientFor(ana)
  const to = (address: string) => ({ emailAddress: { address } })
  await client.api('/me/sendMail').post({
    message: {
      subject: 'Offer',
      body: { contentType: 'HTML', content: '<p>Hi</p>' },
      toRecipients: [to(ben), to('kim@shop.example')],
      bccRecipients: [to(info)],
      internetMessageHeaders: [{ name: 'x-mail-id', value: '42' }],
      attachments: [{ '@odata.type': '#microsoft.graph.fileAttachment', name: 'a.txt', contentBytes: 'aGVsbG8=' }],
    },
  })
  expect(inboxOf(ben)).toHaveLength(1)
  expect(inboxOf(info)[0]?.raw.toString()).not.toMatch(/^bcc:/im)
  expect(outside).toMatchObject([{ from: ana, to: ['kim@shop.example'] }])
  expect(outside[0]?.raw.toString()).toMatch(/^X-Mail-Id: 42\r$/im)
  expect(sentOf(ana)[0]?.raw.toString()).toMatch(/^bcc: .*info@/im)
})

test('sendMail as MIME keeps the Message-ID; bad base64 and missing recipients are 400', async () => {
  const client = await clientFor(ana)
  const send = (body: string) => client.api('/me/sendMail').header('Content-Type', 'text/plain').post(body)
  const raw = `From: ${ana}\r\nTo: ${ben}\r\nSubject: Mime\r\nMessage-ID: <keep@contoso.example>\r\n\r\nText\r\n`
  await send(Buffer.from(raw).toString('base64'))
  expect(inboxOf(ben)[0]?.raw.toString()).toContain('<keep@contoso.example>')
  await expect(send('not base64!')).rejects.toMatchObject({
    statusCode: 400,
    code: 'ErrorMimeContentInvalidBase64String',
  })
  await expect(send(Buffer.from('Subject: x\r\n\r\n').toString('base64'))).rejects.toMatchObject({
    code: 'ErrorInvalidRecipients',
  })
})

test('draft, large attachment in pieces, send; the immutable id finds the sent copy', async () => {
  const client = await clientFor(ana)
  const draft = (await client
    .api('/me/messages')
    .headers(immutable)
    .post({
      subject: 'Big',
      body: { contentType: 'Text', content: 'See file' },
      toRecipients: [{ emailAddress: { address: ben } }],
    })) as Message & { isDraft: boolean }
  expect(draft).toMatchObject({ isDraft: true, internetMessageId: expect.stringMatching(/^<.+>$/) })

  const bytes = Buffer.alloc(5 * 1024 * 1024, 7)
  const session = await LargeFileUploadTask.createUploadSession(
    client,
    `https://graph.microsoft.com/v1.0/me/messages/${draft.id}/attachments/createUploadSession`,
    { AttachmentItem: { attachmentType: 'file', name: 'big.bin', size: bytes.length } },
  )
  expect(session.url).toMatch(/^https:\/\/outlook\.office\.com\//)
  const file = new FileUpload(bytes, 'big.bin', bytes.length)
  const task = new LargeFileUploadTask(client, file, session, { rangeSize: 10 * 320 * 1024 })
  const result = await task.upload()
  expect(result.location).toContain('/attachments(')
  expect(graph.control.counters.requests['upload']).toBe(2)

  await client.api(`/me/messages/${draft.id}/send`).headers(immutable).post({})
  const sent = (await client.api(`/me/messages/${draft.id}`).headers(immutable).get()) as Message & {
    isDraft: boolean
    parentFolderId: string
  }
  expect(sent.isDraft).toBe(false)
  expect(sent.parentFolderId).toBe(directory.mailbox(directory.user(ana)!).folder('sentitems')!.id)
  expect(inboxOf(ben)[0]!.raw.length).toBeGreaterThan(bytes.length)
  await expect(client.api(`/me/messages/${draft.id}/send`).post({})).rejects.toMatchObject({ statusCode: 400 })
})

test('upload pieces must come in order and without a bearer token', async () => {
  const client = await clientFor(ana)
  const draft = (await client.api('/me/messages').post({ subject: 'x' })) as Message
  const path = `/me/messages/${draft.id}/attachments/createUploadSession`
  const session = (await client
    .api(path)
    .post({ AttachmentItem: { attachmentType: 'file', name: 'f', size: 10 } })) as { uploadUrl: string }
  const put = (range: string, headers: Record<string, string> = {}) =>
    fetch(session.uploadUrl.replace('https://outlook.office.com', graph.url), {
      method: 'PUT',
      body: 'abcde',
      headers: { 'content-range': range, ...headers },
    })
  expect((await put('bytes 5-9/10')).status).toBe(416)
  expect((await put('bytes 0-4/10', { authorization: 'Bearer x' })).status).toBe(401)
  expect(await (await put('bytes 0-4/10')).json()).toMatchObject({ nextExpectedRanges: ['5-'] })
  expect((await put('bytes 5-9/10')).status).toBe(201)
})

test('shared mailbox: the delegate reads and sends as it, others are refused', async () => {
  directory.deliver(info, mail('to info'))
  const delegate = await clientFor(ana)
  expect(((await delegate.api(`/users/${info}/messages`).get()) as Page).value).toHaveLength(1)
  const message = {
    subject: 's',
    body: { contentType: 'Text', content: 't' },
    toRecipients: [{ emailAddress: { address: ben } }],
  }
  await delegate.api(`/users/${info}/sendMail`).post({ message })
  expect(inboxOf(ben)[0]?.raw.toString()).toContain('From: Contoso Info <info@contoso.example>')

  const stranger = await clientFor(ben)
  await expect(stranger.api(`/users/${info}/messages`).get()).rejects.toMatchObject({ code: 'ErrorAccessDenied' })
  const asInfo = { ...message, from: { emailAddress: { address: info } } }
  await expect(stranger.api('/me/sendMail').post({ message: asInfo })).rejects.toMatchObject({
    statusCode: 403,
    code: 'ErrorSendAsDenied',
  })
})

test('app-only: any mailbox of the tenant by its address, never /me, never another tenant', async () => {
  directory.deliver(ben, mail('hello'))
  const client = clientWith(await appToken())
  expect(((await client.api(`/users/${ben}/messages`).get()) as Page).value).toHaveLength(1)
  await expect(client.api('/me/messages').get()).rejects.toMatchObject({ statusCode: 400 })
  await expect(client.api('/users/fay@fabrikam.example/messages').get()).rejects.toMatchObject({
    statusCode: 404,
    code: 'ErrorInvalidUser',
  })
})

test('an unknown address in our own domain comes back as a non-delivery report', async () => {
  const client = await clientFor(ana)
  const message = {
    subject: 'Hi',
    body: { contentType: 'Text', content: 't' },
    toRecipients: [{ emailAddress: { address: 'nobody@contoso.example' } }],
  }
  await client.api('/me/sendMail').post({ message })
  expect(inboxOf(ana)[0]?.raw.toString()).toMatch(/Final-Recipient: rfc822;nobody@contoso\.example/)
})

const minimal = {
  message: {
    subject: 'f',
    body: { contentType: 'Text', content: 't' },
    toRecipients: [{ emailAddress: { address: ben } }],
  },
}

test.each([
  ['504-but-delivered', 504, 1],
  ['drop-after-delivered', -1, 1],
  ['drop-before', -1, 0],
  ['throttled', 429, 0],
  ['unavailable', 503, 0],
] as const)(
  'ordered fault %s on a send: status %i, %i delivered, and the next send is fine',
  async (name, statusCode, delivered) => {
    const client = await clientFor(ana)
    graph.control.fail({ name, user: ana })
    await expect(client.api('/me/sendMail').post(minimal)).rejects.toMatchObject({ statusCode })
    expect(inboxOf(ben)).toHaveLength(delivered)
    await client.api('/me/sendMail').post(minimal)
    expect(inboxOf(ben)).toHaveLength(delivered + 1)
  },
)

test('after 504-but-delivered the draft is found in Sent Items by its immutable id', async () => {
  const client = await clientFor(ana)
  const draft = (await client.api('/me/messages').headers(immutable).post(minimal.message)) as Message
  graph.control.fail({ name: '504-but-delivered' })
  const send = client.api(`/me/messages/${draft.id}/send`).headers(immutable)
  await expect(send.post({})).rejects.toMatchObject({ statusCode: 504 })
  expect(await client.api(`/me/messages/${draft.id}`).headers(immutable).get()).toMatchObject({ isDraft: false })
})

test.each([
  ['throttled', 429],
  ['unavailable', 503],
  ['nomailbox', 404],
] as const)('%s@ answers %i to every mail request', async (name, statusCode) => {
  const client = await clientFor(`${name}@contoso.example`)
  expect(await client.api('/me').get()).toMatchObject({ mail: `${name}@contoso.example` })
  await expect(client.api('/me/messages').get()).rejects.toMatchObject({ statusCode })
})

test('sendasdenied@, quota@ and timeout@ misbehave when sending', async () => {
  const send = async (name: string) => (await clientFor(`${name}@contoso.example`)).api('/me/sendMail').post(minimal)
  await expect(send('sendasdenied')).rejects.toMatchObject({ code: 'ErrorSendAsDenied' })
  await expect(send('quota')).rejects.toMatchObject({ statusCode: 507 })
  expect(inboxOf(ben)).toHaveLength(0)
  await expect(send('timeout')).rejects.toMatchObject({ statusCode: 504 })
  expect(inboxOf(ben)).toHaveLength(1)
})

test('malformed JSON, links to a foreign host, Retry-After as a date', async () => {
  for (let i = 0; i < 3; i++) directory.deliver(ana, mail(`x${i}`))
  const client = await clientFor(ana)
  graph.control.fail({ name: 'malformed' })
  await expect(client.api('/me/messages').get()).rejects.toThrow()
  graph.control.fail({ name: 'foreign-next-link' })
  const page = (await client.api('/me/messages').top(1).get()) as Page
  expect(page['@odata.nextLink']).toMatch(/^https:\/\/graph\.example\.net\//)
  graph.control.fail({ status: 429, retryAfterDate: 30 })
  const error = (await client
    .api('/me/messages')
    .get()
    .catch((e: unknown) => e)) as { headers: Headers }
  expect(Date.parse(error.headers.get('retry-after')!)).toBeGreaterThan(Date.now())
})

test('P-09: a fifth request at once is 429 MailboxConcurrency and counted; four are fine', async () => {
  const client = await clientFor(ana)
  graph.control.setLatency(100)
  const burst = (n: number) => Promise.allSettled(Array.from({ length: n }, () => client.api('/me/messages').get()))
  expect((await burst(4)).every((r) => r.status === 'fulfilled')).toBe(true)
  expect(graph.control.counters.concurrencyViolations).toBe(0)
  const refused = (await burst(5)).filter((r) => r.status === 'rejected')
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject({ reason: { statusCode: 429, code: 'ApplicationThrottled' } })
  expect(graph.control.counters).toMatchObject({ concurrencyViolations: 1, peakConcurrency: 5 })
})

test('a request over 4 MB is 413', async () => {
  const client = await clientFor(ana)
  const body = { contentType: 'Text', content: 'x'.repeat(4.1 * 1024 * 1024) }
  await expect(client.api('/me/messages').post({ subject: 's', body })).rejects.toMatchObject({ statusCode: 413 })
})

test('headers that do not begin with x- and unknown properties are refused', async () => {
  const client = await clientFor(ana)
  const draft = (more: object) => client.api('/me/messages').post({ subject: 's', ...more })
  await expect(draft({ internetMessageHeaders: [{ name: 'In-Reply-To', value: '<a>' }] })).rejects.toMatchObject({
    code: 'InvalidInternetMessageHeader',
  })
  await expect(draft({ subjekt: 'x' })).rejects.toMatchObject({ code: 'RequestBodyRead' })
})

test('$batch: twenty at most, each with its own verdict', async () => {
  const client = await clientFor(ana)
  const content = new BatchRequestContent()
  content.addRequest({ id: '1', request: new Request('https://graph.microsoft.com/me') })
  content.addRequest({ id: '2', request: new Request('https://graph.microsoft.com/me/messages/nope') })
  const raw = (await client.api('/$batch').post(await content.getContent())) as {
    responses: Parameters<BatchResponseContent['update']>[0]['responses']
  }
  expect(raw.responses).toMatchObject([
    { id: '1', status: 200, body: { mail: ana } },
    { id: '2', status: 404 },
  ])
  const requests = Array.from({ length: 21 }, (_, i) => ({ id: `${i}`, method: 'GET', url: '/me' }))
  await expect(client.api('/$batch').post({ requests })).rejects.toMatchObject({ statusCode: 400 })
})

test('N10: a mail is answered in the web mail as its reader, also to people elsewhere; the answer names the mail it answers', async () => {
  const raw = `From: ${ana}\r\nTo: ${ben}\r\nSubject: Hello\r\nMessage-ID: <hello@contoso.example>\r\n\r\nIt works.\r\n`
  const { immutableId } = directory.deliver(ben, raw)
  const page = `${graph.url}/mail/${ben}/${immutableId}`
  expect(await (await fetch(page)).text()).toContain(`Send to ${ana}`)
  const form = new URLSearchParams({ text: 'Seen, thanks.' })
  const before = inboxOf(ana).length
  expect((await fetch(page, { method: 'POST', body: form, redirect: 'manual' })).status).toBe(302)
  const answer = inboxOf(ana).at(-1)?.raw.toString() ?? ''
  expect(inboxOf(ana)).toHaveLength(before + 1)
  expect(answer).toMatch(/^Subject: Re: Hello\r$/m)
  expect(answer).toMatch(/^In-Reply-To: <hello@contoso\.example>\r$/m)
  expect(answer).toMatch(new RegExp(`^From: .*<?${ben}>?\r$`, 'm'))
  expect(answer).toContain('Seen, thanks.')
  expect(await (await fetch(`${graph.url}/mail/${ben}?folder=sentitems`)).text()).toContain('Re: Hello')
  const crossSite = { method: 'POST', body: form, headers: { 'sec-fetch-site': 'cross-site' } }
  expect((await fetch(page, crossSite)).status).toBe(403)
  expect(inboxOf(ana)).toHaveLength(before + 1)

  const stranger = directory.deliver(ben, raw.replace(`From: ${ana}`, 'From: kim@shop.example'))
  await fetch(`${graph.url}/mail/${ben}/${stranger.immutableId}`, { method: 'POST', body: form, redirect: 'manual' })
  expect(directory.outbound.at(-1)).toMatchObject({ from: ben, to: ['kim@shop.example'] })
})

test('the web mail lists, reads with escaping, and drops a mail into an inbox', async () => {
  const raw = mail('<img src=x onerror=alert(1)>')
  const { immutableId } = directory.deliver(ana, raw)
  const get = async (path: string) => (await fetch(graph.url + path)).text()
  expect(await get('/mail')).toContain('1 new of 1')
  for (const path of [`/mail/${ana}`, `/mail/${ana}/${immutableId}`]) {
    expect(await get(path)).toContain('&lt;img src=x')
    expect(await get(path)).not.toContain('<img')
  }
  const form = new URLSearchParams({ from: 'kim@shop.example', subject: 'Question', text: 'Open today?' })
  const posted = await fetch(`${graph.url}/mail/${ana}`, { method: 'POST', body: form, redirect: 'manual' })
  expect(posted.status).toBe(302)
  expect(inboxOf(ana)[1]?.raw.toString()).toContain('Open today?')
  const crossSite = { method: 'POST', body: form, headers: { 'sec-fetch-site': 'cross-site' } }
  expect((await fetch(`${graph.url}/mail/${ana}`, crossSite)).status).toBe(403)
})
