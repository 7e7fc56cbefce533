/**
 * What the grant of a connection does not carry is refused when somebody chooses it, not discovered by a poll or a mail
 * that fails later (M-140).
 */
import { GatewayError } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import { receiveTransports, sendTransports } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { settingsOf } from '../../rows/settings.js'
import { actionOf } from '../receive/after-receive.js'
import { lackingPermissions } from '../tokens/lacking-permissions.js'

/** `mailbox`: as it is going to be; `field` names what was chosen. */
export async function checkReceiveGrant(
  deps: Toolbox,
  mailbox: Mailbox,
  { connection, field }: { connection: Connection; field: string },
): Promise<void> {
  const { receive, address } = mailbox
  if (receive.transport === 'none') return
  const target = receiveTransports[receive.transport].target(receive, { connection, address })
  const reading = lackingPermissions(deps, connection, { direction: 'receive', target })
  if (reading.length > 0) throw notGranted(connection, { field: 'receive', what: 'reading', lacking: reading })
  const { action } = actionOf(await settingsOf(deps, mailbox), mailbox)
  if (action === 'leave') return
  const lacking = lackingPermissions(deps, connection, { direction: 'receive', target, changesMail: true })
  if (lacking.length > 0) throw notGranted(connection, { field, what: `the action "${action}"`, lacking })
}

export function checkSendGrant(deps: Toolbox, { send, address }: Mailbox, connection: Connection): void {
  if (send.transport === 'none') return
  const target = sendTransports[send.transport].target(send, { connection, address })
  const lacking = lackingPermissions(deps, connection, { direction: 'send', target })
  if (lacking.length > 0) throw notGranted(connection, { field: 'send', what: 'sending', lacking })
}

function notGranted(
  { mode }: Connection,
  { field, what, lacking }: { field: string; what: string; lacking: string[] },
): GatewayError {
  const names = lacking.join(', ')
  return new GatewayError('permission_not_granted', 'permanent', {
    status: 409,
    field,
    description: `${field}: the connection lacks ${names}, which ${what} needs.`,
    remedy:
      mode === 'app-only'
        ? `Ask an administrator to grant ${names} to the application, with a new approval link, then repeat the change.`
        : 'Create a reconnect link with "permissions": "full"; when the mailbox owner has used it, repeat the change.',
  })
}
