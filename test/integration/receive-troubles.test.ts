/** Receiving from servers that lose their ids, refuse or never answer, and what people are told of it. */
import { describe, expect, test } from 'vitest'
import { mailboxesDue } from '../../lib/flows/receive/mailboxes-due.js'
import { newId } from '../../lib/model/ids.js'
import type { Mailbox } from '../../lib/model/mailbox.js'
import { type Message, readMessage } from '../../lib/model/messages.js'
import { connectionOf } from '../../lib/model/transports.js'
import { setDue } from '../../lib/rows/due.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { Secret } from '../../lib/secret.js'
import type { memoryQueues } from '../../lib/stores/memory-queues.js'
import { connectAs } from '../support/connect/connect-as.js'
import { dueAt, hour, names, rowsOf, storage, useReceiveStorage, world } from '../support/receive/receive-world.js'
import { broken } from '../support/receive/scripted-mailbox.js'

useReceiveStorage()

describe('receive: lost ids', () => {
  test('REL-21, P-17: after a change of UIDVALIDITY each mail is told once, new ones too', async () => {
    const at = await world({ action: 'leave' }, { mailsPerPoll: 2 })
    for (const uid of [1, 2, 3]) at.server.put(uid)
    await at.poll()
    await at.poll()
    at.pass(61_000)
    at.server.validity = 2
    at.server.put(4)
    at.server.put(5, 'mail 5')
    for (let poll = 0; poll < 4; poll++) {
      await at.poll()
      at.pass(61_000)
    }
    expect(at.takeEvents().map((event) => event.data['messageId'])).toEqual(
      [1, 2, 3, 4, 5].map((uid) => `<${uid}@example.com>`),
    )
    expect(await at.row()).toMatchObject({ resyncSince: 0 })
  })

  test('SEC-33: in a resync a copy cannot swallow a second mail of the same look', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    at.server.validity = 2
    at.server.put(2, 'mail 1', { raw: at.server.mails[0]!.raw })
    await at.poll()
    expect(at.takeEvents()).toHaveLength(2)
  })

  test('P-12: after a switch to another server the mails we know are not told again', async () => {
    const at = await world()
    at.server.put(1)
    await at.poll()
    at.pass(61_000)
    const receive = { ...at.mailbox.receive, transport: 'graph', folder: 'inbox' } as Mailbox['receive']
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, receive, epoch: 2 }))
    at.server.validity = 7
    at.server.put(2)
    expect(await at.poll()).toMatchObject({ handedOver: 1 })
    expect(new Set(at.takeEvents().map((event) => event.data['messageId'])).size).toBe(2)
  })
})

describe('receive: troubles of the server and of people', () => {
  test('a transient failure backs off, people are told when it lasts, recovery is noted', async () => {
    const at = await world()
    at.server.openFault = broken('net_refused', 'transient')
    for (let failures = 1; failures <= 6; failures++) {
      expect(await at.poll()).toMatchObject({ outcome: 'failed', code: 'net_refused' })
      const attention = await rowsOf(names.table('attention'), at.mailbox.tenant)
      expect(attention).toHaveLength(failures >= 5 ? 1 : 0)
      at.pass(61_000)
    }
    expect(await dueAt(at)).toBeGreaterThan(Date.now() + 20 * 60_000)
    at.server.openFault = undefined
    at.server.put(1)
    expect(await at.poll()).toMatchObject({ outcome: 'mail' })
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
    expect(await at.row()).toMatchObject({ failures: 0, attention: false, code: '' })
  })

  test('needs-reconnect stops polling, tells once, and works again after the reconnect', async () => {
    const at = await world()
    const connectionId = connectionOf(at.mailbox.receive)
    const { tenant } = at.mailbox
    await connectAs(at.deps, connectionId, { kind: 'password', user: 'info', password: new Secret('p') }, { tenant })
    await at.deps.vault.remove(names.connectionSecret(connectionId, 1))
    await at.poll()
    expect(await dueAt(at)).toBeLessThan(Date.now() + 5 * 60_000)
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
    at.pass(3 * 60_000)
    await at.poll()
    expect(await dueAt(at)).toBeGreaterThan(Date.now() + 10 * hour)
    expect(at.server.opened).toBe(0)
    const [row] = await rowsOf(names.table('attention'), at.mailbox.tenant)
    expect(row).toMatchObject({ rowKey: `mailbox-receive~${at.mailbox.id}`, class: 'needs-reconnect' })
    await connectAs(at.deps, connectionId, { kind: 'anonymous' }, { tenant })
    expect(await at.poll()).toMatchObject({ outcome: 'idle' })
    expect(await rowsOf(names.table('attention'), at.mailbox.tenant)).toEqual([])
  })

  test('REL-27: a server that never answers costs its poll the time limit and no more', async () => {
    const slow = await world()
    slow.server.hangs = true
    expect(await slow.poll({ timeLimitMs: 50 })).toMatchObject({ outcome: 'failed', code: 'poll_timeout' })
  })

  test('a mailbox that is switched off is no longer due', async () => {
    const at = await world()
    await setDue(at.deps, { kind: 'poll', tenant: at.mailbox.tenant, id: at.mailbox.id }, Date.now())
    await storage.tables.upsert(names.table('mailboxes'), toRow({ ...at.mailbox, active: false }))
    expect(await at.poll()).toMatchObject({ outcome: 'off' })
    expect(await dueAt(at)).toBe(Number.POSITIVE_INFINITY)
  })

  test('P-14: due mailboxes come in jobs, oldest first, and two timers share them', async () => {
    const at = await world()
    const ids = Array.from({ length: 230 }, () => newId())
    await Promise.all(
      ids.map((id, n) => setDue(at.deps, { kind: 'poll', tenant: at.mailbox.tenant, id }, Date.now() - n * 1_000)),
    )
    const counts = await Promise.all([mailboxesDue(at.deps), mailboxesDue(at.deps)])
    const jobs = (at.deps.queues as ReturnType<typeof memoryQueues>).take<Message<'mailbox-poll'>>(
      names.queue('mailbox-poll'),
    )
    const told = jobs.flatMap((job) => job.mailboxes.map((one) => one.mailboxId)).filter((id) => ids.includes(id))
    expect(new Set(told).size).toBe(230)
    expect(told).toHaveLength(230)
    expect(counts[0]! + counts[1]!).toBeGreaterThanOrEqual(230)
    expect(Math.max(...jobs.map((job) => job.mailboxes.length))).toBeLessThanOrEqual(200)
  })

  test('SEC-18: a job with foreign or malformed ids is refused', async () => {
    const one = { tenant: 'acme', mailboxId: newId() }
    expect(readMessage('mailbox-poll', { v: 1, mailboxes: [one] })).toHaveProperty('message')
    const foreign = [{ ...one, tenant: 'A B' }, { ...one, mailboxId: 'x' }, {}].map((it) => ({ v: 1, mailboxes: [it] }))
    const many = { v: 1, mailboxes: Array.from({ length: 201 }, () => one) }
    for (const job of [{}, [], ...foreign, many, { v: 0, mailboxes: [] }])
      expect(readMessage('mailbox-poll', job)).toEqual({ other: job })
  })
})
