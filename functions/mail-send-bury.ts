import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** Messages the host gave up on end in a row people can see, never in silence. */
export async function mailSendBury(message: unknown, context: InvocationContext): Promise<void> {
  const { ops } = await gateway()
  await ops.buryMessage('mail-send', delivered(message, context))
}

app.storageQueue('mail-send-bury', {
  queueName: '%ENVIRONMENT_ID%-mail-send-poison',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailSendBury,
})
