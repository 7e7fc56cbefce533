import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** A webhook endpoint has events: deliver them in order. */
export async function webhookDeliver(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, tell } = await gateway()
  const work = await ops.readOrBury('webhook', delivered(message, context))
  if (work !== undefined) await tell.deliverMessage(work)
}

app.storageQueue('webhook-deliver', {
  queueName: '%ENVIRONMENT_ID%-webhook',
  connection: 'MailStorage',
  ...asBytes,
  handler: webhookDeliver,
})
