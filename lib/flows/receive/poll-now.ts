/** A person or an app does not want to wait for the schedule: the mailbox falls due now and a worker gets it at once. */
import type { Dependencies } from '../common/dependencies.js'
import { setDue } from '../common/due.js'
import { getMailbox } from '../common/mailbox-rows.js'

export async function pollNow(deps: Dependencies, tenant: string, mailboxId: string): Promise<{ queued: true }> {
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  await setDue(deps, 'poll', tenant, mailboxId, deps.clock.now())
  const mailboxes = [{ tenant, mailboxId, epoch: mailbox.epoch }]
  await deps.queues.send(deps.names.queue('mailbox-poll'), { v: 1, mailboxes })
  return { queued: true }
}
