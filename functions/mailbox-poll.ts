import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes } from '../lib/http/request/as-bytes.js'

/** A batch of mailboxes is due: poll them side by side. */
export async function mailboxPoll(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, receive } = await gateway()
  const id = String(context.triggerMetadata?.['id'] ?? context.invocationId)
  const work = await ops.readOrBury('mailbox-poll', message, id)
  if (work !== undefined) await receive.pollBatch(work)
}

app.storageQueue('mailbox-poll', {
  queueName: '%ENVIRONMENT_ID%-mailbox-poll',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailboxPoll,
})
