import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { addEndpoint, removeEndpoint } from '../../lib/flows/admin/webhook-endpoints.js'
import { prepareStorage } from '../../lib/flows/ops/prepare-storage.js'
import { deliverWebhooks, sweepWebhooks } from '../../lib/flows/tell/deliver-webhooks.js'
import { emitEvent } from '../../lib/flows/tell/emit-event.js'
import { storageNames } from '../../lib/model/names.js'
import type { Toolbox } from '../../lib/ports/toolbox.js'
import { listLog } from '../../lib/rows/logs.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { webhookPoster } from '../../lib/transports/webhook-poster.js'
import { everyAttention } from '../support/general/every.js'
import { another, toolbox } from '../support/general/toolbox.js'

interface Post {
  id: string
  body: string
  headers: Record<string, string | string[] | undefined>
}

let server: Server
let posts: Post[]
let status: number
/** Refused whatever `status` says. */
let refusedId: string
let now: number
let deps: Toolbox
let url: string

beforeEach(async () => {
  posts = []
  status = 204
  refusedId = ''
  now = Date.UTC(2026, 0, 15, 10)
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const id = String(request.headers['webhook-id'])
      posts.push({ id, body, headers: request.headers })
      response.writeHead(id === refusedId ? 400 : status, status === 302 ? { location: `${url}/elsewhere` } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  deps = await dependencies(true)
})

afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())))

async function dependencies(allowLoopback: boolean): Promise<Toolbox> {
  const clock = { now: () => now, sleep: async () => {} }
  const made = toolbox({
    names: storageNames('mbg'),
    clock,
    // Which hosts are refused is tried apart; these servers are on this machine.
    webhookPoster: webhookPoster({ lookup: guardedLookup({ allowLoopback }), allowLoopback }),
  })
  await prepareStorage(made)
  return made
}

const sentMail = {
  mailId: 'm1',
  mailboxId: 'b1',
  messageId: '<m1@acme.example>',
  attempts: 1,
  refusedCount: 0,
  metadata: {},
}

const attention = async (): Promise<string[]> => {
  const codes: string[] = []
  for await (const row of deps.tables.query(deps.names.table('attention'), { partition: 'acme' }))
    codes.push(String(row['code']))
  return codes
}

describe('D3: an address is one endpoint', () => {
  test('added again, by however many at once, it is the same with the same key; removed and added, it has another', async () => {
    const added = await Promise.all([1, 2, 3].map(() => addEndpoint(deps, 'acme', url)))
    expect(added.map(({ created }) => created).sort()).toEqual([false, false, true])
    expect(new Set(added.map(({ id, signingKey }) => `${id} ${signingKey.reveal()}`)).size).toBe(1)
    expect(await addEndpoint(deps, 'acme', url)).toMatchObject({ created: false })
    expect((await addEndpoint(deps, 'other', url)).id).not.toBe(added[0]!.id)
    await removeEndpoint(deps, 'acme', added[0]!.id)
    const anew = await addEndpoint(deps, 'acme', url)
    expect(anew.created).toBe(true)
    expect(anew.signingKey.reveal()).not.toBe(added[0]!.signingKey.reveal())
  })

  test('a crash between row and key is repaired by adding it again', async () => {
    const vault = { ...deps.vault, set: async () => Promise.reject(new Error('crash')) }
    await expect(addEndpoint({ ...deps, vault }, 'acme', url)).rejects.toThrow('crash')
    const added = await addEndpoint(deps, 'acme', url)
    expect(added.created).toBe(false)
    expect(added.signingKey.reveal()).toMatch(/^whsec_/)
  })
})

