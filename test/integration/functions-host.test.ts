import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { QueueServiceClient } from '@azure/storage-queue'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { type FunctionsHost, startFunctionsHost } from '../../local/host/functions-host.js'
import type * as HostApp from '../fixtures/host-app.js'

const prefix = `host${process.pid}`
const queues = QueueServiceClient.fromConnectionString(inject('azurite'))
const jobs = queues.getQueueClient(`${prefix}-jobs`)
const copies = queues.getQueueClient(`${prefix}-copies`)
const poison = queues.getQueueClient(`${prefix}-jobs-poison`)
const hostJson = {
  extensions: {
    http: { routePrefix: 'v1' },
    queues: {
      batchSize: 2,
      newBatchThreshold: 1,
      maxDequeueCount: 3,
      visibilityTimeout: '00:00:00',
      maxPollingInterval: '00:00:01',
    },
  },
}

let app: typeof HostApp
let host: FunctionsHost
let folder: string
const lines: { level: string; category: string; message: string }[] = []

const start = (settings: Record<string, string> = {}) =>
  startFunctionsHost({
    entry: [],
    load: async () => {
      app = await import('../fixtures/host-app.js')
    },
    hostJson,
    settings: {
      PREFIX: prefix.toUpperCase(),
      TICK: '0 0 3 * * *',
      MailStorage: inject('azurite'),
      FUNCTIONS_KEY: 'the function key',
      FUNCTIONS_MASTER_KEY: 'the master key',
      'AzureWebJobs.disabled.Disabled': 'true',
      ...settings,
    },
    port: 0,
    stateFile: join(folder, 'timers.json'),
    log: (line) => lines.push(line),
  })

const noted = (what: string) => app.seen.filter((entry) => entry.what === what).map(({ value }) => value)
const untilNoted = async (what: string, count = 1): Promise<unknown[]> => {
  while (noted(what).length < count) await once(app.events, 'noted')
  return noted(what)
}
const call = (path: string, init?: RequestInit) => fetch(host.url + path, { redirect: 'manual', ...init })
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')
const shut = (name: string): (() => void) => {
  let open = () => {}
  app.gates.set(name, new Promise((resolve) => (open = resolve)))
  return open
}
const chunkedAndCounted = [
  'POST /v1/size HTTP/1.1',
  'content-length: 5',
  'transfer-encoding: chunked',
  '',
  '5\r\nhello\r\n0\r\n\r\n',
]
/** The whole answer to a request written byte by byte; the last element is the body. */
const raw = async (request: string[]): Promise<string> => {
  const socket = connect(host.port, '127.0.0.1')
  const [first, ...rest] = request
  const ownHost = rest.some((line) => line.startsWith('host:')) ? [] : ['host: 127.0.0.1']
  socket.write([first, ...ownHost, 'connection: close', ...rest].join('\r\n'), 'latin1')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}
const queueIsEmpty = async () => (await jobs.getProperties()).approximateMessagesCount === 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'functions-host-'))
  host = await start()
})
afterAll(async () => {
  await host.stop()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  app.seen.length = 0
})

