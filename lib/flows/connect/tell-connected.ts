import { hashId } from '../../model/ids.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { emitEvent } from '../tell/emit-event.js'

/** Authority was gained, or gained anew. `occasion`: of two tellings of one occasion only one event is made. */
export async function tellConnected(
  deps: Toolbox,
  { tenant, mailboxId, connectionId }: MailboxRef & { connectionId: string },
  occasion: string,
): Promise<void> {
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: hashId('connection.changed', connectionId, occasion),
    data: {
      connectionId,
      mailboxId,
      direction: null,
      state: 'connected',
      code: null,
      description: null,
      remedy: null,
    },
  })
}
