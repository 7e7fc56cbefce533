/** A worker dies while it holds a lane. Nothing is aged: the clock runs second by second, as in an instance that lives. */

import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { readDueAt, setDue } from '../../../lib/rows/due.js'
import { leaseMs, readLane, takeLane } from '../../../lib/rows/lane.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { CrashError, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, sweepLanes } = sendFlows
const mailTo = (to: string) => parseMailSubmission({ to: [to], subject: 'Offer', text: 'Hello' })
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const queued = (h: Harness) =>
  (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send'))
const dueAt = (h: Harness) => readDueAt(h.deps, { kind: 'lane', tenant: h.tenant, id: h.mailbox.id })

/** Its process ends while a mail is being handed to the server, before the server could have taken it. */
async function dieWithMailInHand(h: Harness): Promise<void> {
  await acceptMail(h.deps, h.tenant, { submission: mailTo('first@b.example') })
  queued(h)
  const doomed = h.process()
  h.peer.script.send = () => {
    doomed.state.dead = true
    return undefined
  }
  await expect(drainLane(doomed.deps, work(h))).rejects.toThrow(CrashError)
  h.peer.script.send = () => undefined
}

interface Running {
  seconds: number
  /** What works besides: messages are delivered, the timer runs each minute. */
  messages?: boolean
  timer?: boolean
  each?(second: number): Promise<unknown>
}

/** The second in which the first mail was sent; undefined when it never was. */
async function live(
  h: Harness,
  { seconds, messages = true, timer = true, each }: Running,
): Promise<number | undefined> {
  for (let second = 1; second <= seconds; second++) {
    h.clock.advance(1_000)
    await each?.(second)
    // The timer stands anywhere in its minute: here at the worst place, just before the lease ends.
    if (timer && second % 60 === 59) {
      await sweepLanes(h.deps)
      if (!messages) for (const message of queued(h)) await drainLane(h.process().deps, message)
    }
    if (messages) for (const message of queued(h)) await drainLane(h.process().deps, message)
    else if (second % 60 !== 59) queued(h)
    if (h.peer.sent.some(({ recipients }) => recipients[0] === 'first@b.example')) return second
  }
  return undefined
}

const leaseSeconds = leaseMs / 1_000

test.each([5, 20, 70])(
  'C1: with a mail accepted every %i s the interrupted one leaves when the lease ends',
  async (every) => {
    const h = await sendHarness()
    await dieWithMailInHand(h)
    const each = async (second: number) =>
      second % every === 0
        ? acceptMail(h.deps, h.tenant, { submission: mailTo(`later-${second}@b.example`) })
        : undefined
    const sentAt = await live(h, { seconds: 900, each })
    expect(sentAt).toBeLessThanOrEqual(leaseSeconds + 5)
    const accepted = Math.floor((sentAt ?? 0) / every)
    for (let pass = 0; pass < 10; pass++) for (const message of queued(h)) await drainLane(h.deps, message)
    expect(h.peer.sent).toHaveLength(1 + accepted)
  },
)

test('C1: a single message that met the lease of a dead worker is enough, without any timer', async () => {
  const h = await sendHarness()
  await dieWithMailInHand(h)
  const each = async (second: number) =>
    second === 3 ? acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') }) : undefined
  expect(await live(h, { seconds: 900, timer: false, each })).toBeLessThanOrEqual(leaseSeconds + 2)
})

test('C1: the timer alone, each message lost, sends within a minute of the end of the lease', async () => {
  const h = await sendHarness()
  await dieWithMailInHand(h)
  const each = async (second: number) =>
    second % 30 === 0 ? acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') }) : undefined
  expect(await live(h, { seconds: 900, messages: false, each })).toBeLessThanOrEqual(leaseSeconds + 60)
})

test('C1: nobody accepts anything any more: the timer finds the lease and dates its end', async () => {
  const h = await sendHarness()
  await dieWithMailInHand(h)
  expect(await live(h, { seconds: 900 })).toBeLessThanOrEqual(leaseSeconds + 60)
})

test('C1: an acceptance never puts off a look that is due earlier, and brings a later one near', async () => {
  const h = await sendHarness()
  const soon = h.clock.now() + 10_000
  await setDue(h.deps, { kind: 'lane', tenant: h.tenant, id: h.mailbox.id }, soon)
  await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
  expect(await dueAt(h)).toBe(soon)
  queued(h)
  await setDue(h.deps, { kind: 'lane', tenant: h.tenant, id: h.mailbox.id }, h.clock.now() + 3_600_000)
  await acceptMail(h.deps, h.tenant, { submission: mailTo('c@b.example') })
  const near = h.clock.now() + 180_000
  const doomed = h.process()
  h.peer.script.send = () => {
    doomed.state.dead = true
    return undefined
  }
  await expect(drainLane(doomed.deps, queued(h)[0]!)).rejects.toThrow(CrashError)
  expect(await dueAt(h)).toBe(near)
})

test('C1: a busy lane whose worker is well gets one look for its whole lease, and that costs no write', async () => {
  const h = await sendHarness()
  await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
  const lane = await takeLane(h.deps, await readLane(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id }))
  queued(h)
  for (let n = 0; n < 30; n++) await drainLane(h.process().deps, work(h))
  expect(queued(h)).toEqual([])
  h.clock.advance(120_000)
  const looks = queued(h)
  expect(looks).toHaveLength(1)
  await lane?.release()
  const late = h.process()
  await drainLane(late.deps, looks[0]!)
  expect(late.state.byStore).toEqual({ tables: late.state.byStore['tables'] })
  expect(late.state.byStore['tables']).toBeLessThanOrEqual(4)
  expect(h.peer.sent).toEqual([])
})
