import { app, type InvocationContext } from '@azure/functions'
import { gateway } from '../lib/gateway.js'
import { asBytes, delivered } from '../lib/http/request/as-bytes.js'

/** A batch of mailboxes is due: poll them side by side. */
export async function mailboxPoll(message: unknown, context: InvocationContext): Promise<void> {
  const { ops, receive } = await gateway()
  const work = await ops.readOrBury('mailbox-poll', delivered(message, context))
  if (work !== undefined) await receive.pollBatch(work)
}

app.storageQueue('mailbox-poll', {
  queueName: '%ENVIRONMENT_ID%-mailbox-poll',
  connection: 'MailStorage',
  ...asBytes,
  handler: mailboxPoll,
})
