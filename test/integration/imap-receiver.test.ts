import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../lib/errors.js'
import type { Authority } from '../../lib/ports/authority.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../../lib/ports/receiver.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { type ImapReceiverOptions, imapReceiver } from '../../lib/transports/imap-receiver.js'
import { makeCertificates } from '../../local/emulators/certificate.js'
import type { ImapOptions as ServerOptions } from '../../local/emulators/imap/imap-state.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { failure } from '../support/general/failure.js'
import { processorMs } from '../support/general/processor-ms.js'
import { stopsAfterEach } from '../support/general/stops-after-each.js'

const stops = stopsAfterEach()
const certificates = await makeCertificates()

const user = 'ana@contoso.example'
const password = 'canary-Pass-4711'
const token = 'canaryToken0123456789abcdefGHIJ'
const byPassword: Authority = { kind: 'password', user, password: new Secret(password) }
const byToken = (tokens = [token], name = user): Authority & { asked: boolean[] } => {
  const asked: boolean[] = []
  return {
    kind: 'bearer',
    user: name,
    asked,
    token: async ({ renew = false } = {}) => {
      asked.push(renew)
      return new Secret(tokens[Math.min(asked.length, tokens.length) - 1]!)
    },
  }
}
const limits: FetchLimits = { maxMails: 1000, maxBytes: 10_000_000, since: 0 }
const rawOf = (n: number, body = 'Hello') => `Message-ID: <m${n}@x.example>\r\nSubject: Mail ${n}\r\n\r\n${body}\r\n`

async function emulated(options: Partial<ServerOptions> = {}) {
  const server = await startImap({
    accounts: () => ({ password }),
    verifyToken: (presented) => (presented === token ? { upn: user } : undefined),
    mode: 'plain',
    tls: certificates,
    ...options,
  })
  stops.push(server.stop)
  return server
}

const receiver = (options: Partial<ImapReceiverOptions> = {}) =>
  imapReceiver({ lookup: guardedLookup({ allowLoopback: true }), rootCa: certificates.ca, ...options })

type Mode = 'implicit' | 'starttls' | 'plain'
const target = (port: number, tls: Mode = 'plain', folder = 'INBOX') =>
  ({ transport: 'imap', imap: { host: 'localhost', port, tls, folder } }) as const
const never = () => new AbortController().signal

const open = async (port: number, authority: Authority = byPassword, mode: Mode = 'plain') => {
  const session = await receiver().open(target(port, mode), authority, never())
  stops.unshift(() => session.close())
  return session
}

async function collect(session: ReceiveSession, cursor?: string, change: Partial<FetchLimits> = {}) {
  const mails: (FetchedMail & { text: string })[] = []
  for await (const mail of session.fetch(cursor, { ...limits, ...change })) {
    mails.push({ ...mail, text: Buffer.from(await mail.raw()).toString() })
  }
  return mails
}

