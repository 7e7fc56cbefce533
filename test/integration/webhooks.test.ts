import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addEndpoint } from '../../lib/flows/admin/webhook-endpoints.js'
import { prepareStorage } from '../../lib/flows/ops/prepare-storage.js'
import { deliverWebhooks, sweepWebhooks, type TellDependencies } from '../../lib/flows/tell/deliver-webhooks.js'
import { emitEvent } from '../../lib/flows/tell/emit-event.js'
import { silentLog } from '../../lib/log.js'
import { storageNames } from '../../lib/model/names.js'
import { memoryBlobs } from '../../lib/stores/memory-blobs.js'
import { memoryQueues } from '../../lib/stores/memory-queues.js'
import { memoryTables } from '../../lib/stores/memory-tables.js'
import { memoryVault } from '../../lib/stores/memory-vault.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { webhookPoster } from '../../lib/transports/webhook-poster.js'

interface Post {
  id: string
  body: string
  headers: Record<string, string | string[] | undefined>
}

let server: Server
let posts: Post[]
let status: number
let now: number
let deps: TellDependencies
let url: string

beforeEach(async () => {
  posts = []
  status = 204
  now = Date.UTC(2026, 0, 15, 10)
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      posts.push({ id: String(request.headers['webhook-id']), body, headers: request.headers })
      response.writeHead(status, status === 302 ? { location: `${url}/elsewhere` } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  deps = await dependencies(true)
})

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

async function dependencies(allowLoopback: boolean): Promise<TellDependencies> {
  const clock = { now: () => now, sleep: async () => {} }
  const made: TellDependencies = {
    names: storageNames('mbg'),
    tables: memoryTables({ now: clock.now }),
    queues: memoryQueues({ now: clock.now }),
    blobs: memoryBlobs(),
    vault: memoryVault(),
    clock,
    log: silentLog,
    worker: 'w1',
    webhookPoster: webhookPoster({ lookup: guardedLookup({ allowLoopback }), allowLoopback }),
  }
  await prepareStorage(made)
  return made
}

const attention = async (): Promise<string[]> => {
  const codes: string[] = []
  for await (const row of deps.tables.query(deps.names.table('attention'), { partition: 'acme' }))
    codes.push(String(row['code']))
  return codes
}

describe('webhooks', () => {
  test('events arrive in order with a Standard Webhooks signature; a changed body does not verify', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    await emitEvent(deps, 'acme', 'mail.sent', 'event-1', { mailId: 'm1' })
    now += 1
    await emitEvent(deps, 'acme', 'mail.failed', 'event-2', { mailId: 'm2' })
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.map((post) => post.id)).toEqual(['event-1', 'event-2'])
    const key = Buffer.from(endpoint.signingKey.reveal().replace('whsec_', ''), 'base64')
    const signature = (post: Post, body: string) =>
      `v1,${createHmac('sha256', key).update(`${post.id}.${post.headers['webhook-timestamp']}.${body}`).digest('base64')}`
    for (const post of posts) {
      expect(post.headers['webhook-signature']).toBe(signature(post, post.body))
      expect(post.headers['webhook-signature']).not.toBe(signature(post, `${post.body} `))
    }
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts).toHaveLength(2)
  })

  test.each([500, 302, 404])(
    'an endpoint that answers %i is tried again later, seen under attention, and healed by itself',
    async (refusal) => {
      const endpoint = await addEndpoint(deps, 'acme', url)
      await emitEvent(deps, 'acme', 'mail.sent', 'event-1', {})
      status = refusal
      await deliverWebhooks(deps, 'acme', endpoint.id)
      await deliverWebhooks(deps, 'acme', endpoint.id)
      expect(posts).toHaveLength(1)
      expect(await attention()).toEqual(['webhook_refused'])
      status = 204
      now += 10_000
      expect(await sweepWebhooks(deps)).toBe(1)
      await deliverWebhooks(deps, 'acme', endpoint.id)
      expect(posts.map((post) => post.id)).toEqual(['event-1', 'event-1'])
      expect(await attention()).toEqual([])
    },
  )

  test('an event is given up after three days; the ones behind it still arrive', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    await emitEvent(deps, 'acme', 'mail.sent', 'old', {})
    status = 500
    now += 3 * 86_400_000 + 1
    await emitEvent(deps, 'acme', 'mail.sent', 'new', {})
    await deliverWebhooks(deps, 'acme', endpoint.id)
    status = 204
    now += 60_000
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.map((post) => post.id)).toEqual(['old', 'new'])
  })

  test('SEC-24: an endpoint on a forbidden address gets no connection; with the local setting it does', async () => {
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    deps = await dependencies(false)
    const endpoint = await addEndpoint(deps, 'acme', url.replace('http:', 'https:').replace('127.0.0.1', 'localhost'))
    await emitEvent(deps, 'acme', 'mail.sent', 'event-1', {})
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(connections).toBe(0)
    expect(await attention()).toEqual(['webhook_not_allowed'])
    deps = await dependencies(true)
    const local = await addEndpoint(deps, 'acme', url.replace('127.0.0.1', 'localhost'))
    await emitEvent(deps, 'acme', 'mail.sent', 'event-1', {})
    await deliverWebhooks(deps, 'acme', local.id)
    expect(connections).toBe(1)
  })
})
