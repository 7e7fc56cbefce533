/**
 * People hear of mail that was not imported: one event for each time a mail went into quarantine, and one card for the
 * mailbox, with the count of what is there and the button that imports it. The card goes with the last of them.
 */
import { GatewayError } from '../../errors.js'
import { whoActs } from '../../model/attention.js'
import { hashId } from '../../model/ids.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { mailboxPartition } from '../../rows/mailboxes.js'
import { emitEvent } from '../tell/emit-event.js'

/** People read no number beyond it; one page of the storage has so many. */
const mostCounted = 1_000

/** `row`: as it stands in storage. Told once; a crash in between repeats it under the same id. */
export async function tellQuarantined(deps: Toolbox, mailbox: Mailbox, row: Row): Promise<void> {
  if (row['told'] !== false) return
  const { tenant, id: mailboxId, key: mailboxKey } = mailbox
  const text = (column: string): string => String(row[column] ?? '')
  const receivedId = row.rowKey.slice(2)
  await showQuarantine(deps, mailbox)
  const eventId = hashId('mail.quarantined', tenant, mailboxId, receivedId, text('quarantinedAt'))
  await emitEvent(deps, tenant, 'mail.quarantined', eventId, {
    mailboxId,
    mailboxKey,
    receivedId,
    receivedAt: new Date(Number(row['receivedAt'])).toISOString(),
    code: text('code'),
    whoActs: whoActs('permanent', lookUp),
    description: text('description').slice(0, 500),
    remedy: text('remedy').slice(0, 500),
  })
  const { partitionKey, rowKey, etag } = row
  await deps.tables.update(deps.names.table('received'), { partitionKey, rowKey, told: true }, etag ?? '')
}

/** Counts anew what is in quarantine, and makes the card say so; none without any. */
export async function showQuarantine(
  deps: Toolbox,
  { tenant, id: mailboxId, address }: Pick<Mailbox, 'tenant' | 'id' | 'address'>,
): Promise<void> {
  const rows = deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(tenant, mailboxId),
    rowRange: ['h~', 'h~~'],
    where: [{ column: 'state', is: 'eq', value: 'quarantined' }],
    select: ['code'],
    limit: mostCounted,
  })
  const codes = new Map<string, number>()
  for await (const row of rows) codes.set(String(row['code']), (codes.get(String(row['code'])) ?? 0) + 1)
  if (codes.size === 0) {
    await clearAttention(deps, { tenant, kind: 'mailbox-quarantine', id: mailboxId })
    return
  }
  const error = inQuarantine(address, codes)
  await raiseAttention(deps, { tenant, kind: 'mailbox-quarantine', id: mailboxId, mailboxId, subject: address }, error)
}

const lookUp = 'look-up'

function inQuarantine(address: string, codes: ReadonlyMap<string, number>): GatewayError {
  const all = [...codes.values()].reduce((sum, count) => sum + count, 0)
  const reasons = [...codes].map(([code, count]) => `${count} ${code}`).join(', ')
  const mails = all === 1 ? '1 mail' : `${all === mostCounted ? `${all} or more` : all} mails`
  return new GatewayError('mail_quarantined', 'permanent', {
    hint: lookUp,
    description: `${mails} of ${address} could not be imported and ${all === 1 ? 'is' : 'are'} in quarantine (${reasons}). Everything else arrives.`,
    remedy:
      'Look at them in the mailbox itself, where they still are unless their owner removed them. Once the cause is removed, import them here: each is tried once more, and one that fails again comes back here.',
  })
}
