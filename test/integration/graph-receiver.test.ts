/** The Graph receiver: polls, folders, lost sync states, and where a token never goes. */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { FetchLimits, ReceiveSession } from '../../lib/ports/receiver.js'
import { graphClient } from '../../lib/transports/graph-client.js'
import { failure } from '../support/general/failure.js'
import {
  ana,
  ben,
  clock,
  inboxOf,
  receive,
  signal,
  stops,
  useGraphMailboxes,
  world,
} from '../support/microsoft/graph-mailboxes.js'

useGraphMailboxes()

/** A server where no request is expected; the Authorization headers of those that came. */
async function startTrap(answer = (response: ServerResponse): unknown => response.end('{}')) {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.headers.authorization ?? '')
    answer(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stops.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const limits: FetchLimits = { maxMails: 100, maxBytes: 1_000_000, since: 0 }
const deliver = (subject: string, to = ben) =>
  world.directory.deliver(to, `From: x@example.net\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\n${subject}\r\n`)

async function subjects(session: ReceiveSession, cursor?: string, own = limits): Promise<string[]> {
  const found: string[] = []
  for await (const mail of session.fetch(cursor, own))
    found.push(/^Subject: (.*)$/m.exec(Buffer.from(await mail.raw()).toString())![1]!.trim())
  return found
}

test('mail comes once, oldest first, over polls and pages; an idle poll is one round trip', async () => {
  for (let mail = 0; mail < 7; mail += 1) {
    clock.now += 1_000
    deliver(`m${mail}`)
  }
  const session = await receive()
  const first = await subjects(session, undefined, { ...limits, maxMails: 4 })
  expect(first).toEqual(['m0', 'm1', 'm2', 'm3'])
  expect(session.more()).toBe(true)
  expect(await subjects(session, session.cursor())).toEqual(['m4', 'm5', 'm6'])
  expect(session.more()).toBe(false)
  const again = await receive()
  world.graph.control.reset()
  expect(await subjects(again, session.cursor())).toEqual([])
  expect(world.graph.control.counters.requests['any']).toBe(1)
  deliver('m7')
  expect(await subjects(again, again.cursor())).toEqual(['m7'])
  expect(again.cursor().length).toBeLessThan(24_000)
})

test('field 09: a page that is read again gives no mail again', async () => {
  for (const subject of ['a', 'b']) deliver(subject)
  world.graph.control.lie({ lie: 'ring', of: 1, times: 2 })
  expect(await subjects(await receive(), undefined, { ...limits, alone: true })).toEqual(['a', 'b'])
})

test('mail that arrived before the start is left alone, raw bytes come as they are, and the limit holds', async () => {
  deliver('old')
  clock.now += 60_000
  const own = { ...limits, since: clock.now }
  const raw = Buffer.concat([Buffer.from('Subject: bytes\r\n\r\n'), Buffer.from([0xff, 0x00, 0x80, 0x0a])])
  world.directory.deliver(ben, raw)
  const session = await receive()
  for await (const mail of session.fetch(undefined, own)) expect(Buffer.from(await mail.raw()).equals(raw)).toBe(true)
  world.directory.deliver(ben, `Subject: big\r\n\r\n${'x'.repeat(5_000)}`)
  for await (const mail of session.fetch(session.cursor(), { ...own, maxBytes: 1_000 }))
    expect(await failure(mail.raw())).toMatchObject({ code: 'mail_too_large', class: 'permanent' })
})

test('P-17: ids survive a move, on every request', async () => {
  deliver('moved')
  const session = await receive()
  const ids: string[] = []
  for await (const mail of session.fetch(undefined, limits)) ids.push(mail.serverId)
  await session.after(ids, { action: 'move', folder: 'Archive' })
  const archive = await receive(ben, 'archive')
  for await (const mail of archive.fetch(undefined, limits)) expect(mail.serverId).toBe(ids[0])
  expect(world.graph.control.requests.every((request) => request.prefer.includes('IdType="ImmutableId"'))).toBe(true)
})

test('mails are marked, moved or deleted, and one that is gone is no error', async () => {
  for (const subject of ['a', 'b', 'c', 'd', 'e']) deliver(subject)
  const session = await receive()
  const ids: string[] = []
  for await (const mail of session.fetch(undefined, limits)) ids.push(mail.serverId)
  await session.after(ids, { action: 'mark-read' })
  expect(inboxOf(ben).every((mail) => mail.isRead)).toBe(true)
  await session.after([...ids, 'gone'], { action: 'delete' })
  expect(inboxOf(ben)).toHaveLength(0)
  expect(await failure(session.after(ids, { action: 'move', folder: 'Nowhere' }))).toMatchObject({
    code: 'folder_missing',
  })
  expect(world.graph.control.counters.concurrencyViolations).toBe(0)
})

test.each([
  ['at the first page', [{ kind: 'delta-link', status: 410 }]],
  ['with a code only', [{ kind: 'delta-link', status: 400, code: 'SyncStateNotFound' }]],
  [
    'three times in a row',
    [
      { kind: 'delta-link', status: 410 },
      { kind: 'delta-first', status: 410, times: 2 },
    ],
  ],
] as const)('REL-24, P-16: a lost sync state %s starts over by date, without anybody acting', async (_when, faults) => {
  deliver('seen')
  const session = await receive()
  expect(await subjects(session)).toEqual(['seen'])
  deliver('new')
  for (const fault of faults) world.graph.control.fail(fault)
  expect(await subjects(session, session.cursor())).toEqual(['seen', 'new'])
  expect(session.resynced()).toBe(true)
  expect(await subjects(session, session.cursor())).toEqual([])
  expect(session.resynced()).toBe(false)
})

test('REL-24: a sync state lost in the middle gives every mail again, one refused for ever ends', async () => {
  for (const subject of ['a', 'b', 'c', 'd']) deliver(subject)
  world.graph.control.fail({ kind: 'delta-next', status: 410 })
  const session = await receive()
  const small = { ...limits, maxMails: 2 }
  expect(await subjects(session, undefined, small)).toEqual(['a', 'b'])
  expect(await subjects(session, session.cursor())).toEqual(['a', 'b', 'c', 'd'])
  world.graph.control.fail({ kind: 'delta', status: 410, times: 'always' })
  expect(await failure(subjects(session, session.cursor()))).toMatchObject({ class: 'transient', hint: 'resync' })
})

test('REL-24: a next link that leads elsewhere is refused, and no request goes there', async () => {
  for (const subject of ['a', 'b', 'c']) deliver(subject)
  const foreign: string[] = []
  const trap = await startTrap()
  world.origins['https://graph.example.net'] = trap.url
  world.graph.control.fail({ kind: 'delta', foreignLinks: 'https://graph.example.net' })
  const session = await receive()
  const error = await failure(
    (async () => {
      for await (const mail of session.fetch(undefined, { ...limits, maxMails: 2 })) foreign.push(mail.serverId)
    })(),
  )
  expect(error).toMatchObject({ code: 'foreign_link_refused' })
  // Neither the reader of links nor, were one overlooked, the client that all calls go through.
  const client = graphClient({ origins: world.origins }, await world.authority(ana), signal)
  for (const method of ['GET', 'POST', 'PUT'] as const) {
    const call = client.json({ method, to: 'https://graph.example.net/v1.0/me', operation: 'receive' })
    expect(await failure(call), method).toMatchObject({ code: 'foreign_link_refused' })
  }
  expect(trap.requests).toEqual([])
  // The control: untouched links are followed.
  expect(await subjects(session, session.cursor())).toEqual(['a', 'b', 'c'])
})

test('SEC-24: a redirect of Graph is a failure, never followed, and takes no token along', async () => {
  const trap = await startTrap()
  const origin = await startTrap((response) => response.writeHead(307, { location: `${trap.url}/stolen` }).end())
  const origins = { 'https://graph.microsoft.com': origin.url }
  const client = graphClient({ origins }, await world.authority(ana), signal)
  const call = client.json({ method: 'GET', to: '/me/messages', operation: 'receive' })
  expect(await failure(call)).toMatchObject({ class: 'transient' })
  expect(origin.requests).toEqual([expect.stringMatching(/^Bearer /)])
  expect(trap.requests).toEqual([])
})

test('A10: a Graph that repeats the access token leaves nothing of it in the error', async () => {
  const authority = await world.authority(ana)
  const token = authority.kind === 'bearer' ? (await authority.token()).reveal() : ''
  for (const status of [400, 403, 503]) {
    world.graph.control.fail({ kind: 'delta', body: 'echo', status })
    const error = await failure(subjects(await receive()))
    const shown = JSON.stringify([error, error.message, error.stack, String(error.cause)])
    expect(error.peerLine).toBe('[withheld: the server repeated a secret]')
    for (const part of [token.slice(0, 30), token.slice(-30), Buffer.from(token).toString('hex').slice(40, 80)])
      expect(shown.toLowerCase()).not.toContain(part.toLowerCase())
  }
})

test('an unreadable answer and an outage are transient, a missing mailbox is the administrator’s', async () => {
  const session = await receive()
  for (const fault of [{ body: 'truncated' }, { body: 'html' }, { status: 503 }, { drop: true }] as const) {
    world.graph.control.fail({ kind: 'delta', ...fault })
    expect(await failure(subjects(session))).toMatchObject({ class: 'transient' })
  }
  expect(await failure(subjects(await receive('nomailbox@contoso.example')))).toMatchObject({ class: 'needs-admin' })
})
