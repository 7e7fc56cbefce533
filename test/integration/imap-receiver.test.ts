/** The IMAP receiver at servers that behave: what is new, and what is done with it afterwards. */
import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../lib/errors.js'
import { failure } from '../support/general/failure.js'
import {
  collect,
  emulated,
  limits,
  open,
  rawOf,
  subjects,
  useImapServers,
  user,
} from '../support/receive/imap-sessions.js'

useImapServers()

describe('finding what is new', () => {
  test('REL-22: mails come oldest first with their bytes, and never twice', async () => {
    const server = await emulated()
    for (let n = 1; n <= 5; n++) server.deliver(user, rawOf(n))
    const first = await open(server.port)
    const mails = await collect(first)
    expect(subjects(mails)).toEqual(['Mail 1', 'Mail 2', 'Mail 3', 'Mail 4', 'Mail 5'])
    expect(mails[0]).toMatchObject({ text: rawOf(1), size: rawOf(1).length, receivedAt: expect.any(Number) })
    expect([first.more(), first.resynced()]).toEqual([false, false])
    const cursor = first.cursor()
    const again = await open(server.port)
    expect(await collect(again, cursor)).toEqual([])
    expect(again.cursor()).toBe(cursor)
    server.deliver(user, rawOf(6))
    const later = await open(server.port)
    expect(subjects(await collect(later, cursor))).toEqual(['Mail 6'])
    expect(server.commands.filter(({ line }) => /BODY\[\]/.test(line))).toEqual([])
    expect(server.store.folder(user, 'INBOX')!.messages.every(({ flags }) => flags.length === 0)).toBe(true)
  })

  test('REL-22: a limited poll says that more waits, and the next continues there', async () => {
    const server = await emulated()
    for (let n = 1; n <= 250; n++) server.deliver(user, rawOf(n))
    const seen: unknown[] = []
    let cursor: string | undefined
    for (let poll = 0; poll < 3; poll++) {
      const session = await open(server.port)
      seen.push(...subjects(await collect(session, cursor, { maxMails: 100 })))
      cursor = session.cursor()
      expect(session.more()).toBe(poll < 2)
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, i) => `Mail ${i + 1}`))
  })

  test('REL-22: the cursor follows what was yielded, so a stop in between loses nothing', async () => {
    const server = await emulated()
    for (let n = 1; n <= 3; n++) server.deliver(user, rawOf(n))
    const session = await open(server.port)
    for await (const _ of session.fetch(undefined, limits)) break
    const rest = await open(server.port)
    expect(subjects(await collect(rest, session.cursor()))).toEqual(['Mail 2', 'Mail 3'])
  })

  test('REL-22: without a cursor only mail since the given time; an empty start still sets the cursor', async () => {
    const server = await emulated()
    const since = Date.parse('2026-03-10T12:00:00Z')
    server.deliver(user, rawOf(1), 'INBOX', { internalDate: since - 3_600_000 })
    const first = await open(server.port)
    expect(await collect(first, undefined, { since })).toEqual([])
    server.deliver(user, rawOf(2), 'INBOX', { internalDate: since + 1000 })
    expect(subjects(await collect(await open(server.port), first.cursor(), { since }))).toEqual(['Mail 2'])
    expect(subjects(await collect(await open(server.port), undefined, { since }))).toEqual(['Mail 2'])
  })

  test('REL-21, P-17: a new UIDVALIDITY starts over since the given time, and says so', async () => {
    const server = await emulated()
    for (let n = 1; n <= 3; n++) server.deliver(user, rawOf(n), 'INBOX', { internalDate: 1_000_000_000 * n })
    const first = await open(server.port)
    const before = await collect(first)
    server.control.flipUidValidity(user)
    const session = await open(server.port)
    const after = await collect(session, first.cursor(), { since: 2_000_000_000 })
    expect(session.resynced()).toBe(true)
    expect(subjects(after)).toEqual(['Mail 2', 'Mail 3'])
    expect(before.map(({ serverId }) => serverId)).not.toContain(after[0]!.serverId)
    expect(session.cursor()).not.toBe(first.cursor())
    // What was yielded before the flip is gone under its old id, and that is no error.
    await session.after([before[0]!.serverId], { action: 'delete' })
    expect(server.store.folder(user, 'INBOX')!.messages).toHaveLength(3)
  })

  test('REL-22: lying EXISTS, gaps, and mails expunged in between are fine', async () => {
    const server = await emulated()
    for (let n = 1; n <= 6; n++) server.deliver(user, rawOf(n))
    const tidy = await open(server.port)
    const [one, two, three] = await collect(tidy)
    await tidy.after([two!.serverId], { action: 'delete' })
    server.control.lieAboutExists(50)
    expect(subjects(await collect(await open(server.port)))).toEqual(['Mail 1', 'Mail 3', 'Mail 4', 'Mail 5', 'Mail 6'])
    server.control.lieAboutExists(-6)
    expect(await collect(await open(server.port))).toHaveLength(5)
    await tidy.after([one!.serverId, three!.serverId, two!.serverId], { action: 'delete' })
    expect(await collect(await open(server.port))).toHaveLength(3)
  })

  test('H10: a mail that stood aside asks for room before its bytes, and takes none without it', async () => {
    const server = await emulated()
    server.deliver(user, rawOf(1, 'x'.repeat(1_500_000)))
    const session = await open(server.port)
    const [listed] = await collect(session)
    const bodies = () => server.commands.filter(({ line }) => /BODY/.test(line)).length
    const before = bodies()
    const asked: number[] = []
    const full = async (bytes: number): Promise<void> => {
      asked.push(bytes)
      throw new Error('no room')
    }
    await expect(session.one(listed!.serverId, limits).raw(full)).rejects.toThrow('no room')
    expect([asked.length, asked[0]! >= 1_500_000, bodies()]).toEqual([1, true, before])
  })

  test('REL-22: a large mail is fetched only when asked for, one over the limit never', async () => {
    const server = await emulated()
    server.deliver(user, rawOf(1))
    server.deliver(user, rawOf(2, 'x'.repeat(1_500_000)))
    server.deliver(user, rawOf(3, 'x'.repeat(3_000_000)))
    const session = await open(server.port)
    const results: (number | string)[] = []
    for await (const mail of session.fetch(undefined, { ...limits, maxBytes: 2_000_000 })) {
      results.push(
        await mail.raw().then(
          (raw) => raw.length,
          (error: GatewayError) => error.code,
        ),
      )
    }
    expect(results).toEqual([rawOf(1).length, rawOf(2).length + 1_500_000 - 5, 'mail_too_large'])
    // The size is a hint (field 06): one byte behind the limit says whether it is true, and no more is asked for.
    const bodies = server.commands.flatMap(({ line }) => /UID FETCH (.*BODY.*)\)$/.exec(line)?.[1] ?? [])
    expect(bodies).toEqual([
      '1 (UID BODY.PEEK[]',
      expect.stringContaining('2 (UID BODY.PEEK[]'),
      '3 (UID BODY.PEEK[]<2000000.1>',
    ])
  })

  test('REL-22: one mail that the server cannot read does not take the others along', async () => {
    const server = await emulated()
    for (let n = 1; n <= 3; n++) server.deliver(user, rawOf(n))
    server.control.faults.order({ at: 'UID FETCH', fault: 'no', text: 'Server cannot read it', skip: 1 })
    expect(await collect(await open(server.port))).toHaveLength(3)
  })
})

