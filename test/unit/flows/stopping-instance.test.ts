/** The platform takes an instance away: nothing new is begun, the mail in hand is finished, another instance goes on at once. */

import { expect, test } from 'vitest'
import { readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { sweep } from '../../../lib/flows/ops/sweep.js'
import { pollBatch } from '../../../lib/flows/receive/poll-batch.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { refreshBatch } from '../../../lib/flows/tokens/refresh-batch.js'
import { newId } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import type { TableName } from '../../../lib/model/names.js'
import type { OutgoingMail, SendSession } from '../../../lib/ports/sender.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { handOverMs, leaseMs, leavingMs, readLane } from '../../../lib/rows/lane.js'
import { startWork, stopSignal, stopWork, workBegins, workEnds } from '../../../lib/stop-work.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { everySender } from '../../support/general/toolbox.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail, sweepLanes } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const queued = (h: Harness, queue: 'mail-send' | 'mailbox-poll' | 'connection-refresh' = 'mail-send') =>
  (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue(queue))

async function withMails(count: number): Promise<{ h: Harness; ids: string[] }> {
  const h = await sendHarness()
  const ids: string[] = []
  for (let n = 0; n < count; n++) {
    const submission = parseMailSubmission({ to: [`r${n}@b.example`], subject: 'Offer', text: 'Hello' })
    ids.push((await acceptMail(h.deps, h.tenant, { submission })).mail.id)
    h.clock.advance(1)
  }
  queued(h)
  return { h, ids }
}

const statesOf = async (h: Harness, ids: string[]) => {
  const states: string[] = []
  for (const id of ids) states.push((await readMail(h.deps, h.tenant, id)).state)
  return states
}

/** Another instance delivers what is on the queue at this moment. No time passes. */
async function goOn(h: Harness): Promise<void> {
  const messages = queued(h)
  expect(messages).not.toEqual([])
  for (const message of messages) await drainLane(h.process().deps, message)
}

const laneOf = (h: Harness) => readLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
const isReleased = async (h: Harness) => (await laneOf(h)).leaseUntil === 0

test('C2: M-170: the mail whose hand-over has begun is finished, no other is begun, the backlog continues elsewhere at once', async () => {
  const { h, ids } = await withMails(5)
  const leaving = h.process()
  h.peer.script.after = (mail) => {
    if (mail.mailId === ids[1]) leaving.stop()
    return undefined
  }
  await drainLane(leaving.deps, work(h))
  expect(h.peer.sent.map(({ mailId }) => mailId)).toEqual(ids.slice(0, 2))
  expect(await statesOf(h, ids)).toEqual(['sent', 'sent', 'queued', 'queued', 'queued'])
  expect(await isReleased(h)).toBe(true)
  await goOn(h)
  expect(h.peer.sent.map(({ mailId }) => mailId)).toEqual(ids)
})

test("C2: M-170: a mail that is being prepared when the signal comes is put back and counts as nobody's fault", async () => {
  const { h, ids } = await withMails(2)
  const leaving = h.process()
  h.peer.script.send = () => {
    leaving.stop()
    return undefined
  }
  await drainLane(leaving.deps, work(h))
  h.peer.script.send = () => undefined
  expect(h.peer.sent).toEqual([])
  expect(await statesOf(h, ids)).toEqual(['queued', 'queued'])
  expect((await readMail(h.deps, h.tenant, ids[0] ?? '')).history).toEqual([])
  expect(await laneOf(h)).not.toHaveProperty('failures', 1)
  expect(await isReleased(h)).toBe(true)
  await goOn(h)
  expect(await statesOf(h, ids)).toEqual(['sent', 'sent'])
})

