import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** This mailbox has work: drain its lane. */
export async function mailSend(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, send } = await gateway()
  const work = await ops.readOrBury('mail-send', delivered(message, context))
  if (work !== undefined) await send.drainLane(work)
}

app.storageQueue('mail-send', {
  queueName: '%ENVIRONMENT_ID%-mail-send',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailSend,
})
