/** The emulated Graph: sending, and whose mailbox a token opens. */
import { FileUpload, LargeFileUploadTask } from '@microsoft/microsoft-graph-client'
import { expect, test } from 'vitest'
import {
  ana,
  ben,
  clientFor,
  clientWith,
  directory,
  graph,
  immutable,
  inboxOf,
  type Message,
  mail,
  outside,
  type Page,
  redeem,
  useGraph,
} from '../support/microsoft/graph-clients.js'

useGraph()

const info = 'info@contoso.example'

const appToken = () => redeem({ grant_type: 'client_credentials', scope: 'https://graph.microsoft.com/.default' })
const sentOf = (upn: string) => {
  const mailbox = directory.mailbox(directory.user(upn)!)
  return mailbox.in(mailbox.folder('sentitems')!)
}

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