test('C12: an instance is killed in the middle of a hand-over: the others of its mailbox leave within seconds, that one is looked at when nobody can be at work on it any more', async () => {
  const { h, ids } = await withMails(3)
  const leaving = h.process()
  let isAlone = true
  h.peer.script.after = () => {
    if (!isAlone) return undefined
    isAlone = false
    leaving.stop()
    return undefined
  }
  const hung = new Promise<never>(() => {})
  const sender = {
    ...h.peer.sender,
    open: async (...given: Parameters<typeof h.peer.sender.open>) => {
      const session = await h.peer.sender.open(...given)
      return {
        ...session,
        send: async (...mail: Parameters<SendSession['send']>) => session.send(...mail).then(() => hung),
      }
    },
  }
  // Killed: it never comes back.
  void drainLane({ ...leaving.deps, senders: everySender(sender) }, work(h))
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  expect(await statesOf(h, ids)).toEqual(['handing-over', 'queued', 'queued'])
  h.peer.script.lookUp = () => 'sent'
  const goneAt = h.clock.now()
  const settledAfter = new Map<string, number>()
  for (let second = 1; second <= 300; second++) {
    h.clock.advance(1_000)
    if (second % 60 === 59) await sweepLanes(h.deps)
    for (const message of queued(h)) await drainLane(h.process().deps, message)
    const states = await statesOf(h, ids)
    for (const id of ids.filter((id, n) => states[n] === 'sent' && !settledAfter.has(id)))
      settledAfter.set(id, h.clock.now() - goneAt)
  }
  const [first = 0, ...others] = ids.map((id) => settledAfter.get(id) ?? Number.POSITIVE_INFINITY)
  expect(Math.max(...others)).toBeLessThanOrEqual(leavingMs + 1_000)
  expect(first).toBeGreaterThanOrEqual(handOverMs)
  expect(first).toBeLessThanOrEqual(leaseMs + 60_000)
  expect(h.peer.sent.map(({ mailId }) => mailId)).toEqual(ids)
})

test('C12: an answer that comes within the grace after all is the truth, and the lane is released', async () => {
  const { h, ids } = await withMails(2)
  const leaving = h.process()
  h.peer.script.after = () => {
    leaving.stop()
    return undefined
  }
  await drainLane(leaving.deps, work(h))
  h.peer.script.after = () => undefined
  expect(await statesOf(h, ids)).toEqual(['sent', 'queued'])
  expect(await isReleased(h)).toBe(true)
  await goOn(h)
  // The message that would have followed a lease left behind finds nothing to follow.
  h.clock.advance(leavingMs)
  const late = h.process()
  for (const message of queued(h)) await drainLane(late.deps, message)
  expect(late.state.byStore).toEqual({ tables: late.state.byStore['tables'] })
  expect(h.peer.sent.map(({ mailId }) => mailId)).toEqual(ids)
})

test('C2: a fault of the server while this instance is stopping is still told once the hand-over had begun', async () => {
  const { h, ids } = await withMails(1)
  const leaving = h.process()
  h.peer.script.lookUp = () => 'sent'
  h.peer.script.after = () => {
    leaving.stop()
    return faultOf('transient', { outcome: 'unknown' })
  }
  await drainLane(leaving.deps, work(h))
  expect(await statesOf(h, ids)).toEqual(['unknown'])
  h.peer.script.after = () => undefined
  h.clock.advance(90_000)
  await goOn(h)
  expect(await statesOf(h, ids)).toEqual(['sent'])
})

/** Queries of one table that never answer. */
const hangingAt = ({ tables, names }: Toolbox, name: TableName): Toolbox['tables']['query'] =>
  async function* (table, query) {
    if (table === names.table(name)) await new Promise(() => {})
    yield* tables.query(table, query)
  }

