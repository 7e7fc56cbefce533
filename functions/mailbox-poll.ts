import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** A batch of mailboxes is due: poll them side by side. */
export async function mailboxPoll(message: unknown): Promise<void> {
  const { receive } = await gateway()
  await receive.pollBatch(message)
}

app.storageQueue('mailbox-poll', {
  queueName: '%ENVIRONMENT_ID%-mailbox-poll',
  connection: 'MailStorage',
  handler: mailboxPoll,
})
