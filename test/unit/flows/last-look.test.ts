/** A worker stands still at the worst places: with a mail in preparation, and after the journal says `handing-over`. */
import { expect, test } from 'vitest'
import { removeMailbox } from '../../../lib/flows/admin/remove-mailbox.js'
import { removeTenant } from '../../../lib/flows/admin/remove-tenant.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Row } from '../../../lib/ports/tables.js'
import { laneKey } from '../../../lib/rows/lane.js'
import { type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const mailTo = (to: string) => parseMailSubmission({ to: [to], text: 'x' })
const mailboxRow = (h: Harness) => ({ partitionKey: `${h.tenant}~${h.mailbox.id}`, rowKey: 'mailbox' })

/** What happens while the worker stands still, for so long, in its write of `state`. */
async function standStill(state: string, pauseMs: number, meanwhile: (h: Harness) => Promise<unknown>) {
  const h = await sendHarness()
  await h.stores.tables.upsert(h.deps.names.table('tenants'), {
    partitionKey: h.tenant,
    rowKey: 'tenant',
    removedAt: '',
  })
  const { id } = (await acceptMail(h.deps, h.tenant, { submission: mailTo('first@b.example') })).mail
  const { tables } = h.deps
  let isOver = false
  const update = async (table: string, row: Row, etag: string): Promise<string> => {
    const written = await tables.update(table, row, etag)
    if (row['state'] === state && row.rowKey === id && !isOver) {
      isOver = true
      h.clock.advance(pauseMs)
      await meanwhile(h)
    }
    return written
  }
  await drainLane({ ...h.deps, tables: { ...tables, update } }, work(h))
  return { h, id }
}

/** As an administrator's call; each wait of its own takes its time. */
function removing(h: Harness) {
  return { ...h.process().deps, clock: { ...h.clock, sleep: async (ms: number) => h.clock.advance(ms) } }
}

const removals = {
  'a mailbox': (h: Harness) =>
    removeMailbox(removing(h), { tenant: h.tenant, mailboxId: h.mailbox.id }, { force: true }),
  'a tenant': (h: Harness) => removeTenant(removing(h), h.tenant),
}

for (const state of ['sending', 'handing-over'])
  test.each(Object.entries(removals))(
    `C6: %s is removed while a worker stands still after writing ${state}: nothing leaves after the answer`,
    async (_, remove) => {
      const { h } = await standStill(state, 0, remove)
      expect(h.peer.sent).toEqual([])
    },
  )

test.each(Object.entries(removals))(
  'C6: %s is removed while a mail is being accepted and a worker holds the lane: that mail does not leave',
  async (_, remove) => {
    const { h } = await standStill('sent', 0, async (h) => {
      const insert = async (table: string, row: Row): Promise<string> => {
        if (table === h.deps.names.table('mails')) await remove(h)
        return h.stores.tables.insert(table, row)
      }
      const deps = { ...h.deps, tables: { ...h.stores.tables, insert } }
      await acceptMail(deps, h.tenant, { submission: mailTo('late@b.example') })
    })
    expect(h.peer.sent.map(({ recipients }) => recipients)).toEqual([['first@b.example']])
  },
)

test.each([
  [
    'the mailbox is switched off',
    (h: Harness) => h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...mailboxRow(h), active: false }),
  ],
  [
    'another worker takes the lane',
    (h: Harness) =>
      h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...mailboxRow(h), rowKey: laneKey, fence: 99 }),
  ],
] as const)('C6: %s while the worker stands still before the dot: nothing leaves', async (_, meanwhile) => {
  const { h, id } = await standStill('handing-over', 71_000, meanwhile)
  expect(h.peer.sent).toEqual([])
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'waiting' })
})

test('C6: a worker that stood still while nothing happened sends; a slow server or machine costs a mail no look', async () => {
  const late = await standStill('handing-over', 50_000, async () => {})
  expect(late.h.peer.sent).toHaveLength(1)
  const prompt = await standStill('sending', 0, async () => {})
  const slow = await standStill('sending', 50_000, async () => {})
  expect(slow.h.peer.sent).toHaveLength(1)
  expect(slow.h.state.calls).toBe(prompt.h.state.calls)
  expect(late.h.state.calls).toBe(prompt.h.state.calls + 2)
})

test('REL-01: another worker takes the lane while the worker stands still with a mail in preparation: nothing leaves from here', async () => {
  const { performance } = globalThis
  const now = performance.now.bind(performance)
  try {
    const { h } = await standStill('sending', 200_000, async (h) => {
      // Leases are timed by the machine's own steady clock, which stood still for nobody.
      performance.now = () => now() + 200_000
      const lane = { ...mailboxRow(h), rowKey: laneKey, fence: 99 }
      const lease = { leaseOwner: 'another', leaseUntil: h.clock.now() + 240_000 }
      await h.stores.tables.upsert(h.deps.names.table('mailboxes'), { ...lane, ...lease })
    })
    expect(h.peer.sent).toEqual([])
  } finally {
    performance.now = now
  }
})

test('C6: a worker whose every look takes longer than a look lasts gives up, and nothing leaves', async () => {
  const h = await sendHarness()
  await acceptMail(h.deps, h.tenant, { submission: mailTo('first@b.example') })
  const { tables } = h.deps
  let looks = 0
  let isHandedOver = false
  const slow = {
    ...tables,
    update: async (table: string, row: Row, etag: string): Promise<string> => {
      const written = await tables.update(table, row, etag)
      if (row['state'] !== 'handing-over') return written
      isHandedOver = true
      h.clock.advance(6_000)
      return written
    },
    get: async (table: string, partition: string, rowKey: string): Promise<Row | undefined> => {
      if (isHandedOver && rowKey === laneKey && h.peer.sent.length === 0) {
        looks++
        h.clock.advance(6_000)
      }
      return tables.get(table, partition, rowKey)
    },
  }
  await drainLane({ ...h.deps, tables: slow }, work(h))
  expect(h.peer.sent).toEqual([])
  expect(looks).toBeLessThan(10)
})