describe('HTTP', () => {
  test('url, method, route parameters, headers and body arrive; repeated query parameters are joined', async () => {
    const answer = await call('/v1/echo/Zo/%C3%A9?q=1&q=2&r=%20', {
      method: 'PUT',
      body: 'hello',
      headers: { 'x-test': 'yes' },
    })
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(await answer.json()).toEqual({
      url: `${host.url}/v1/echo/Zo/%C3%A9?q=1&q=2&r=%20`,
      method: 'PUT',
      params: { name: 'Zo', rest: 'é' },
      query: { q: '1,2', r: ' ' },
      header: 'yes',
      body: 'hello',
    })
  })

  test.each([
    ['GET', '/v1/echo/123', 404],
    ['GET', '/echo/abc', 404],
    ['PATCH', '/v1/echo/abc', 404],
    ['GET', '/v1/%E0%A4%A', 400],
    ['GET', '/v1/disabled', 404],
    ['GET', '/v1/nothing', 204],
    ['GET', '/V1/REVERSE/', 200],
  ])('%s %s → %d', async (method, path, status) => {
    expect((await call(path, { method })).status).toBe(status)
  })

  test('of several functions that fit, the first by name gets the request, however specific its route', async () => {
    expect(await (await call('/v1/reverse')).text()).toBe('post bytes')
    expect(await (await call('/v1/reverse/a/b', { method: 'DELETE' })).text()).toBe('a/b')
    expect(await (await call('/v1/reverse', { method: 'DELETE' })).text()).toBe('(none)')
    expect(await (await call('/v1/items/new')).text()).toBe('any item')
  })

  test('binary bodies survive both ways', async () => {
    const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256)
    const answer = await call('/v1/reverse', { method: 'POST', body: bytes })
    expect(answer.status).toBe(201)
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(bytes).reverse())).toBe(true)
  })

  test('cookies become Set-Cookie lines', async () => {
    const answer = await call('/v1/cookies')
    expect(answer.status).toBe(303)
    expect(answer.headers.get('location')).toBe('/next')
    expect(answer.headers.getSetCookie()).toEqual([
      'a=x%20y%3Bz; domain=example.test; path=/p; secure; samesite=lax; httponly',
      'b=; expires=Wed, 02 Jan 2030 03:04:05 GMT; max-age=60; path=/; samesite=none',
      'c=plain; path=/',
    ])
  })

  test('a throwing handler answers 500 without a body, the reason goes to the log', async () => {
    const answer = await call('/v1/throws')
    expect([answer.status, await answer.text()]).toEqual([500, ''])
    expect(
      lines.some(({ level, message }) => level === 'error' && message.includes('the reason stays in the log')),
    ).toBe(true)
  })

  test('host 1: a body without Content-Length does not reach the function', async () => {
    const answer = await raw(['POST /v1/size HTTP/1.1', 'transfer-encoding: chunked', '', '5\r\nhello\r\n0\r\n\r\n'])
    expect(answer).toMatch(/^HTTP\/1.1 200 /)
    expect(answer).toContain('{"length":null,"bytes":0}')
    // The control: the same bytes, counted.
    expect(await raw(['POST /v1/size HTTP/1.1', 'content-length: 5', '', 'hello'])).toContain('"bytes":5')
  })

  test.each(['PATCH', 'HEAD', 'OPTIONS', 'TRACE'])(
    'host 2: %s where only GET is known: 404 without Allow',
    async (method) => {
      const answer = await raw([`${method} /v1/reverse HTTP/1.1`, '', ''])
      expect(answer).toMatch(/^HTTP\/1.1 404 /)
      expect(answer).not.toMatch(/^allow:/im)
    },
  )

  test('host 3: a body over the limit is uploaded whole, then answered with an empty 500 and an error in the log', async () => {
    await host.stop()
    host = await start({ FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000000' })
    const tooLarge = await call('/v1/reverse', { method: 'POST', body: new Uint8Array(1_000_001) })
    expect([tooLarge.status, await tooLarge.text()]).toEqual([500, ''])
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: expect.stringContaining('body too large') }),
    )
    expect((await call('/v1/reverse', { method: 'POST', body: new Uint8Array(1_000_000) })).status).toBe(201)
  })

  test('host 4: `/` without a function answers 204 with AzureWebJobsDisableHomepage, else a page of the host', async () => {
    const page = await call('/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html'])
    await host.stop()
    host = await start({ AzureWebJobsDisableHomepage: 'true' })
    const none = await call('/')
    expect([none.status, await none.text()]).toEqual([204, ''])
  })

  test('host 5: an answer with a body is chunked, one without has Content-Length 0', async () => {
    const answer = await raw(['GET /v1/reverse HTTP/1.1', '', ''])
    expect(answer).toMatch(/^transfer-encoding: chunked/im)
    expect(answer).not.toMatch(/^content-length/im)
    expect(await raw(['POST /v1/enqueue HTTP/1.1', 'content-length: 2', '', '[]'])).toMatch(/^content-length: 0/im)
  })

  test('host 6: repeated headers are joined by commas, Authorization and Cookie too', async () => {
    const answer = await raw([
      'GET /v1/headers HTTP/1.1',
      'authorization: Bearer a',
      'authorization: Bearer b',
      'cookie: a=1',
      'cookie: b=2',
      '',
      '',
    ])
    expect(answer).toContain('{"authorization":"Bearer a,Bearer b","cookie":"a=1,b=2"}')
  })

  test.each([
    ['a header of 20 kB', ['GET /v1/reverse HTTP/1.1', `x-long: ${'x'.repeat(20_000)}`, '', ''], 200],
    ['headers of 40 kB', ['GET /v1/reverse HTTP/1.1', `x-long: ${'x'.repeat(40_000)}`, '', ''], 431],
    ['a cookie beyond ASCII', ['GET /v1/reverse HTTP/1.1', 'cookie: a=\u00e9', '', ''], 400],
    ['%00 in the path', ['GET /v1/reverse/%00 HTTP/1.1', '', ''], 400],
    ['an absolute target', ['GET http://127.0.0.1/v1/reverse HTTP/1.1', '', ''], 400],
    ['Content-Length with Transfer-Encoding', chunkedAndCounted, 200],
    ['a host with a name before it', ['GET /v1/reverse HTTP/1.1', 'host: a@b', '', ''], 400],
    ['/admin', ['GET /admin HTTP/1.1', '', ''], 404],
    ['/runtime/webhooks', ['GET /runtime/webhooks/blobs HTTP/1.1', '', ''], 401],
  ])('host 6: %s', async (_what, request, status) => {
    const [head, body] = (await raw(request)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    if (status === 400) expect(body).toBe('')
  })

  test('hooks see and change inputs, results and log lines', async () => {
    expect(await (await call('/v1/hooked')).json()).toEqual({ result: 'changed by a hook' })
    await call('/v1/enqueue', { method: 'POST', body: '{"hook":1}' })
    const line = lines.find(({ category }) => category === 'Function.enqueue.User')
    expect(line).toEqual({ level: 'information', category: 'Function.enqueue.User', message: 'a *** for nobody' })
    // Its message must not turn up in a later test.
    await untilNoted('work')
    await host.idle()
    await expect.poll(queueIsEmpty).toBe(true)
  })
})

