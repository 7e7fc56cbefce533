import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** A webhook endpoint has events: deliver them in order. */
export async function webhookDeliver(message: unknown): Promise<void> {
  const { tell } = await gateway()
  await tell.deliverMessage(message)
}

app.storageQueue('webhook-deliver', {
  queueName: '%ENVIRONMENT_ID%-webhook',
  connection: 'MailStorage',
  handler: webhookDeliver,
})