const subjects = (mails: { text: string }[]) => mails.map(({ text }) => text.match(/Subject: (.*)\r/)?.[1])

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

  test('REL-22: a limited poll says that more waits, and the next goes on there', async () => {
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

describe('SEC-26, M-027: getting in', () => {
  test.each(['implicit', 'starttls'] as const)('SEC-26: password and token over %s', async (mode) => {
    const server = await emulated({ mode })
    server.deliver(user, rawOf(1))
    for (const authority of [byPassword, byToken()]) {
      expect(await collect(await open(server.port, authority, mode))).toHaveLength(1)
    }
    const clear = server.commands.filter(({ line, secure }) => !secure && /LOGIN|AUTHENTICATE/.test(line))
    expect(clear).toEqual([])
  })

  test('M-027: a refused token is renewed once, on a new connection', async () => {
    const server = await emulated({ mode: 'implicit' })
    const renewed = byToken(['stale', token])
    await open(server.port, renewed, 'implicit')
    expect([renewed.asked, server.connections]).toEqual([[false, true], 2])
    for (const dialect of ['google', 'exchange'] as const) {
      const strict = await emulated({ mode: 'implicit', dialect })
      const hopeless = byToken(['stale'])
      const error = await failure(receiver().open(target(strict.port, 'implicit'), hopeless, never()))
      expect(error.class, `${dialect} ${error.message}`).toBe('needs-reconnect')
      expect(hopeless.asked).toEqual([false, true])
      await expect.poll(() => strict.open).toBe(0)
    }
  })

  test('M-026: a wrong password needs its owner; a token never goes without TLS', async () => {
    const server = await emulated()
    const wrong: Authority = { kind: 'password', user, password: new Secret('wrong') }
    expect(await failure(receiver().open(target(server.port), wrong, never()))).toMatchObject({
      class: 'needs-reconnect',
    })
    const before = server.connections
    expect(await failure(receiver().open(target(server.port), byToken(), never()))).toMatchObject({
      code: 'token_needs_tls',
    })
    expect(await failure(receiver().open(target(server.port), { kind: 'anonymous' }, never()))).toMatchObject({
      code: 'imap_needs_login',
    })
    expect(server.connections).toBe(before)
  })

  test('SEC-26: no STARTTLS, injected replies, PREAUTH, foreign authority: nothing is said that is secret', async () => {
    const missing = await emulated({ mode: 'starttls', clearLogin: true })
    missing.control.withhold('STARTTLS')
    const injected = await emulated({ mode: 'starttls', clearLogin: true })
    injected.control.faults.order({ at: 'STARTTLS', fault: 'injected', times: 9 })
    const preauth = await emulated({ mode: 'starttls', clearLogin: true })
    preauth.control.faults.order({ at: 'greeting', fault: 'preauth', times: 9 })
    for (const server of [missing, injected, preauth]) {
      const error = await failure(receiver().open(target(server.port, 'starttls'), byPassword, never()))
      expect(error.message).not.toContain(password)
      expect(
        server.commands.filter(({ line }) => /LOGIN|AUTHENTICATE|4711/.test(line) && !line.endsWith('4711')),
      ).toEqual([])
      await expect.poll(() => server.open).toBe(0)
    }
    const foreign = await emulated({ mode: 'implicit' })
    const strict = imapReceiver({ lookup: guardedLookup({ allowLoopback: true }) })
    expect(await failure(strict.open(target(foreign.port, 'implicit'), byPassword, never()))).toMatchObject({
      code: 'tls_untrusted',
    })
  })

  test('SEC-24: loopback is refused outside local mode', async () => {
    const server = await emulated()
    const strict = receiver({ lookup: guardedLookup({ allowLoopback: false }) })
    expect(await failure(strict.open(target(server.port), byPassword, never()))).toMatchObject({
      code: 'host_not_allowed',
    })
    expect(server.connections).toBe(0)
  })

  test('P-03: Exchange: mailbox not connected, token expired in the session, throttled', async () => {
    const server = await emulated({
      mode: 'implicit',
      dialect: 'exchange',
      verifyToken: () => ({ upn: user }),
      accounts: () => ({ password, delegates: [user] }),
    })
    const attempt = async (name: string) => {
      const session = await receiver().open(target(server.port, 'implicit'), byToken([token], name), never())
      return collect(session).finally(() => session.close())
    }
    const codes = await Promise.all(
      ['notconnected@x.example', 'expired@x.example'].map((name) => failure(attempt(name))),
    )
    expect(codes.map(({ code }) => code)).toEqual([
      'exo_imap_user_is_authenticated_but_not_connected',
      'exo_imap_accesstokenexpired',
    ])
    // T3: what a person is told right after the sign-in is true: a login alone is not reading.
    const checked = async (name: string) => {
      const session = await receiver().open(target(server.port, 'implicit'), byToken([token], name), never())
      return session.check?.().finally(() => session.close())
    }
    expect((await failure(checked('notconnected@x.example'))).code).toBe(codes[0]?.code)
    await expect(checked(user)).resolves.toBeUndefined()
    server.control.faults.order({
      at: 'UID SEARCH',
      fault: 'bad',
      text: 'Request is throttled. Suggested Backoff Time: 299961 milliseconds',
    })
    expect(await failure(attempt(user))).toMatchObject({ class: 'transient', hint: 'throttle', retryAfterMs: 299_961 })
    await expect.poll(() => server.open).toBe(0)
  })
})

describe('SEC-34: a hostile server is bounded', () => {
  const quick = { timeoutsMs: { connect: 1500, command: 1500, session: 3000 } }

  test.each([
    ['greeting', 'endless-line'],
    ['greeting', 'endless-untagged'],
    ['greeting', 'hang'],
    ['greeting', 'slow'],
    ['AUTHENTICATE', 'endless-untagged'],
    ['SELECT', 'endless-untagged'],
    ['UID SEARCH', 'endless-line'],
    ['UID SEARCH', 'slow'],
    ['UID FETCH', 'huge-literal'],
    ['UID FETCH', 'endless-untagged'],
    ['FETCH data', 'hang'],
    ['UID FETCH', 'close'],
    ['UID FETCH', 'reset'],
    ['SELECT', 'bye'],
  ] as const)('SEC-34: at %s: %s', async (at, fault) => {
    const server = await emulated()
    for (let n = 1; n <= 3; n++) server.deliver(user, rawOf(n))
    server.control.faults.order({ at, fault, times: 9 })
    const before = process.memoryUsage().rss
    const error = await failure(
      (async () => {
        const session = await receiver(quick).open(target(server.port), byPassword, never())
        try {
          return await collect(session)
        } finally {
          await session.close()
        }
      })(),
    )
    expect(error.class, error.message).toBe('transient')
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000)
    await expect.poll(() => server.open).toBe(0)
  })

  test.each(['SELECT', 'UID FETCH'])(
    'SEC-34: an answer without end at %s is cut by its size, long before any time is over',
    async (at) => {
      const patient = { timeoutsMs: { connect: 600_000, command: 600_000, session: 600_000 } }
      const server = await emulated()
      server.deliver(user, rawOf(1))
      server.control.faults.order({ at, fault: 'endless-untagged' })
      const flooded = receiver(patient)
        .open(target(server.port), byPassword, never())
        .then((session) => collect(session).finally(() => session.close()))
      expect(await failure(flooded)).toMatchObject({ code: 'imap_answer_too_large' })
    },
  )

  test.each([
    ['UID SEARCH', 'ESEARCH (TAG "A") UID ALL 1:4294967295'],
    ['UID SEARCH', 'ESEARCH (TAG "A") UID ALL 4294967295:1'],
    ['UID MOVE', 'OK [COPYUID 1 1:9000000,2:9000000 1:9000000,2:9000000] moved'],
  ])('SEC-34: forty bytes at %s that name millions of mails are not written out: %s', async (at, text) => {
    const server = await emulated()
    server.deliver(user, rawOf(1))
    server.control.lieAboutExists(4_000_000_000)
    server.control.faults.order({ at, fault: 'says', text })
    const session = await open(server.port)
    const work = async () => {
      const [mail] = await collect(session)
      await session.after([mail?.serverId ?? ''], { action: 'move', folder: 'Archive' })
    }
    expect(await failure(work())).toMatchObject({ code: 'imap_answer_too_large' })
  })

  test('SEC-34: mails that are said to have vanished cost nothing: nobody asked about them', async () => {
    const server = await emulated()
    server.deliver(user, rawOf(1))
    for (const at of ['SELECT', 'UID SEARCH', 'UID FETCH'])
      server.control.faults.order({ at, fault: 'says', text: 'VANISHED (EARLIER) 1:4294967295' })
    const session = await open(server.port)
    const begun = process.cpuUsage()
    expect(subjects(await collect(session))).toEqual(['Mail 1'])
    expect(processorMs(begun)).toBeLessThan(2_000)
  })

  test.each(['password', 'token'] as const)(
    'SEC-34: a refusal that repeats the %s leaves no secret in the error',
    async (kind) => {
      const server = await emulated({ mode: 'implicit' })
      for (const at of ['LOGIN', 'AUTHENTICATE']) server.control.faults.order({ at, fault: 'echo', times: 9 })
      const authority = kind === 'password' ? byPassword : byToken()
      const error = await failure(receiver().open(target(server.port, 'implicit'), authority, never()))
      const everything = JSON.stringify([error, error.message, error.stack, String(error.cause)])
      for (const canary of [password, token, Buffer.from(token).toString('base64').slice(3, 30)]) {
        expect(everything).not.toContain(canary)
      }
      expect(error.class).toBe('needs-reconnect')
    },
  )

  test('SEC-34: when the caller stops, the socket is closed at once', async () => {
    const server = await emulated()
    const stop = new AbortController()
    server.control.faults.order({ at: 'SELECT', fault: 'hang' })
    const session = await receiver().open(target(server.port), byPassword, stop.signal)
    const polling = failure(collect(session))
    await expect.poll(() => server.commands.some(({ line }) => /SELECT/.test(line))).toBe(true)
    stop.abort()
    expect(await polling).toMatchObject({ code: 'stopped', class: 'transient' })
    await expect.poll(() => server.open).toBe(0)
  })
})