describe('keys and admin endpoints', () => {
  const withKey = (path: string, key?: string, init: RequestInit = {}) =>
    call(path, { ...init, ...(key ? { headers: { 'x-functions-key': key } } : {}) }).then(({ status }) => status)

  test('level function needs the function or master key, level admin the master key', async () => {
    expect(await withKey('/v1/locked')).toBe(401)
    expect(await withKey('/v1/locked', 'bogus')).toBe(401)
    expect(await withKey('/v1/locked', 'the function key')).toBe(200)
    expect(await withKey('/v1/locked?code=the%20function%20key')).toBe(200)
    expect(await withKey('/v1/locked-admin', 'the function key')).toBe(401)
    expect(await withKey('/v1/locked-admin', 'the master key')).toBe(200)
  })

  test('the admin endpoints need the master key', async () => {
    expect(await withKey('/admin/host/status')).toBe(401)
    expect(await withKey('/admin/functions', 'the function key')).toBe(401)
    expect(await withKey('/admin/functions/tick', undefined, { method: 'POST' })).toBe(401)
    expect(await withKey('/admin/functions/absent', 'the master key', { method: 'POST' })).toBe(404)
    const answer = await call('/admin/host/status', { headers: { 'x-functions-key': 'the master key' } })
    expect(await answer.json()).toMatchObject({ state: 'Running' })
    const list = await call('/admin/functions', { headers: { 'x-functions-key': 'the master key' } })
    expect(((await list.json()) as { name: string }[]).map(({ name }) => name)).toContain('tick')
  })

  test('a timer and a queue function can be started by hand', async () => {
    expect(await withKey('/admin/functions/tick', 'the master key', { method: 'POST', body: '{}' })).toBe(202)
    await untilNoted('tick')
    const init = { method: 'POST', body: JSON.stringify({ input: '{"by":"hand"}' }) }
    expect(await withKey('/admin/functions/work', 'the master key', init)).toBe(202)
    expect(await untilNoted('work')).toMatchObject([{ job: { by: 'hand' } }])
  })
})

describe('queues', () => {
  test('an output message triggers the function at once, parsed, with its metadata', async () => {
    await call('/v1/enqueue', { method: 'POST', body: '{"id":7}' })
    const [entry] = (await untilNoted('work')) as { metadata: Record<string, unknown> }[]
    expect(entry).toMatchObject({ job: { id: 7 }, metadata: { dequeueCount: 1, queueTrigger: { id: 7 } } })
    const { id, popReceipt, insertionTime, expirationTime, nextVisibleTime } = entry!.metadata
    expect([typeof id, typeof popReceipt]).toEqual(['string', 'string'])
    for (const time of [insertionTime, expirationTime, nextVisibleTime])
      expect(Date.parse(String(time))).toBeGreaterThan(0)
    await expect.poll(queueIsEmpty).toBe(true)
  })

  test('arrays become several messages, returned ones too', async () => {
    await call('/v1/enqueue', { method: 'POST', body: '[{"n":1,"copy":true},"two"]' })
    const done = (await untilNoted('work', 2)) as { job: unknown }[]
    expect(done.map(({ job }) => job)).toEqual(expect.arrayContaining([{ n: 1, copy: true }, 'two']))
    await expect
      .poll(async () =>
        (await copies.peekMessages({ numberOfMessages: 32 })).peekedMessageItems
          .map(({ messageText }) => Buffer.from(messageText, 'base64').toString())
          .sort(),
      )
      .toEqual(['text', '{\n  "nested": true\n}'])
    await copies.clearMessages()
  })

  test('a message that keeps failing goes to the poison queue after the last try', async () => {
    await jobs.sendMessage(base64({ fail: true }))
    host.wake(jobs.name)
    const tries = (await untilNoted('work', 3)) as { metadata: { dequeueCount: number } }[]
    expect(tries.map(({ metadata }) => metadata.dequeueCount)).toEqual([1, 2, 3])
    await expect.poll(queueIsEmpty).toBe(true)
    const { receivedMessageItems } = await poison.receiveMessages()
    expect(receivedMessageItems.map(({ messageText }) => messageText)).toEqual([base64({ fail: true })])
    await poison.clearMessages()
  })

  test('a message in the wrong encoding is poison at once', async () => {
    await jobs.sendMessage('{not base64}')
    host.wake(jobs.name)
    await expect
      .poll(async () => (await poison.receiveMessages()).receivedMessageItems[0]?.messageText)
      .toBe('{not base64}')
    expect(noted('work')).toEqual([])
  })

  test('no more than batchSize + newBatchThreshold run at once', async () => {
    // All of them lie there before the first look, so that each look takes a whole batch.
    await host.stop()
    app.seen.length = 0
    const open = shut('busy')
    for (let index = 0; index < 6; index++) await jobs.sendMessage(base64({ wait: 'busy' }))
    host = await start({ AzureFunctionsJobHost__extensions__queues__newBatchThreshold: '2' })
    await untilNoted('work', 4)
    open()
    await untilNoted('work', 6)
    await host.idle()
    expect(app.atOnce).toEqual({ now: 0, most: 4 })
    await expect.poll(queueIsEmpty).toBe(true)
  })
})

