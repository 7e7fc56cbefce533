import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** Mailboxes whose poll is due are handed to workers in batches. */
export async function mailboxesDue(): Promise<void> {
  const { ops } = await gateway()
  await ops.runTimer('mailboxes-due')
}

app.timer('mailboxes-due', { schedule: '0 * * * * *', handler: mailboxesDue })
