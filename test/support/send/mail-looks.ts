/** The flows of sending, and looks at what they left in the tables. */
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import type { Harness } from './send-harness.js'

export const mailTo = (...to: string[]) => parseMailSubmission({ to, subject: 'Offer 7', text: 'Hello' })
export const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
export const eventsOf = (h: Harness) =>
  (h.stores.queues as MemoryQueues).take(h.deps.names.eventsQueue(h.tenant)) as { type: string; id: string }[]
export const rowsOf = async (h: Harness, table: 'outbox' | 'attention' | 'due' | 'mails') => {
  const rows = []
  for await (const row of h.stores.tables.query(h.deps.names.table(table), { partitionRange: ['', '~~~'] }))
    rows.push(row)
  return rows
}
