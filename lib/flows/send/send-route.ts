/** How a mailbox sends: sender, target and authority, found once per drain. */
import { GatewayError } from '../../errors.js'
import { graphMailbox } from '../../model/connection.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { Authority } from '../../ports/authority.js'
import type { Sender, SendTarget } from '../../ports/sender.js'
import { mailScopes } from '../../protocol/scopes.js'
import type { SendDependencies } from './send-dependencies.js'

export interface SendRoute {
  mailbox: Mailbox
  connectionId: string
  sender: Sender
  target: SendTarget
  authority: Authority
  /** Mails over one session. */
  perSession: number
  limits: { mailsPerMinute: number; recipientsPerDay: number }
}

/** Exchange Online: 30 mails a minute and 10,000 recipients a day per mailbox (REL-09). */
const exchangeOnline = { mailsPerMinute: 30, recipientsPerDay: 10_000 }

export async function findRoute(deps: SendDependencies, mailbox: Mailbox): Promise<SendRoute> {
  const { send, tenant } = mailbox
  if (send.transport === 'none')
    throw new GatewayError('no_mail_server', 'needs-admin', {
      hint: 'config',
      description: 'The mailbox has no mail server for sending.',
      remedy: 'Choose how the mailbox sends.',
    })
  const { connectionId } = send
  const access = await deps.access(tenant, connectionId)
  if (access === undefined || access.connection.state === 'removed')
    throw new GatewayError('connection_missing', 'needs-reconnect', {
      description: 'The mailbox has no connection any more.',
      remedy: 'Connect the mailbox again.',
    })
  const { connection } = access
  const common = { mailbox, connectionId, sender: deps.senders[send.transport] }
  if (send.transport === 'graph') {
    const graph = { mailbox: graphMailbox(connection, mailbox.address, send.user) }
    const needed = mailScopes({ send: 'graph', shared: graph.mailbox !== 'me' }).token('graph')
    return {
      ...common,
      target: { transport: 'graph', graph },
      authority: await access.authority(mailbox.address, 'graph', needed),
      perSession: Number.POSITIVE_INFINITY,
      limits: limitsOf(deps, true),
    }
  }
  const needed = mailScopes({ send: 'smtp' }).token('outlook')
  return {
    ...common,
    target: { transport: 'smtp', smtp: send.smtp },
    authority: await access.authority(mailbox.address, 'outlook', needed),
    perSession: Math.max(1, send.smtp.messagesPerSession ?? deps.settings.messagesPerSession),
    limits: limitsOf(deps, connection.provider === 'microsoft'),
  }
}

/** The provider's, and never more than the settings say (SEC-43). */
function limitsOf({ settings }: SendDependencies, exchange: boolean): SendRoute['limits'] {
  const { recipientsPerDay } = settings
  if (!exchange) return { mailsPerMinute: Number.POSITIVE_INFINITY, recipientsPerDay }
  return { ...exchangeOnline, recipientsPerDay: Math.min(exchangeOnline.recipientsPerDay, recipientsPerDay) }
}
