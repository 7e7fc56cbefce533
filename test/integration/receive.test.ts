/** Receiving that goes well: what a poll stores and tells, what it costs, which mailbox it reads. */
import { describe, expect, test } from 'vitest'
import { pollBatch } from '../../lib/flows/receive/poll-batch.js'
import { listReceived } from '../../lib/flows/receive/received-list.js'
import { readReceived, readReceivedRaw } from '../../lib/flows/receive/received-read.js'
import { newId } from '../../lib/model/ids.js'
import type { Mailbox } from '../../lib/model/mailbox.js'
import type { Message } from '../../lib/model/messages.js'
import type { Row } from '../../lib/ports/tables.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import type { memoryQueues } from '../../lib/stores/memory-queues.js'
import { connectAs } from '../support/connect/connect-as.js'
import { everyNotImported } from '../support/general/every.js'
import { dueAt, hour, names, storage, useReceiveStorage, world } from '../support/receive/receive-world.js'

useReceiveStorage()

describe('receive', () => {
  test('M-100: mails are stored, told, listed and readable, and nothing is taken twice after a restart', async () => {
    const at = await world()
    at.server.put(1, 'one')
    at.server.put(2, 'two')
    expect(await at.poll()).toMatchObject({ outcome: 'mail', handedOver: 2 })
    expect(at.takeEvents().map((event) => event.type)).toEqual(['mail.received', 'mail.received'])
    at.pass(61_000)
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(at.takeEvents()).toEqual([])

    const { tenant, id } = at.mailbox
    const first = await listReceived(at.deps, { tenant, mailboxId: id }, { limit: 1 })
    const second = await listReceived(at.deps, { tenant, mailboxId: id }, { limit: 1, after: first.next })
    expect([...first.mails, ...second.mails].map((mail) => mail.state)).toEqual(['handed-over', 'handed-over'])
    expect(second.next).toBe('')
    const ids = at.events.map((event) => String(event.data['receivedId']))
    expect(new Set([...first.mails, ...second.mails].map((mail) => mail.id))).toEqual(new Set(ids))
    expect((await readReceived(at.deps, { tenant, mailboxId: id, id: ids[0]! })).parsed.text).toContain('one')
    expect(Buffer.from(await readReceivedRaw(at.deps, { tenant, mailboxId: id, id: ids[1]! })).toString()).toContain(
      'two',
    )
    await expect(readReceivedRaw(at.deps, { tenant: 'other', mailboxId: id, id: ids[1]! })).rejects.toMatchObject({
      code: 'not_found',
    })
    for (const [owner, box] of [
      ['other', id],
      [tenant, 'sales'],
    ] as const) {
      await expect(listReceived(at.deps, { tenant: owner, mailboxId: box }, { limit: 50 })).rejects.toMatchObject({
        code: 'not_found',
      })
      await expect(everyNotImported(at.deps, owner, box)).rejects.toMatchObject({ code: 'not_found' })
    }
    await expect(
      listReceived(at.deps, { tenant, mailboxId: id }, { limit: 50, after: 'page-2' }),
    ).rejects.toMatchObject({
      field: 'after',
    })
  })

  test('M-107: one log row for a poll with mail, none for an idle one', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    await at.poll()
    const [table] = await storage.tables.list(`${names.environment}receivinglog`)
    const rows: Row[] = []
    const partitionRange: [string, string] = [`${at.mailbox.tenant}~`, `${at.mailbox.tenant}~~`]
    for await (const row of storage.tables.query(table!, { partitionRange })) rows.push(row)
    expect(rows).toMatchObject([{ outcome: 'received', handedOver: 1, failed: false }])
  })

  test('M-004: after-receive action, mails per poll and interval follow what the tenant chose', async () => {
    const at = await world()
    const { after: _, ...receive } = at.mailbox.receive as Extract<Mailbox['receive'], { transport: 'imap' }>
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive }))
    const chosen = { afterReceive: 'mark-read', mailsPerPoll: 1, pollMinSeconds: 7200 }
    await storage.tables.insert(names.table('tenants'), {
      partitionKey: at.mailbox.tenant,
      rowKey: 'setting~tenant',
      v: 1,
      values: JSON.stringify(chosen),
    })
    at.server.put(1)
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(at.server.actions.map(({ action }) => action)).toEqual(['mark-read', 'mark-read'])
    expect(await dueAt(at)).toBeGreaterThan(at.deps.clock.now() + 7_100_000)
  })

  test('an idle poll costs four storage requests, and once a minute one more for the settings of the tenant', async () => {
    const at = await world()
    await at.poll()
    at.pass(20 * 60_000)
    const requests: string[] = []
    at.watch((when, request) => when === 'before' && requests.push(request))
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(requests).toEqual(['query', 'query', 'update', 'query', 'upsert'])
  })

  test('M-110, REL-26: of two workers one polls, and a mailbox just polled is not polled again', async () => {
    const at = await world()
    await at.poll()
    at.pass(61_000)
    const results = await Promise.all([at.poll(), at.poll()])
    expect(results.map((result) => result.outcome).sort()).toEqual(['idle', 'leased'])
    expect((await at.poll()).outcome).toBe('leased')
  })

  test('M-110: a job of one mailbox may be followed by another at once', async () => {
    const at = await world()
    await at.poll()
    const job = { v: 1, mailboxes: [{ tenant: at.mailbox.tenant, mailboxId: at.mailbox.id }] }
    for (const uid of [0, 1]) {
      if (uid > 0) at.server.put(uid)
      expect(await pollBatch(at.deps, job)).toMatchObject([{ outcome: uid === 0 ? 'idle' : 'mail' }])
    }
  })

  test('P-15, M-102: a backlog larger than one poll continues at once in its own job', async () => {
    const at = await world({ action: 'leave' }, { mailsPerPoll: 2 })
    for (const uid of [1, 2, 3, 4, 5]) at.server.put(uid)
    expect(await at.poll()).toMatchObject({ handedOver: 2 })
    const take = (at.deps.queues as ReturnType<typeof memoryQueues>).take
    const [job] = take<Message<'mailbox-poll'>>(names.queue('mailbox-poll'))
    expect(await pollBatch(at.deps, job!)).toMatchObject([{ handedOver: 2 }])
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(new Set(at.takeEvents().map((event) => event.id)).size).toBe(5)
  })

  test('the first sync takes only the days that were asked for', async () => {
    const at = await world()
    at.server.put(1, 'old', { receivedAt: Date.now() - 8 * 24 * hour })
    at.server.put(2, 'new')
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
  })

  test('P-11: the action at the server comes only after the hand-over, and once', async () => {
    const at = await world({ action: 'delete' })
    at.server.put(1)
    await at.poll()
    expect(at.server.actions).toEqual([{ action: 'delete', serverId: '1.1' }])
    expect(at.server.mails).toEqual([])
    expect(await at.row()).toMatchObject({ owed: '' })
  })
})

describe('receive: which mailbox', () => {
  test("SEC-17: 'me' is never kept across a change of connection", async () => {
    const at = await world()
    const targets: string[] = []
    const open = at.server.open.bind(at.server)
    at.deps.receivers.graph = {
      open: async (target) => {
        targets.push(target.transport === 'graph' ? target.graph.mailbox : '')
        return open()
      },
    }
    const use = async (username: string): Promise<void> => {
      const receive: Mailbox['receive'] = {
        transport: 'graph',
        connectionId: newId(),
        folder: 'inbox',
        after: { action: 'leave' },
      }
      await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive }))
      const identity = { issuer: '', subject: '', username }
      await connectAs(at.deps, receive.connectionId, { kind: 'anonymous' }, { tenant: at.mailbox.tenant, identity })
      await at.poll()
      at.pass(20 * 60_000)
    }
    await use('INFO@example.com')
    await use('delegate@example.com')
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(targets).toEqual(['me', 'info@example.com', 'info@example.com'])
  })
})
