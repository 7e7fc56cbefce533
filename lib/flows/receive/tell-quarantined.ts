/**
 * People hear of mail that was not imported: one event for each time a mail went into quarantine, and one card for the
 * mailbox, with the count of what is there and the button that imports it. The card goes with the last of them.
 */
import { GatewayError } from '../../errors.js'
import { whoActs } from '../../model/attention.js'
import { hashId } from '../../model/ids.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { changeReceived, type StoredReceived } from '../../rows/received.js'
import { countQuarantined } from '../../rows/received-lists.js'
import { emitEvent } from '../tell/emit-event.js'

/** People read no number beyond it; one page of the storage has so many. */
const mostCounted = 1_000

/** Told once; a crash in between repeats it under the same id. */
export async function tellQuarantined(deps: Toolbox, mailbox: Mailbox, mail: StoredReceived): Promise<void> {
  if (mail.told) return
  const { tenant, id: mailboxId, key: mailboxKey } = mailbox
  const { id: receivedId, code, description, remedy } = mail
  await showQuarantine(deps, mailbox)
  const eventId = hashId('mail.quarantined', tenant, mailboxId, receivedId, String(mail.quarantinedAt))
  await emitEvent(deps, {
    tenant,
    type: 'mail.quarantined',
    id: eventId,
    data: {
      mailboxId,
      mailboxKey,
      receivedId,
      receivedAt: new Date(mail.receivedAt).toISOString(),
      code,
      whoActs: whoActs('permanent', lookUp),
      description: description.slice(0, 500),
      remedy: remedy.slice(0, 500),
    },
  })
  await changeReceived(deps, mail, { told: true })
}

/** Counts anew what is in quarantine, and makes the card say so; none without any. */
export async function showQuarantine(
  deps: Toolbox,
  { tenant, id: mailboxId, address }: Pick<Mailbox, 'tenant' | 'id' | 'address'>,
): Promise<void> {
  const codes = await countQuarantined(deps, { tenant, mailboxId }, mostCounted)
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
      'Look at them in the mailbox itself, where they still are unless their owner removed them. Once the cause is removed, import them here: the gateway tries each one once more, and a mail that fails again returns to quarantine.',
  })
}
