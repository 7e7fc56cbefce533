/** A worker stands still at the worst place: after the journal says `handing-over`, before the final dot. */
import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { laneKey } from '../../../lib/flows/send/lane.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Row } from '../../../lib/ports/tables.js'
import { type Harness, sendHarness } from '../../support/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })

/** What happens while the worker stands still, for so long, in its write of `state`. */
async function standStill(state: string, pauseMs: number, meanwhile: (h: Harness) => Promise<unknown>) {
  const h = await sendHarness()
  const { id } = (await acceptMail(h.deps, h.tenant, parseMailSubmission({ to: ['b@b.example'], text: 'x' }))).mail
  const { tables } = h.deps
  const update = async (table: string, row: Row, etag: string): Promise<string> => {
    const written = await tables.update(table, row, etag)
    if (row['state'] === state) {
      h.clock.advance(pauseMs)
      await meanwhile(h)
    }
    return written
  }
  await drainLane({ ...h.deps, tables: { ...h.stores.tables, update } }, work(h))
  return { h, mail: await readMail(h.deps, h.tenant, id) }
}

const mailboxRow = (h: Harness) => ({ partitionKey: `${h.tenant}~${h.mailbox.id}`, rowKey: 'mailbox' })
const happens = {
  'the mailbox is removed': (h: Harness) =>
    h.stores.tables.remove(h.deps.names.table('mailboxes'), mailboxRow(h).partitionKey, 'mailbox'),
  'the mailbox is switched off': (h: Harness) =>
    h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...mailboxRow(h), active: false }),
  'the tenant is removed': (h: Harness) =>
    h.stores.tables.upsert(h.deps.names.table('tenants'), {
      partitionKey: h.tenant,
      rowKey: 'tenant',
      removedAt: '2026-01-05T08:00:00.000Z',
    }),
  'another worker takes the lane': (h: Harness) =>
    h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...mailboxRow(h), rowKey: laneKey, fence: 99 }),
}

for (const state of ['sending', 'handing-over'])
  test.each(Object.entries(happens))(
    `C6: %s while the worker stands still after writing ${state}: nothing leaves`,
    async (_, meanwhile) => {
      const { h, mail } = await standStill(state, 71_000, meanwhile)
      expect(h.peer.sent).toEqual([])
      expect(['queued', 'waiting']).toContain(mail.state)
    },
  )

test('C6: a worker that stood still while nothing happened sends, and one that did not is not asked', async () => {
  const late = await standStill('handing-over', 71_000, async () => {})
  expect([late.h.peer.sent.length, late.mail.state]).toEqual([1, 'sent'])
  const prompt = await standStill('handing-over', 0, async () => {})
  expect(late.h.state.calls - prompt.h.state.calls).toBe(0)
  expect(prompt.mail.state).toBe('sent')
})