test.each(['session', 'token'] as const)(
  'C2: a lane that waits for a %s lets go when the signal comes',
  async (what) => {
    const { h, ids } = await withMails(1)
    const leaving = h.process()
    const hangs = <T>(signal?: AbortSignal) =>
      new Promise<T>((_, reject) => signal?.addEventListener('abort', () => reject(faultOf('transient'))))
    const sender = {
      ...h.peer.sender,
      open: (_t: unknown, _a: unknown, signal: AbortSignal) => hangs<SendSession>(signal),
    }
    const deps =
      what === 'session'
        ? { ...leaving.deps, senders: everySender(sender) }
        : { ...leaving.deps, tables: { ...leaving.deps.tables, query: hangingAt(leaving.deps, 'connections') } }
    const draining = drainLane(deps, work(h))
    await new Promise((resolve) => setImmediate(resolve))
    leaving.stop()
    await draining
    expect(await isReleased(h)).toBe(true)
    expect((await laneOf(h)).failures).toBe(0)
    await goOn(h)
    expect(await statesOf(h, ids)).toEqual(['sent'])
  },
)

test('C2: a session is broken off while a mail is prepared, never while one is handed over', async () => {
  for (const isHanding of [false, true]) {
    const { h, ids } = await withMails(1)
    const leaving = h.process()
    let broken = false
    const session = (signal: AbortSignal): SendSession => ({
      async send(_mail: OutgoingMail, handingOver) {
        if (isHanding) await handingOver({})
        leaving.stop()
        broken = signal.aborted
        if (broken) throw faultOf('transient')
        return { refused: [], reply: '250 taken' }
      },
      async close() {},
    })
    const sender = { ...h.peer.sender, open: async (_t: unknown, _a: unknown, signal: AbortSignal) => session(signal) }
    await drainLane({ ...leaving.deps, senders: everySender(sender) }, work(h))
    expect(broken).toBe(!isHanding)
    expect(await statesOf(h, ids)).toEqual([isHanding ? 'sent' : 'queued'])
  }
})

test('C2: a message that comes after the signal is sent again, so that no delivery counts as failed; a mail of a back end is taken', async () => {
  const { h } = await withMails(0)
  const leaving = h.process()
  const message = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  expect(await readOrBury(leaving.deps, 'mail-send', { given: message, messageId: 'm1' })).toEqual(message)
  leaving.stop()
  expect(await readOrBury(leaving.deps, 'mail-send', { given: message, messageId: 'm1' })).toBeUndefined()
  expect(queued(h)).toEqual([])
  h.clock.advance(1_000)
  expect(queued(h)).toEqual([message])
  expect(await readOrBury(leaving.deps, 'outbound-mail', { given: message, messageId: 'm2' })).toEqual(message)
})

test('C2: polls and refreshes not yet begun go to another instance; timers begin nothing', async () => {
  const { h } = await withMails(0)
  const leaving = h.process()
  leaving.stop()
  const mailboxes = Array.from({ length: 60 }, () => ({ tenant: h.tenant, mailboxId: newId() }))
  await pollBatch(leaving.deps, { v: 1, mailboxes })
  expect(queued(h, 'mailbox-poll')).toEqual([{ v: 1, mailboxes }])
  const connections = mailboxes.slice(0, 20).map(({ mailboxId }) => ({ tenant: h.tenant, connectionId: mailboxId }))
  await refreshBatch(leaving.deps, { v: 1, connections })
  expect(queued(h, 'connection-refresh')).toEqual([{ v: 1, connections }])
  let parts = 0
  await sweep(leaving.deps, { lanes: async () => ++parts })
  expect(parts).toBe(0)
})

test('C2: the terminate hook lasts as long as what runs, and a host that starts again begins from scratch', async () => {
  startWork()
  const signal = stopSignal()
  workBegins('one')
  workBegins('two')
  const over: string[] = []
  const stopped = stopWork().then(() => over.push('hook'))
  expect(signal.aborted).toBe(true)
  workEnds('one')
  await new Promise((resolve) => setImmediate(resolve))
  expect(over).toEqual([])
  workEnds('two')
  await stopped
  await stopWork()
  startWork()
  expect(stopSignal()).not.toBe(signal)
  expect(stopSignal().aborted).toBe(false)
})
