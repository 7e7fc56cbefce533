/** How a mailbox sends: sender, target and authority, found once per drain. */
import { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import { type ProviderName, providerFacts } from '../../model/providers.js'
import { type SendTarget, sendTransports } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { Sender } from '../../ports/sender.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findAccess } from '../tokens/authority-for.js'
import { organisationOf } from './pause-organisation.js'

export interface SendRoute {
  mailbox: Mailbox
  connectionId: string
  /** Whose limits count besides its own. */
  organisation: string
  sender: Sender
  target: SendTarget
  authority: Authority
  /** Mails over one session. */
  perSession: number
  limits: { mailsPerMinute: number; recipientsPerDay: number }
}

/** `settings`: what counts for the mailbox. */
export async function findRoute(deps: Toolbox, mailbox: Mailbox, settings: FlowConfig): Promise<SendRoute> {
  const { send, tenant } = mailbox
  if (send.transport === 'none')
    throw new GatewayError('no_mail_server', 'needs-admin', {
      hint: 'config',
      description: 'The mailbox has no mail server for sending.',
      remedy: 'Choose how the mailbox sends.',
    })
  const { connectionId } = send
  const access = await findAccess(deps, tenant, connectionId)
  if (access === undefined || access.connection.state === 'removed')
    throw new GatewayError('connection_missing', 'needs-reconnect', {
      description: 'The mailbox no longer has a connection.',
      remedy: 'Connect the mailbox again.',
    })
  const { connection } = access
  const transport = sendTransports[send.transport]
  const target = transport.target(send, { connection, address: mailbox.address })
  return {
    mailbox,
    connectionId,
    organisation: organisationOf(mailbox, connection),
    sender: deps.senders[send.transport],
    target,
    authority: await access.authority(mailbox.address, target, 'send'),
    perSession: transport.perSession(send, settings.messagesPerSession),
    limits: limitsOf(settings, connection.provider),
  }
}

/** The provider's, and never more than the settings say (SEC-43). */
function limitsOf(settings: FlowConfig, provider: ProviderName): SendRoute['limits'] {
  const { mailLimits } = providerFacts[provider]
  return {
    mailsPerMinute: mailLimits?.mailsPerMinute ?? Number.POSITIVE_INFINITY,
    recipientsPerDay: Math.min(mailLimits?.recipientsPerDay ?? Number.POSITIVE_INFINITY, settings.recipientsPerDay),
  }
}