describe('after receiving', () => {
  const inbox = (server: Awaited<ReturnType<typeof emulated>>) => server.store.folder(user, 'INBOX')!.messages

  test.each([['with'], ['without MOVE and UIDPLUS']])('M-054: mark read, move, delete: %s', async (how) => {
    const server = await emulated()
    if (how !== 'with') server.control.withhold('MOVE', 'UIDPLUS')
    for (let n = 1; n <= 4; n++) server.deliver(user, rawOf(n))
    const session = await open(server.port)
    const ids = (await collect(session)).map(({ serverId }) => serverId)
    await session.after([ids[0]!], { action: 'leave' })
    await session.after([ids[0]!], { action: 'mark-read' })
    await session.after([ids[1]!], { action: 'move', folder: 'Archive' })
    await session.after([ids[2]!], { action: 'delete' })
    // Gone already: no error.
    await session.after([ids[1]!, ids[2]!], { action: 'mark-read' })
    expect(inbox(server).map(({ uid, flags }) => [uid, flags])).toEqual([
      [1, ['\\Seen']],
      [4, []],
    ])
    expect(server.store.folder(user, 'Archive')!.messages).toHaveLength(1)
  })

  test('M-054: without UIDPLUS nobody else’s deleted mail is expunged', async () => {
    const server = await emulated()
    server.control.withhold('UIDPLUS', 'MOVE')
    server.deliver(user, rawOf(1), 'INBOX', { flags: ['\\Deleted'] })
    server.deliver(user, rawOf(2))
    const session = await open(server.port)
    const mails = await collect(session)
    await session.after([mails[1]!.serverId], { action: 'delete' })
    expect(inbox(server).map(({ flags }) => flags)).toEqual([['\\Deleted'], ['\\Deleted']])
  })

  test('M-054: a missing destination is told, and the mail stays', async () => {
    const server = await emulated()
    server.deliver(user, rawOf(1))
    const session = await open(server.port)
    const [mail] = await collect(session)
    const error = await failure(session.after([mail!.serverId], { action: 'move', folder: 'Nowhere' }))
    expect(error).toMatchObject({ class: 'needs-admin' })
    expect(inbox(server)).toHaveLength(1)
    expect(
      await failure(session.after([mail!.serverId], { action: 'move', folder: 'a\r\nA1 DELETE INBOX' })),
    ).toBeTruthy()
    expect(server.commands.filter(({ line }) => /DELETE INBOX/.test(line))).toEqual([])
  })

  test('REL-03: a sent mail is found by its Message-ID in the Sent folder', async () => {
    const server = await emulated()
    server.deliver(user, rawOf(7), 'Sent')
    const session = await open(server.port)
    expect(await session.findSent!('<m7@x.example>')).toBe(true)
    expect(await session.findSent!('<m8@x.example>')).toBe(false)
    server.deliver(user, rawOf(1))
    expect(subjects(await collect(session))).toEqual(['Mail 1'])
  })
})
