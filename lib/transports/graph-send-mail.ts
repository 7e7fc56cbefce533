/**
 * Sends by one call, for a grant that may send and nothing else (M-140): no draft that could be looked up, no look into
 * Sent Items. What Graph would refuse is refused before the call; what came of a call whose answer was lost stays
 * unknown.
 */
import { GatewayError } from '../errors.js'
import type { SendReceipt, SendSession } from '../ports/sender.js'
import { wholeForGraph } from '../protocol/graph-mime.js'
import { type GraphClient, withOutcome } from './graph-client.js'

export function sendMailSession(graph: GraphClient, box: string): SendSession {
  return {
    async send(mail, handingOver): Promise<SendReceipt> {
      try {
        const mime = await wholeForGraph(mail.raw, mail.recipients)
        await handingOver({})
        await graph.json({
          method: 'POST',
          to: `${box}/sendMail`,
          headers: { 'content-type': 'text/plain' },
          body: mime.toString('base64'),
          operation: 'send',
          outcome: 'judge',
        })
      } catch (error) {
        if (isTooLarge(error)) throw tooLargeToSendOnly(mail.raw.byteLength)
        throw withOutcome(error, (error as { outcome?: 'unknown' }).outcome ?? 'not-sent')
      }
      return { refused: [], reply: 'accepted' }
    },
    async check() {
      // Who signed in may be asked who they are; their mailbox, or anybody else's, may not be opened.
      if (box === '/me') await graph.json({ method: 'GET', to: '/me?$select=id', operation: 'connect' })
      return 'untried'
    },
    async close() {},
  }
}

/** Before the call by our own count, or by Graph's. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof GatewayError && ['mail_not_divisible', 'graph_http_413'].includes(error.code)

/** Of this mail alone; its class says who can help. */
const tooLargeToSendOnly = (bytes: number): GatewayError =>
  new GatewayError('mail_needs_full_permissions', 'needs-reconnect', {
    hint: 'message',
    field: 'raw',
    description: `The mail has ${bytes} bytes, and a mailbox that may only send hands a mail to Microsoft 365 in one request of about 2 MB.`,
    remedy:
      'Send smaller attachments, or create a reconnect link with "permissions": "full": when the mailbox owner has used it, send the mail again.',
    outcome: 'not-sent',
  })
