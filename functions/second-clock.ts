import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** The message that goes round: does the work of late timers. */
export async function secondClock(message: unknown, context: InvocationContext): Promise<void> {
  const { ops } = await gateway()
  const work = await ops.readOrBury('second-clock', delivered(message, context))
  if (work !== undefined) await ops.secondClock(work)
}

app.storageQueue('second-clock', {
  queueName: '%ENVIRONMENT_ID%-second-clock',
  connection: 'MailStorage',
  ...asBytes,
  handler: secondClock,
})
