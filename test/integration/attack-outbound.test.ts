/** A tenant as attacker: endpoints, hosts and redirects that should lead the gateway into the platform. */
import { once } from 'node:events'
import { createServer, request as plainRequest } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type LookupFunction } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GatewayError } from '../../lib/errors.js'
import { webhookSchema } from '../../lib/model/admin-schemas.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { webhookPoster } from '../../lib/transports/webhook-poster.js'

let connections = 0
const trap = createTcpServer((socket) => {
  connections++
  socket.destroy()
})
let port = 0

beforeAll(async () => {
  trap.listen(0, '::')
  await once(trap, 'listening')
  port = (trap.address() as AddressInfo).port
})
afterAll(() => void trap.close())

const resolve = (address: string) => async () => [{ address, family: address.includes(':') ? 6 : 4 }]
/** Everything but the address is allowed, so that only the guard of addresses is in the way. */
const poster = (lookup: LookupFunction) => webhookPoster({ lookup, allowLoopback: true })
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'posted',
    (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
  )

const spellings = [
  '127.0.0.1',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0',
  '①②⑦.⓪.⓪.①',
  '127。0。0。1',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[64:ff9b::7f00:1]',
  '[2002:7f00:1::]',
  '[::127.0.0.1]',
  '[fe80::1]',
  '[fd00::1]',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '0xa9fea9fe',
  '168.63.129.16',
]

test.each(spellings)('SEC-24: a webhook at %s is refused before any connection', async (host) => {
  connections = 0
  const lookup = guardedLookup({ allowLoopback: false })
  expect(await codeOf(poster(lookup).post(`http://${host}:${port}/`, '{}', {}))).toBe('webhook_not_allowed')
  expect(connections).toBe(0)
})

test.each(['127.0.0.1', '10.0.0.1', '::1', '::ffff:169.254.169.254', '64:ff9b::a9fe:a9fe'])(
  'SEC-24: a public name that resolves to %s is refused',
  async (address) => {
    connections = 0
    const lookup = guardedLookup({ allowLoopback: false, resolve: resolve(address) })
    expect(await codeOf(poster(lookup).post(`http://hook.example.com:${port}/`, '{}', {}))).toBe('webhook_not_allowed')
    expect(connections).toBe(0)
  },
)

test('SEC-24: a name that changes its mind after the check is not asked again', async () => {
  connections = 0
  let asked = 0
  const flipping = async () => [{ address: asked++ === 0 ? '203.0.113.9' : '127.0.0.1', family: 4 }]
  for (let tries = 0; tries < 50; tries++) {
    asked = tries % 2
    await codeOf(
      poster(guardedLookup({ allowLoopback: false, resolve: flipping })).post(`http://x.example:${port}/`, '{}', {}),
    )
  }
  expect(connections).toBe(0)
  // Once allowed, the very address that was checked is the one that is called, whatever a second answer would be.
  asked = 0
  const turning = async () => [{ address: asked++ === 0 ? '127.0.0.1' : '10.0.0.1', family: 4 }]
  const checked = poster(guardedLookup({ allowLoopback: true, resolve: turning }))
  expect(await codeOf(checked.post(`http://x.example:${port}/`, '{}', {}))).toBe('webhook_unreachable')
  expect({ asked, connections }).toEqual({ asked: 1, connections: 1 })
})

test('SEC-24: control: the same hosts reach the trap without the guard', async () => {
  connections = 0
  const lookup: LookupFunction = (_host, options, callback) =>
    options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4)
  for (const host of ['127.1', '2130706433', '[::ffff:127.0.0.1]', 'hook.example.com']) {
    const request = plainRequest(`http://${host}:${port}/`, { lookup })
    request.on('error', () => {})
    request.end()
    await new Promise((done) => request.on('close', done))
  }
  expect(connections).toBe(4)
  expect(await codeOf(poster(guardedLookup({ allowLoopback: true })).post(`http://127.1:${port}/`, '{}', {}))).toBe(
    'webhook_unreachable',
  )
  expect(connections).toBe(5)
})

test('SEC-24: a redirect of an endpoint is a refusal, never followed', async () => {
  connections = 0
  const server = createServer((_, response) =>
    response.writeHead(307, { location: `http://127.0.0.1:${port}/latest/meta-data` }).end(),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: own } = server.address() as AddressInfo
  const lookup = guardedLookup({ allowLoopback: true })
  expect(await codeOf(poster(lookup).post(`http://127.0.0.1:${own}/`, '{}', {}))).toBe('webhook_refused')
  expect(connections).toBe(0)
  server.close()
})

test('SEC-24: outside the local mode only https and port 443, refused when the endpoint is added already', async () => {
  const strict = webhookPoster({ lookup: guardedLookup({ allowLoopback: false }), allowLoopback: false })
  for (const url of ['http://example.com/', 'https://example.com:22/', 'https://example.com:6379/'])
    expect(await codeOf(strict.post(url, '{}', {}))).toBe('webhook_not_allowed')
  for (const url of ['https://example.com:22/', 'http://example.com/', 'https://a@example.com/', 'ftp://example.com/'])
    expect(webhookSchema.safeParse({ url }).success, url).toBe(false)
  for (const url of ['https://example.com/', 'https://example.com:443/x', 'http://localhost:9/'])
    expect(webhookSchema.safeParse({ url }).success, url).toBe(true)
})
