import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** A trusted back end put a whole mail on the queue; it takes the same way as one submitted over HTTP. */
export async function mailAccept(message: unknown, context: InvocationContext): Promise<void> {
  const { send } = await gateway()
  await send.acceptMessage(message, String(context.triggerMetadata?.['id'] ?? context.invocationId))
}

app.storageQueue('mail-accept', {
  queueName: '%ENVIRONMENT_ID%-outbound-mail',
  connection: 'MailStorage',
  handler: mailAccept,
})
