import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** Messages the host gave up on end in a row people can see, never in silence. */
export async function connectionRefreshBury(message: unknown, context: InvocationContext): Promise<void> {
  const { ops } = await gateway()
  await ops.buryMessage('connection-refresh', delivered(message, context))
}

app.storageQueue('connection-refresh-bury', {
  queueName: '%ENVIRONMENT_ID%-connection-refresh-poison',
  connection: 'MailStorage',
  ...asBytes,
  handler: connectionRefreshBury,
})
