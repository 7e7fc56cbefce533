import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { buryMessage, forgetBuried } from '../../../lib/flows/ops/bury-message.js'
import { checkBalance } from '../../../lib/flows/ops/check-balance.js'
import { removeOrphans } from '../../../lib/flows/ops/remove-orphans.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { sha256 } from '../../../lib/model/ids.js'
import { finalStates, type MailState } from '../../../lib/model/mail.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { mailPartition } from '../../../lib/rows/mail-columns.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, cancelMail, drainLane, readMail, releaseMail, retryMail, sweepLanes } = sendFlows
const hour = 3_600_000
const day = 24 * hour
const submission = parseMailSubmission({ to: ['b@b.example'], subject: 'Offer', text: 'one' })
const held = parseMailSubmission({ to: ['b@b.example'], subject: 'Offer', text: 'one', hold: true })

const containerOf = (h: Harness): string => h.deps.names.container('outbound')

async function blobsOf(h: Harness): Promise<{ name: string; ageMs: number }[]> {
  const found = []
  for await (const { name, changedAt } of h.stores.blobs.list(containerOf(h), ''))
    found.push({ name, ageMs: h.clock.now() - changedAt })
  return found
}

/** Blobs that no row needs, and rows that miss theirs or have another's. */
async function mismatches(h: Harness): Promise<{ orphans: string[]; dangling: string[] }> {
  const orphans = new Set((await blobsOf(h)).map(({ name }) => name))
  const dangling: string[] = []
  for await (const row of h.stores.tables.query(h.deps.names.table('mails'), { partitionRange: ['', '~~~'] })) {
    if (finalStates.has(row['state'] as MailState) && row['state'] !== 'failed') continue
    const name = `${h.tenant}/${row.rowKey}-${String(row['contentHash']).slice(0, 16)}`
    const bytes = await h.stores.blobs.get(containerOf(h), name)
    if (bytes === undefined || sha256(bytes) !== row['sha256']) dangling.push(name)
    else orphans.delete(name)
  }
  return { orphans: [...orphans], dangling }
}

/** Timers and queue until nothing is left to do. */
async function work(h: Harness): Promise<void> {
  await h.stores.tables.upsert(h.deps.names.table('tenants'), { partitionKey: '~', rowKey: `tenant~${h.tenant}`, v: 1 })
  for (let round = 0; round < 4; round++) {
    h.clock.advance(6 * 60_000)
    await checkBalance(h.deps)
    await sweepLanes(h.deps)
    for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send')))
      await drainLane(h.deps, message)
  }
}

const message = (h: Harness) => ({ v: 1, tenant: h.tenant, blob: `${h.tenant}/offers/17.json` })
const putMessage = async (h: Harness): Promise<void> => {
  const bytes = Buffer.from(JSON.stringify({ to: ['b@b.example'], text: 'two' }))
  await h.stores.blobs.put(containerOf(h), { name: message(h).blob, bytes })
}

/** Something happens just before each request to a store. */
function interrupted<T extends object>(store: T, before: (method: string, table: unknown) => Promise<unknown>): T {
  return new Proxy(store, {
    get(target, key) {
      const method = Reflect.get(target, key) as (...input: unknown[]) => unknown
      if (key === 'query' || key === 'list') return method.bind(target)
      return async (...input: unknown[]) => {
        await before(String(key), input[0])
        return method.apply(target, input)
      }
    },
  })
}

