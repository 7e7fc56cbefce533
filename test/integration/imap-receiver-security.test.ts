/** The IMAP receiver: how it gets in, and what a hostile server can do to it. */
import { describe, expect, test } from 'vitest'
import type { Authority } from '../../lib/ports/authority.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { failure } from '../support/general/failure.js'
import { processorMs } from '../support/general/processor-ms.js'
import {
  byPassword,
  collect,
  emulated,
  never,
  open,
  password,
  rawOf,
  receiver,
  subjects,
  target,
  token,
  useImapServers,
  user,
} from '../support/receive/imap-sessions.js'

useImapServers()

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
