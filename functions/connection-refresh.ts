import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** A batch of connections is due: refresh their tokens. */
export async function connectionRefresh(message: unknown): Promise<void> {
  const { tokens } = await gateway()
  await tokens.refreshBatch(message)
}

app.storageQueue('connection-refresh', {
  queueName: '%ENVIRONMENT_ID%-connection-refresh',
  connection: 'MailStorage',
  handler: connectionRefresh,
})
