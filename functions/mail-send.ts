import { app } from '@azure/functions'
import { gateway } from '../lib/gateway.js'

/** This mailbox has work: drain its lane. */
export async function mailSend(message: unknown): Promise<void> {
  const { send } = await gateway()
  await send.drainLane(message)
}

app.storageQueue('mail-send', { queueName: '%ENVIRONMENT_ID%-mail-send', connection: 'MailStorage', handler: mailSend })