/** Each journey is done by a process that dies, and is repeated by nobody. */
const journeys: [string, (h: Harness, doomed: Harness['deps']) => Promise<unknown>][] = [
  ['an acceptance', (_h, doomed) => acceptMail(doomed, 'acme', { submission, idempotencyKey: 'key' })],
  [
    'a worker',
    async (h, doomed) => {
      await acceptMail(h.deps, h.tenant, { submission, idempotencyKey: 'key' })
      await drainLane(doomed, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
    },
  ],
  [
    'a cancellation',
    async (h, doomed) => {
      const { mail } = await acceptMail(h.deps, h.tenant, { submission: held, idempotencyKey: 'key' })
      await cancelMail(doomed, h.tenant, mail.id)
    },
  ],
  [
    'the taking of a message with a blob',
    async (h, doomed) => {
      await putMessage(h)
      await acceptMessage(doomed, message(h), 'queue-message-1')
    },
  ],
  [
    'the loser of two requests with one key',
    async (h, doomed) => {
      const winner = parseMailSubmission({ to: ['b@b.example'], subject: 'Offer', text: 'another' })
      const tables = interrupted(doomed.tables, async (method, table) => {
        if (method === 'insert' && table === h.deps.names.table('mails'))
          await acceptMail(h.deps, h.tenant, { submission: winner, idempotencyKey: 'key' })
      })
      await acceptMail({ ...doomed, tables }, h.tenant, { submission, idempotencyKey: 'key' })
    },
  ],
]

test.each(journeys)(
  'REL-11: %s that dies between any two steps leaves nothing behind a day later, and no mail without its content',
  async (_what, run) => {
    let leftBefore = 0
    for (let crashAt = 2, died = true; died; crashAt++) {
      const h = await sendHarness()
      const doomed = h.process(crashAt)
      await run(h, doomed.deps).catch(() => {})
      died = doomed.state.dead
      leftBefore += (await mismatches(h)).orphans.length
      h.clock.advance(23 * hour)
      expect([crashAt, await removeOrphans(h.deps)]).toEqual([crashAt, 0])
      h.clock.advance(2 * hour)
      await removeOrphans(h.deps)
      expect([crashAt, await mismatches(h)]).toEqual([crashAt, { orphans: [], dangling: [] }])
      // What was accepted leaves, whole, and its content with it.
      await work(h)
      h.clock.advance(25 * hour)
      await removeOrphans(h.deps)
      expect([crashAt, await mismatches(h)]).toEqual([crashAt, { orphans: [], dangling: [] }])
      for await (const row of h.stores.tables.query(h.deps.names.table('mails'), { partitionRange: ['', '~~~'] }))
        expect(row['held'] === true ? 'held' : row['state']).toMatch(/^(sent|cancelled|held|unknown)$/)
    }
    // The control: some of these deaths do leave something.
    expect(leftBefore).toBeGreaterThan(0)
  },
)

test('REL-11: an acceptance that comes upon left-over content while it is being removed keeps its mail whole', async () => {
  // Just before each request of the removal the same mail is submitted once more, by another process; at first never.
  let requests = 0
  for (let at = 0; at <= requests; at++) {
    const h = await sendHarness()
    const noJournal = interrupted(h.deps.tables, async (method, table) => {
      if (method === 'insert' && table === h.deps.names.table('mails')) throw new Error('died here')
    })
    await expect(
      acceptMail({ ...h.deps, tables: noJournal }, h.tenant, { submission, idempotencyKey: 'key' }),
    ).rejects.toThrow()
    expect((await mismatches(h)).orphans).toHaveLength(1)
    h.clock.advance(25 * hour)
    let seen = 0
    const submitAgain = async (): Promise<void> => {
      seen += 1
      if (seen === at) await acceptMail(h.deps, h.tenant, { submission, idempotencyKey: 'key' })
    }
    const { tables, queues, blobs } = h.deps
    await removeOrphans({
      ...h.deps,
      tables: interrupted(tables, submitAgain),
      queues: interrupted(queues, submitAgain),
      blobs: interrupted(blobs, submitAgain),
    })
    if (at === 0) requests = seen
    expect([at, await mismatches(h)]).toEqual([at, { orphans: [], dangling: [] }])
    await work(h)
    expect(h.peer.sent).toHaveLength(at === 0 ? 0 : 1)
  }
  expect(requests).toBe(4)
})

test('REL-11: content of open mail is renewed before the 30 days of the storage account, that of a failed one waits for them', async () => {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: held })
  h.peer.script.send = () => new GatewayError('mailbox_not_found', 'permanent', { description: 'No.', remedy: 'None.' })
  const failed = (await acceptMail(h.deps, h.tenant, { submission })).mail
  await work(h)
  expect(await readMail(h.deps, h.tenant, failed.id)).toMatchObject({ state: 'failed' })
  h.peer.script.send = () => undefined
  for (let n = 0; n < 29; n++) {
    h.clock.advance(day)
    expect(await removeOrphans(h.deps)).toBe(0)
  }
  await retryMail(h.deps, h.tenant, failed.id)
  await work(h)
  let oldest = 0
  for (let n = 0; n < 60; n++) {
    h.clock.advance(day)
    oldest = Math.max(oldest, ...(await blobsOf(h)).map(({ ageMs }) => ageMs))
    await removeOrphans(h.deps)
  }
  expect(oldest).toBeLessThan(22 * day)
  await releaseMail(h.deps, h.tenant, mail.id)
  await work(h)
  expect(h.peer.sent.map(({ mailId }) => mailId)).toEqual([failed.id, mail.id])
  expect(await blobsOf(h)).toEqual([])
})

test('REL-11: what a message, waiting or buried, may refer to stays; a row of a newer build keeps its content', async () => {
  const h = await sendHarness()
  await putMessage(h)
  await h.stores.queues.send(h.deps.names.queue('outbound-mail'), message(h))
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: held })
  await h.stores.tables.upsert(h.deps.names.table('mails'), {
    partitionKey: mailPartition(h.tenant, mail.id),
    rowKey: mail.id,
    v: 2,
    contentHash: 'named otherwise by that build',
  })
  h.clock.advance(3 * day)
  expect(await removeOrphans(h.deps)).toBe(0)
  const [waiting] = (h.stores.queues as MemoryQueues).take(h.deps.names.queue('outbound-mail'))
  await h.stores.queues.send(`${h.deps.names.queue('outbound-mail')}-poison`, waiting)
  expect(await removeOrphans(h.deps)).toBe(0)
  const [poison] = (h.stores.queues as MemoryQueues).take(`${h.deps.names.queue('outbound-mail')}-poison`)
  await buryMessage(h.deps, 'outbound-mail', { given: poison, messageId: 'queue-message-1' })
  h.clock.advance(6 * day)
  await forgetBuried(h.deps)
  expect(await removeOrphans(h.deps)).toBe(0)
  // Put back by a person in time.
  await acceptMessage(h.deps, waiting, 'queue-message-1')
  await work(h)
  expect(h.peer.sent).toHaveLength(1)
  h.clock.advance(2 * day)
  await forgetBuried(h.deps)
  expect(await removeOrphans(h.deps)).toBe(1)
  expect((await blobsOf(h)).map(({ name }) => name)).toEqual([expect.stringContaining(mail.id)])
})
