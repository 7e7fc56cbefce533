import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { MailState } from '../../../lib/model/mail.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { findMail, type JournalEntry, stepMail } from '../../../lib/rows/mails.js'
import { sendHarness } from '../../support/send/send-harness.js'

/** The graph as it is promised: nothing leaves `sent`, and nothing that may have left goes back to where it is sent. */
const graph: Record<MailState, MailState[]> = {
  queued: ['sending', 'cancelled', 'failed'],
  waiting: ['sending', 'queued', 'cancelled', 'failed'],
  sending: ['handing-over', 'waiting', 'queued', 'failed', 'unknown'],
  'handing-over': ['sent', 'waiting', 'failed', 'unknown'],
  unknown: ['sent', 'failed', 'waiting', 'queued', 'cancelled'],
  sent: [],
  failed: ['queued'],
  cancelled: [],
}
const states = Object.keys(graph) as MailState[]

async function place() {
  const h = await sendHarness()
  const { mail } = await sendFlows.acceptMail(h.deps, h.tenant, {
    submission: parseMailSubmission({ to: ['b@b.example'], text: 'x' }),
  })
  const entry = (await findMail(h.deps, h.tenant, mail.id))!
  const table = h.deps.names.table('mails')
  const key = { partitionKey: `${h.tenant}~${mail.id.slice(0, 2)}`, rowKey: mail.id }
  const row = () => h.stores.tables.get(table, key.partitionKey, key.rowKey)
  const put = async (state: MailState): Promise<JournalEntry> => {
    await h.stores.tables.upsert(table, { ...key, state })
    return { ...entry, mail: { ...entry.mail, state }, etag: (await row())?.etag ?? '' }
  }
  return { h, put, row }
}

test.each(states)(
  'REL-02: from %s only the listed steps are taken; any other is refused and changes nothing',
  async (from) => {
    const { h, put, row } = await place()
    for (const to of states) {
      const entry = await put(from)
      const before = await row()
      const step = stepMail(h.deps, entry, { state: to })
      if (graph[from].includes(to)) expect((await step).mail.state, to).toBe(to)
      else {
        await expect(step, to).rejects.toMatchObject({ code: 'wrong_state', status: 409 })
        expect(await row()).toEqual(before)
      }
    }
  },
)

test('REL-02: a step from a row that was changed meanwhile is refused and changes nothing', async () => {
  const { h, put, row } = await place()
  const seen = await put('queued')
  const now = await put('waiting')
  const before = await row()
  await expect(stepMail(h.deps, seen, { state: 'sending' })).rejects.toThrow('changed')
  expect(await row()).toEqual(before)
  expect((await stepMail(h.deps, now, { state: 'sending' })).mail.state).toBe('sending')
})
