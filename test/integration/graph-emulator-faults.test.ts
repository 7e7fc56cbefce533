/** The emulated Graph: what it refuses, how it limits, and the faults it has on order. */
import { BatchRequestContent, type BatchResponseContent } from '@microsoft/microsoft-graph-client'
import { expect, test } from 'vitest'
import {
  ana,
  ben,
  clientFor,
  directory,
  graph,
  immutable,
  inboxOf,
  type Message,
  mail,
  type Page,
  useGraph,
} from '../support/microsoft/graph-clients.js'

useGraph()

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
