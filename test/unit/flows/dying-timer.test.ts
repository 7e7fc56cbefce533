/** A timer dies between its claim and its message. Nothing is aged: the clock runs on. */
import { expect, test } from 'vitest'
import { mailboxesDue } from '../../../lib/flows/receive/mailboxes-due.js'
import { grantsDue } from '../../../lib/flows/tokens/grants-due.js'
import { newId } from '../../../lib/model/ids.js'
import { claimDue, readDueAt, setDue } from '../../../lib/rows/due.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { CrashError, type Harness, sendHarness } from '../../support/send/send-harness.js'

const timers = {
  poll: { run: (deps: Harness['deps']) => mailboxesDue(deps), queue: 'mailbox-poll', subjects: 'mailboxes' },
  grant: {
    run: (deps: Harness['deps']) => grantsDue(deps),
    queue: 'connection-refresh',
    subjects: 'connections',
  },
} as const

async function scheduled(kind: 'poll' | 'grant', count: number) {
  const h = await sendHarness()
  const ids = Array.from({ length: count }, () => newId())
  for (const id of ids) await setDue(h.deps, { kind, tenant: h.tenant, id }, h.clock.now())
  const { run, queue, subjects } = timers[kind]
  const named = (): number =>
    (h.stores.queues as MemoryQueues)
      .take(h.deps.names.queue(queue))
      .reduce<number>((sum, message) => sum + (message as Record<string, unknown[]>)[subjects]!.length, 0)
  return { h, ids, run, named }
}

test.each(['poll', 'grant'] as const)(
  'C9: a %s timer that dies before its message is sent leaves nobody waiting for more than two minutes',
  async (kind) => {
    const { h, run, named } = await scheduled(kind, 40)
    const doomed = h.process()
    const send = (): Promise<void> => {
      doomed.state.dead = true
      throw new CrashError('died before the message')
    }
    await expect(run({ ...doomed.deps, queues: { ...h.stores.queues, send } })).rejects.toThrow(CrashError)
    expect(await run(h.deps)).toBe(0)
    h.clock.advance(120_001)
    expect(await run(h.deps)).toBe(40)
    expect(named()).toBe(40)
  },
)

test.each(['poll', 'grant'] as const)(
  'C9: a %s that was handed to workers is theirs for ten minutes, and costs one write more per hundred',
  async (kind) => {
    const { h, run, named } = await scheduled(kind, 40)
    const before = h.state.calls
    expect(await run(h.deps)).toBe(40)
    // 32 looks, and for each shard with subjects one claim and one hold; the messages.
    expect(h.state.calls - before).toBeLessThanOrEqual(32 + 2 * 32 + 2)
    expect(named()).toBe(40)
    for (let minute = 0; minute < 9; minute++) {
      h.clock.advance(60_000)
      expect(await run(h.deps)).toBe(0)
    }
    h.clock.advance(60_001)
    expect(await run(h.deps)).toBe(40)
  },
)

test('C9: a worker that is quicker than the timer keeps the time it has set', async () => {
  const { h, ids, run } = await scheduled('poll', 3)
  const next = h.clock.now() + 30_000
  const send: Harness['deps']['queues']['send'] = async (queue, message) => {
    for (const id of ids) await setDue(h.deps, { kind: 'poll', tenant: h.tenant, id }, next)
    await h.stores.queues.send(queue, message)
  }
  await run({ ...h.deps, queues: { ...h.stores.queues, send } })
  for (const id of ids) expect(await readDueAt(h.deps, { kind: 'poll', tenant: h.tenant, id })).toBe(next)
  h.clock.advance(30_001)
  expect(await claimDue(h.deps, 'poll', { limit: 10, claimMs: 1_000 })).toHaveLength(3)
})
