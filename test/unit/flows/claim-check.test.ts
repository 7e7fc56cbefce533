import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { sha256 } from '../../../lib/model/ids.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, drainLane, readMail } = sendFlows
const submission = parseMailSubmission({ to: ['b@b.example'], subject: 'Offer', text: 'x'.repeat(200_000) })

async function stored(h: Harness) {
  const { names } = h.deps
  const rows = []
  for await (const row of h.stores.tables.query(names.table('mails'), { partitionRange: ['', '~~~'] })) rows.push(row)
  const blobs: string[] = []
  for await (const { name } of h.stores.blobs.list(names.container('outbound'), '')) blobs.push(name)
  const bytes = async (name: string) => (await h.stores.blobs.get(names.container('outbound'), name)) ?? Buffer.alloc(0)
  return { rows, blobs, bytes }
}

test('REL-11: an acceptance that dies between any two steps leaves no mail without its content, and one orphan at most', async () => {
  let orphans = 0
  for (let crashAt = 2, died = true; died; crashAt++) {
    const h = await sendHarness()
    const doomed = h.process(crashAt)
    await acceptMail(doomed.deps, h.tenant, { submission }).catch(() => {})
    died = doomed.state.dead
    const { rows, blobs, bytes } = await stored(h)
    for (const row of rows) {
      const name = blobs.find((blob) => blob.startsWith(`${h.tenant}/${row.rowKey}-`)) ?? 'none'
      expect([crashAt, sha256(await bytes(name))]).toEqual([crashAt, row['sha256']])
    }
    expect(blobs.length).toBeLessThanOrEqual(1)
    if (blobs.length > rows.length) orphans += 1
    // Only ids on the queue, however large the mail.
    for (const message of (h.stores.queues as MemoryQueues).take(h.deps.names.queue('mail-send')))
      expect(JSON.stringify(message).length).toBeLessThan(200)
  }
  // The control: some of these deaths do fall between content and journal.
  expect(orphans).toBeGreaterThan(0)
})

test.each([
  ['is gone', undefined],
  ['was changed', Buffer.from('From: x\r\n\r\nSomething else\r\n')],
])('REL-11: content that %s is never sent; the mail fails and says so', async (_what, content) => {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission })
  const container = h.deps.names.container('outbound')
  for (const name of (await stored(h)).blobs)
    if (content === undefined) await h.stores.blobs.remove(container, name)
    else await h.stores.blobs.put(container, { name, bytes: content })
  await drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({
    state: 'failed',
    lastError: { code: 'mail_content_lost', remedy: expect.stringContaining('again') },
  })
  expect(h.peer.sent).toHaveLength(0)
})

test('REL-10: 2,000 malformed messages among 200 good ones: 200 sent, 2,000 written down with a reason, none thrown back', async () => {
  const h = await sendHarness()
  const good = { v: 1, tenant: h.tenant, mail: { to: ['b@b.example'], text: 'x' } }
  const bad: unknown[] = [
    null,
    'text',
    7,
    [],
    {},
    { v: 1 },
    { ...good, mail: { to: [] } },
    { ...good, tenant: 'ghost' },
  ]
  for (let n = 0; n < 2_200; n++) await acceptMessage(h.deps, n % 11 === 0 ? good : bad[n % bad.length], `message-${n}`)
  for (let round = 0; round < 6; round++) await drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  expect(h.peer.sent).toHaveLength(200)
  let reasons = 0
  const log = h.deps.names.log('sendinglog', '20260105')
  for await (const row of h.stores.tables.query(log, { partitionRange: ['', '~~~'] }))
    if (row['state'] === 'rejected' && !row.partitionKey.includes('~e~') && String(row['description'])) reasons += 1
  expect(reasons).toBe(2_000)
})
