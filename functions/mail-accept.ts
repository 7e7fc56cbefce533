import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** A trusted back end put a whole mail on the queue; it takes the same way as one submitted over HTTP. */
export async function mailAccept(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, send } = await gateway()
  const delivery = delivered(message, context)
  const work = await ops.readOrBury('outbound-mail', delivery)
  if (work !== undefined) await send.acceptMessage(work, delivery.messageId)
}

app.storageQueue('mail-accept', {
  queueName: '%ENVIRONMENT_ID%-outbound-mail',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailAccept,
})