describe('timers', () => {
  test('run now hands over the schedule status; a failing run is retried with its count', async () => {
    await host.runTimer('tick')
    expect(noted('tick')).toMatchObject([
      { isPastDue: false, schedule: { adjustForDST: true }, scheduleStatus: { next: expect.any(String) } },
    ])
    await expect(host.runTimer('flaky')).rejects.toThrow('still broken')
    expect(noted('flaky')).toEqual([
      { retryCount: 0, maxRetryCount: 2 },
      { retryCount: 1, maxRetryCount: 2, exception: { message: 'Error: still broken' } },
      { retryCount: 2, maxRetryCount: 2, exception: { message: 'Error: still broken' } },
    ])
    await expect(host.runTimer('absent')).rejects.toThrow('no timer named "absent"')
  })
})

describe('start and stop', () => {
  test('a second host in the same process is refused while the first one runs', async () => {
    await expect(start()).rejects.toThrow('already runs in this process')
  })

  test('host 9: what still runs when the grace is over is left behind', async () => {
    const open = shut('slow')
    const slow = call('/v1/slow').catch(() => 'cut')
    await untilNoted('slow')
    await host.stop(50)
    expect(await slow).toBe('cut')
    open()
    host = await start()
    app.seen.length = 0
  })

  test('stop finishes what runs, takes nothing new, and the app can be started again', async () => {
    const open = shut('slow')
    const openJob = shut('job')
    const slow = call('/v1/slow')
    await untilNoted('slow')
    await jobs.sendMessage(base64({ wait: 'job' }))
    host.wake(jobs.name)
    await untilNoted('work')
    const stopping = host.stop()
    await jobs.sendMessage(base64({ late: true }))
    expect((await call('/v1/nothing').catch(() => ({ status: 503 }))).status).toBe(503)
    open()
    openJob()
    expect(await (await slow).text()).toBe('done')
    await stopping
    expect(noted('work')).toHaveLength(1)
    expect(noted('appTerminate')).toEqual([true])
    expect(
      (await jobs.peekMessages({ numberOfMessages: 32 })).peekedMessageItems.map(({ messageText }) => messageText),
    ).toEqual([base64({ late: true })])
    await expect(call('/v1/nothing')).rejects.toThrow()

    host = await start()
    await untilNoted('work', 2)
    expect(noted('appStart')).toEqual([true])
  })

  test('a run missed while the host was down is made up for once, as past due', async () => {
    await host.stop()
    const file = join(folder, 'timers.json')
    const day = 86_400_000
    const last = Math.floor(Date.now() / day) * day + 3 * 3_600_000 - 3 * day
    const statuses = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    await writeFile(file, JSON.stringify({ ...statuses, tick: { last, next: last + day, lastUpdated: last } }))
    host = await start()
    expect(await untilNoted('tick')).toMatchObject([{ isPastDue: true }])
    await host.stop()
    host = await start()
    expect(noted('tick')).toHaveLength(1)
  })

  test('a schedule that is due runs, again and again', async () => {
    await host.stop()
    host = await start({ TICK: '* * * * * *' })
    const ticks = (await untilNoted('tick', 2)) as { isPastDue: boolean; scheduleStatus: unknown }[]
    expect(ticks.every(({ isPastDue }) => !isPastDue)).toBe(true)
  })

  test('wrong settings are refused at start with their reason', async () => {
    await host.stop()
    await expect(start({ TICK: '0 0 0 31 2 *' })).rejects.toThrow('never occurs')
    await expect(start({ MailStorage: '' })).rejects.toThrow('connection "MailStorage"')
    host = await start()
  })
})
