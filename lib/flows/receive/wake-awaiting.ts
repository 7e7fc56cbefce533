import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { enqueue } from '../../rows/messages.js'
import { awaitedBy } from './await-approval.js'

/** An administrator consented for one organisation: its mailboxes that waited for that try at once (M-142). */
export async function wakeAwaiting(
  deps: Toolbox,
  tenant: string,
  { registrationId, directory }: { registrationId: string; directory: string },
): Promise<void> {
  for (const mailbox of await listMailboxes(deps, tenant)) {
    const awaited = awaitedBy(mailbox)
    if (awaited === undefined) continue
    const connection = await findConnection(deps, tenant, awaited.receive.connectionId)
    if (connection?.registrationId !== registrationId || connection.identity?.tenantId !== directory) continue
    await setDue(deps, { kind: 'poll', tenant, id: mailbox.id }, deps.clock.now())
    await enqueue(deps, 'mailbox-poll', { mailboxes: [{ tenant, mailboxId: mailbox.id }] })
  }
}
