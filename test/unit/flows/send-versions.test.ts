import { expect, test } from 'vitest'
import { readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { type QueueName, queueNames } from '../../../lib/model/names.js'
import type { Row } from '../../../lib/ports/tables.js'
import { mailPartition } from '../../../lib/rows/mail-columns.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { everyAttention } from '../../support/general/every.js'
import { sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, cancelMail, drainLane, readMail } = sendFlows
const minute = 60_000

async function harness() {
  const h = await sendHarness()
  const table = h.deps.names.table('mails')
  const queue = (name: QueueName) =>
    (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue(name))
  return {
    ...h,
    queue,
    row: async (id: string) => (await h.stores.tables.get(table, mailPartition(h.tenant, id), id)) as Row,
    /** What another build leaves in the row. */
    rewrite: (id: string, columns: Record<string, string | number>) =>
      h.stores.tables.upsert(table, { ...columns, partitionKey: mailPartition(h.tenant, id), rowKey: id }),
    accept: async () =>
      (
        await acceptMail(h.deps, h.tenant, {
          submission: parseMailSubmission({ to: ['b@b.example'], text: 'x' }),
          idempotencyKey: 'key',
        })
      ).mail.id,
    /** The timer and the queue, again and again. */
    async work(times = 3) {
      for (let n = 0; n < times; n++) {
        h.clock.advance(6 * minute)
        await sendFlows.sweepLanes(h.deps)
        for (const message of queue('mail-send')) await drainLane(h.deps, message)
      }
    },
  }
}

test.each([
  ['of a higher version', { v: 2 }],
  ['in a state of the future', { v: 2, state: 'scanning' }],
  ['in a state of the future without a version', { state: 'scanning' }],
])('REL-13: a mail %s is left alone by this build, and sent when it is its turn', async (_which, columns) => {
  const h = await harness()
  const id = await h.accept()
  await h.rewrite(id, columns)
  const before = await h.row(id)
  await h.work()
  expect(h.peer.sent).toHaveLength(0)
  expect(await h.row(id)).toEqual(before)
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ id })
  await expect(cancelMail(h.deps, h.tenant, id)).rejects.toMatchObject({
    code: expect.stringMatching(/^(written_by_newer_version|wrong_state)$/),
  })
  // The newer build gives it back: nobody had forgotten it.
  await h.rewrite(id, { v: 1, state: 'queued' })
  await h.work()
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent' })
  expect(h.peer.sent).toHaveLength(1)
})

test('REL-13: a row of an older build, without the columns of this one, is sent; unknown columns are kept', async () => {
  const h = await harness()
  const id = await h.accept()
  const { etag: _etag, resent: _resent, v: _v, ...old } = await h.row(id)
  const table = h.deps.names.table('mails')
  await h.stores.tables.remove(table, { partitionKey: old.partitionKey as string, rowKey: id })
  await h.stores.tables.insert(table, { ...old, scanned: 'clean' } as Row)
  await h.work()
  expect(await h.row(id)).toMatchObject({ state: 'sent', scanned: 'clean' })
})

test('REL-13: a queue message of a newer build is put back for it with its first id, and never rejected', async () => {
  const h = await harness()
  const message = { v: 2, tenant: h.tenant, mail: { to: ['b@b.example'], text: 'x' } }
  await readOrBury(h.deps, 'outbound-mail', { given: message, messageId: 'first' })
  for (let n = 0; n < 3; n++) {
    h.clock.advance(2 * minute)
    const [again, ...more] = h.queue('outbound-mail')
    expect([again, more]).toEqual([{ ...message, firstMessageId: 'first' }, []])
    await readOrBury(h.deps, 'outbound-mail', { given: again, messageId: `again-${n}` })
  }
  h.clock.advance(2 * minute)
  // The update is complete: the same message, read by a build that knows it.
  for (const again of h.queue('outbound-mail')) await acceptMessage(h.deps, { ...again, v: 1 }, 'last')
  await acceptMessage(h.deps, { ...message, v: 1 }, 'first')
  await h.work(1)
  expect(h.peer.sent).toHaveLength(1)
})

test('REL-13: on every queue what a newer build wrote waits as it is, and nobody is alarmed', async () => {
  const h = await harness()
  for (const name of queueNames) {
    const given = { v: 2, tenant: h.tenant, of: name }
    expect(await readOrBury(h.deps, name, { given, messageId: 'first' })).toBeUndefined()
    expect(h.queue(name)).toEqual([])
    h.clock.advance(minute)
    const first = name === 'outbound-mail' ? { firstMessageId: 'first' } : {}
    expect(h.queue(name)).toEqual([{ ...given, ...first }])
  }
  expect(await everyAttention(h.deps, '~')).toEqual([])
})

test('REL-18: workers whose clocks are ten minutes apart never hold one lane together', async () => {
  const h = await sendHarness()
  const skewed = (ms: number) => {
    const { deps } = h.process()
    return Object.assign(deps, { clock: { ...h.clock, now: () => h.clock.now() + ms } })
  }
  for (let n = 0; n < 20; n++)
    await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ to: [`r${n}@b.example`], text: 'x' }) })
  const work = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  const workers = [-10, 0, 10].map((minutes) => skewed(minutes * minute))
  let inside = 0
  let most = 0
  const { open } = h.peer.sender
  h.peer.sender.open = async (...input) => {
    inside += 1
    most = Math.max(most, inside)
    // While the lane is held, everybody else tries.
    if (inside === 1) await Promise.all(workers.map((deps) => drainLane(deps, work)))
    const session = await open(...input)
    return {
      send: (...mail) => session.send(...mail),
      close: async () => {
        inside -= 1
      },
    }
  }
  for (let round = 0; round < 4; round++) {
    await Promise.all([...workers, ...workers].map((deps) => drainLane(deps, work)))
    h.clock.advance(11 * minute)
  }
  expect(most).toBe(1)
  expect(h.peer.sent.map(({ recipients }) => recipients[0]).sort()).toEqual(
    Array.from({ length: 20 }, (_, n) => `r${n}@b.example`).sort(),
  )
})
