import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** A batch of connections is due: refresh their tokens. */
export async function connectionRefresh(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, tokens } = await gateway()
  const work = await ops.readOrBury('connection-refresh', delivered(message, context))
  if (work !== undefined) await tokens.refreshBatch(work)
}

app.storageQueue('connection-refresh', {
  queueName: '%ENVIRONMENT_ID%-connection-refresh',
  connection: 'MailStorage',
  ...asBytes,
  handler: connectionRefresh,
})
