/** The local Functions host: HTTP, keys and admin endpoints, as on Azure. */
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { call, host, lines, queueIsEmpty, start, untilNoted, useHostApp } from '../support/package/host-app.js'

useHostApp()

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
    await start({ FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: '1000000' })
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
    await start({ AzureWebJobsDisableHomepage: 'true' })
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
