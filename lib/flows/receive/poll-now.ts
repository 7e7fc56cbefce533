/**
 * A person or an app does not want to wait for the schedule: the mailbox falls due now and a worker gets it at once. A
 * pause after a refusal of its connection ends, so that the answer is the server's and not one from memory (M-160).
 */
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { enqueue } from '../../rows/messages.js'
import { retryGrant } from '../tokens/retry-grant.js'

export async function pollNow(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<{ queued: true }> {
  const { receive } = await getMailbox(deps, tenant, mailboxId)
  if (receive.transport !== 'none') await retryGrant(deps, tenant, receive.connectionId)
  await setDue(deps, { kind: 'poll', tenant, id: mailboxId }, deps.clock.now())
  await enqueue(deps, 'mailbox-poll', { mailboxes: [{ tenant, mailboxId }] })
  return { queued: true }
}
