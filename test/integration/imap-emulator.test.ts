/** The emulated IMAP server, as a client meets it. */
import type { ImapFlow, ImapFlowOptions } from 'imapflow'
import { describe, expect, it } from 'vitest'
import type { ImapEmulator } from '../../local/emulators/imap/start-imap.js'
import { memoryParts } from '../../local/emulators/parts.js'
import { client, failure, imap, useImapEmulator, user } from '../support/mail-servers/imap-clients.js'

useImapEmulator()

async function connected(server: ImapEmulator, more: Partial<ImapFlowOptions> = {}): Promise<ImapFlow> {
  const flow = client(server, more)
  await flow.connect()
  return flow
}

const mail = (n: number, more = '') =>
  `From: "Kim, K." <kim@example.com>\r\nTo: ana@contoso.example\r\nSubject: Mail ${n}\r\nMessage-ID: <m${n}@example.com>\r\n${more}Date: Thu, 05 Nov 2026 08:00:00 +0000\r\n\r\nBody ${n}\r\n`

async function uids(flow: ImapFlow, range: string): Promise<number[]> {
  const found: number[] = []
  for await (const { uid } of flow.fetch(range, { uid: true }, { uid: true })) found.push(uid)
  return found
}

describe('IMAP emulator with imapflow', () => {
  it('logs in by password and by token, over implicit TLS and STARTTLS', async () => {
    const implicit = await imap()
    await connected(implicit)
    await connected(implicit, { auth: { user, accessToken: 'token-of-ana' } })
    await connected(implicit, { auth: { user: 'info@contoso.example', accessToken: 'token-of-ana' } })
    expect(implicit.counts.logins).toBe(3)
    const upgrading = await imap({ mode: 'starttls' })
    await connected(upgrading, { secure: false, doSTARTTLS: true })
    expect(upgrading.commands.filter((c) => !c.secure).map((c) => c.line.split(' ')[1])).toEqual(['ID', 'STARTTLS'])
  })

  it('refuses a bad password, a bad token in both dialects, and a login in clear text', async () => {
    const google = await imap()
    expect(await failure(client(google, { auth: { user, pass: 'no' } }).connect())).toMatchObject({
      authenticationFailed: true,
      serverResponseCode: 'AUTHENTICATIONFAILED',
    })
    const stale = { auth: { user, accessToken: 'stale' } }
    expect(await failure(client(google, stale).connect())).toMatchObject({
      authenticationFailed: true,
      oauthError: { status: '400', schemes: 'Bearer' },
    })
    const exchange = await imap({ dialect: 'exchange' })
    expect(await failure(client(exchange, stale).connect())).toMatchObject({
      authenticationFailed: true,
      responseText: 'AUTHENTICATE failed.',
    })
    const clear = await imap({ mode: 'starttls' })
    await failure(client(clear, { secure: false, doSTARTTLS: false }).connect())
    expect(clear.counts.logins).toBe(0)
  })

  it('lists, fetches byte for byte, searches, flags, copies, moves, deletes and appends', async () => {
    const server = await imap()
    for (let n = 1; n <= 5; n++) server.deliver(user, mail(n), 'INBOX', { internalDate: Date.UTC(2026, 10, n, 12) })
    const flow = await connected(server)
    const folders = await flow.list()
    expect(folders.map((f) => [f.path, f.specialUse])).toEqual([
      ['INBOX', '\\Inbox'],
      ['Sent', '\\Sent'],
      ['Archive', '\\Archive'],
      ['Trash', '\\Trash'],
    ])
    const inbox = await flow.mailboxOpen('INBOX')
    expect([inbox.exists, inbox.uidNext, inbox.readOnly]).toEqual([5, 6, false])
    expect(await flow.status('INBOX', { messages: true, unseen: true, uidNext: true })).toMatchObject({
      messages: 5,
      unseen: 5,
      uidNext: 6,
    })
    const one = await flow.fetchOne(
      '2',
      { source: true, envelope: true, size: true, internalDate: true, flags: true },
      { uid: true },
    )
    if (!one) throw new Error('nothing fetched')
    expect(one.source!.toString()).toBe(mail(2))
    expect(one.size).toBe(mail(2).length)
    expect(one.internalDate).toEqual(new Date(Date.UTC(2026, 10, 2, 12)))
    expect([...one.flags!]).toEqual([])
    expect(one.envelope).toMatchObject({
      subject: 'Mail 2',
      messageId: '<m2@example.com>',
      from: [{ name: 'Kim, K.', address: 'kim@example.com' }],
    })
    const { content } = await flow.download('3', undefined, { uid: true, chunkSize: 16 })
    expect((await content!.toArray()).join('')).toBe(mail(3))
    const search = (query: object) => flow.search(query, { uid: true })
    expect(await search({ since: new Date('2026-11-04') })).toEqual([4, 5])
    expect(await search({ uid: '3:*' })).toEqual([3, 4, 5])
    expect(await search({ header: { 'message-id': '<m4@example.com>' } })).toEqual([4])
    await flow.messageFlagsAdd('1', ['\\Seen'], { uid: true })
    expect(await search({ seen: false })).toEqual([2, 3, 4, 5])
    expect(await flow.messageCopy('1', 'Archive', { uid: true })).toMatchObject({ uidMap: new Map([[1, 1]]) })
    expect(await flow.messageMove('2:3', 'Archive', { uid: true })).toMatchObject({
      uidMap: new Map([
        [2, 2],
        [3, 3],
      ]),
    })
    await flow.messageDelete('4', { uid: true })
    expect(await uids(flow, '1:*')).toEqual([1, 5])
    const appended = await flow.append('Sent', mail(9), ['\\Seen'], new Date(Date.UTC(2026, 0, 1)))
    expect(appended).toMatchObject({ uid: 1, destination: 'Sent' })
    expect(server.store.folder(user, 'Sent')!.messages[0]).toMatchObject({
      flags: ['\\Seen'],
      internalDate: Date.UTC(2026, 0, 1),
    })
    await flow.mailboxCreate('Done')
    expect(await failure(flow.messageMove('5', 'Done', { uid: true }))).toBeUndefined()
    await flow.logout()
  })

  it('REL-22: gives the last message again for n:*, copes without UIDPLUS and MOVE, and can lie about EXISTS', async () => {
    const server = await imap()
    server.control.withhold('UIDPLUS', 'MOVE')
    server.control.lieAboutExists(3)
    for (let n = 1; n <= 3; n++) server.deliver(user, mail(n))
    const flow = await connected(server)
    expect((await flow.mailboxOpen('INBOX')).exists).toBe(6)
    expect(await uids(flow, '100:*')).toEqual([3])
    await flow.messageMove('1', 'Archive', { uid: true })
    await flow.messageDelete('2', { uid: true })
    expect(server.store.folder(user, 'INBOX')!.messages.map((m) => m.uid)).toEqual([3])
    expect(server.store.folder(user, 'Archive')!.messages).toHaveLength(1)
    expect(server.commands.some((c) => / UID (MOVE|EXPUNGE) /.test(c.line))).toBe(false)
    await flow.mailboxOpen('Trash')
    expect(await uids(flow, '1:*')).toEqual([])
  })

  it('REL-21: flips UIDVALIDITY', async () => {
    const server = await imap()
    for (let n = 1; n <= 3; n++) server.deliver(user, mail(n))
    const flow = await connected(server)
    const before = await flow.mailboxOpen('INBOX')
    await flow.messageDelete('1', { uid: true })
    server.control.flipUidValidity(user)
    await flow.mailboxClose()
    const after = await flow.mailboxOpen('INBOX')
    expect(after.uidValidity).toBeGreaterThan(before.uidValidity)
    expect(await uids(flow, '1:*')).toEqual([1, 2])
  })

  it('tells an idle client about new mail', async () => {
    const server = await imap()
    const flow = await connected(server)
    await flow.mailboxOpen('INBOX')
    const told = new Promise((resolve) => flow.once('exists', resolve))
    const idle = flow.idle()
    await expect.poll(() => server.commands.at(-1)?.line).toMatch(/ IDLE$/)
    server.deliver(user, mail(1))
    expect(await told).toMatchObject({ path: 'INBOX', count: 1, prevCount: 0 })
    await flow.noop()
    await idle
  })

  it('reports appended mail and lives on in a snapshot', async () => {
    const seen: string[] = []
    const server = await imap({ onAppend: (who, folder, message) => seen.push(`${who} ${folder.name} ${message.uid}`) })
    await (await connected(server)).append('Sent', mail(1))
    expect(seen).toEqual([`${user} Sent 1`])
    const next = await imap()
    const parts = memoryParts()
    next.restore(JSON.parse(JSON.stringify(server.snapshot(parts))), parts)
    expect(next.store.folder(user, 'Sent')!.messages[0]!.raw.toString()).toBe(mail(1))
    expect(next.snapshot(parts)).toEqual(server.snapshot(parts))
  })

  it('fails by address: not connected, expired, throttled; and on order: BYE, throttling, a cut in mid-fetch', async () => {
    const server = await imap()
    const as = (name: string) => ({ auth: { user: `${name}@contoso.example`, pass: 'x' } })
    const notConnected = await connected(server, as('notconnected'))
    expect(await failure(notConnected.mailboxOpen('INBOX'))).toMatchObject({
      responseText: 'User is authenticated but not connected.',
    })
    const expired = await connected(server, as('expired'))
    expect(await failure(expired.mailboxOpen('INBOX'))).toBeInstanceOf(Error)
    expect(await failure(client(server, as('throttled')).connect())).toMatchObject({ serverResponseCode: 'THROTTLED' })
    for (let n = 1; n <= 3; n++) server.deliver(user, mail(n))
    server.control.faults.order({ at: 'UID FETCH', fault: 'no', text: '[THROTTLED] Slow down', user })
    server.control.faults.order({ at: 'FETCH data', fault: 'close' })
    const flow = await connected(server)
    await flow.mailboxOpen('INBOX')
    expect(await failure(uids(flow, '1:*'))).toMatchObject({ responseText: 'Slow down' })
    const got: number[] = []
    const read = async () => {
      for await (const message of flow.fetch('1:*', { uid: true }, { uid: true })) got.push(message.uid)
    }
    expect(await failure(read())).toBeInstanceOf(Error)
    expect(got).toEqual([1])
    server.control.faults.order({ at: 'greeting', fault: 'bye', text: 'Too busy' })
    expect(await failure(client(server).connect())).toBeInstanceOf(Error)
    await connected(server)
  })

  it('limits the sessions of one user', async () => {
    const server = await imap({ maxSessionsPerUser: 1 })
    const first = await connected(server)
    const second = client(server)
    expect(await failure(second.connect())).toMatchObject({ serverResponseCode: 'LIMIT' })
    second.close()
    await first.logout()
    await expect.poll(() => server.open).toBe(0)
    await connected(server)
  })
})