describe('webhooks', () => {
  test('events arrive in order with a Standard Webhooks signature; a changed body does not verify', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    now += 1
    await emitEvent(deps, {
      tenant: 'acme',
      type: 'mail.failed',
      id: 'event-2',
      data: { ...sentMail, code: 'c', description: 'd', remedy: 'r' },
    })
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
      await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
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
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'old', data: sentMail })
    status = 500
    now += 3 * 86_400_000 + 1
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'new', data: sentMail })
    await deliverWebhooks(deps, 'acme', endpoint.id)
    status = 204
    now += 60_000
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.map((post) => post.id)).toEqual(['old', 'new'])
    const [row, ...more] = await listLog(deps, 'acme', { log: 'sending', failed: true, limit: 10 })
    expect(row).toMatchObject({ state: 'event-dropped', code: 'webhook_refused' })
    expect(row?.['description']).toContain('mail.sent old')
    expect(more).toEqual([])
  })

  test('one event that is refused for ever is named under attention with what waits behind it and the way past it', async () => {
    const endpoint = await addEndpoint(deps, 'acme', `${url}?secret=s3cr3t`)
    for (const id of ['poison', 'second', 'third']) {
      await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id, data: sentMail })
      now += 1
    }
    refusedId = 'poison'
    for (let hour = 0; hour < 30; hour++) {
      await deliverWebhooks(deps, 'acme', endpoint.id)
      now += 3_600_000
    }
    expect(new Set(posts.map((post) => post.id))).toEqual(new Set(['poison']))
    const [card] = await everyAttention(deps, 'acme')
    expect(card).toMatchObject({ kind: 'webhook', code: 'webhook_refused', whoActs: 'Developers of the application' })
    expect(card?.subject).toBe(url)
    expect(card?.description).toMatch(/status 400.* mail\.sent poison, attempt 30\. 2 later events wait behind it\./)
    expect(card?.remedy).toContain('answer with 2xx')
    refusedId = ''
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.slice(-3).map((post) => post.id)).toEqual(['poison', 'second', 'third'])
    expect(await everyAttention(deps, 'acme')).toEqual([])
  })

  test('an endpoint that is removed leaves no event, no schedule and no attention, also not from a process that still knows it', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    status = 500
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    await deliverWebhooks(deps, 'acme', endpoint.id)
    const other = another(deps)
    await emitEvent(other, { tenant: 'acme', type: 'mail.sent', id: 'event-2', data: sentMail })
    await removeEndpoint(deps, 'acme', endpoint.id)
    const left = async (): Promise<string[]> => {
      const found: string[] = []
      for (const table of ['deliveries', 'due', 'attention'] as const)
        for await (const { rowKey } of deps.tables.query(deps.names.table(table), { partitionRange: ['0', '~~~'] }))
          found.push(`${table} ${rowKey}`)
      return found
    }
    expect(await left()).toEqual([])
    await emitEvent(other, { tenant: 'acme', type: 'mail.sent', id: 'event-3', data: sentMail })
    expect(await left()).toHaveLength(2)
    expect(await sweepWebhooks(deps)).toBe(1)
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(await left()).toEqual([])
    expect(posts).toHaveLength(1)
  })

  test('without its key nothing is posted; with it everything is', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    const name = deps.names.webhookKey(endpoint.id)
    await deps.vault.remove(name)
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts).toEqual([])
    expect(await attention()).toEqual(['webhook_key_missing'])
    await deps.vault.set(name, endpoint.signingKey)
    now += 10_000
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.map((post) => post.id)).toEqual(['event-1'])
    expect(await attention()).toEqual([])
  })

  test('an event told while a worker lets go of the endpoint keeps its place on the schedule', async () => {
    const endpoint = await addEndpoint(deps, 'acme', url)
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    let told = false
    const tables: typeof deps.tables = {
      ...deps.tables,
      // Another worker meets the new event between this one's last look and its taking the endpoint off the schedule.
      remove: async (table, row) => {
        if (table === deps.names.table('due') && !told) {
          told = true
          await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-2', data: sentMail })
          status = 500
          await deliverWebhooks({ ...deps, worker: 'w2' }, 'acme', endpoint.id)
        }
        return deps.tables.remove(table, row)
      },
    }
    await deliverWebhooks({ ...deps, tables }, 'acme', endpoint.id)
    expect(told).toBe(true)
    status = 204
    now += 10_000
    expect(await sweepWebhooks(deps)).toBe(1)
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(posts.map((post) => post.id)).toEqual(['event-1', 'event-2', 'event-2'])
  })

  test('SEC-24: an endpoint on a forbidden address gets no connection; with the local setting it does', async () => {
    let connections = 0
    server.on('connection', () => {
      connections += 1
    })
    deps = await dependencies(false)
    const endpoint = await addEndpoint(deps, 'acme', url.replace('http:', 'https:').replace('127.0.0.1', 'localhost'))
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    await deliverWebhooks(deps, 'acme', endpoint.id)
    expect(connections).toBe(0)
    expect(await attention()).toEqual(['webhook_not_allowed'])
    deps = await dependencies(true)
    const local = await addEndpoint(deps, 'acme', url.replace('127.0.0.1', 'localhost'))
    await emitEvent(deps, { tenant: 'acme', type: 'mail.sent', id: 'event-1', data: sentMail })
    await deliverWebhooks(deps, 'acme', local.id)
    expect(connections).toBe(1)
  })
})
