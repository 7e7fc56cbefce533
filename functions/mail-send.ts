import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes } from '../lib/http/request/as-bytes.js'

/** This mailbox has work: drain its lane. */
export async function mailSend(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, send } = await gateway()
  const id = String(context.triggerMetadata?.['id'] ?? context.invocationId)
  const work = await ops.readOrBury('mail-send', message, id)
  if (work !== undefined) await send.drainLane(work)
}

app.storageQueue('mail-send', {
  queueName: '%ENVIRONMENT_ID%-mail-send',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailSend,
})
