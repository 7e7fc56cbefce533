/** The emulated Graph: reading mail, ids and deltas, and the web mail beside it. */
import { type Client, ResponseType } from '@microsoft/microsoft-graph-client'
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
  token,
  useGraph,
} from '../support/microsoft/graph-clients.js'

useGraph()

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
