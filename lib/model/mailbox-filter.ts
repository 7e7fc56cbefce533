/** Which mailboxes are meant (M-147): every word that is given must be true of a mailbox. */
import * as z from 'zod'
import { type Connection, connectionStates } from './connection.js'
import type { Mailbox } from './mailbox.js'
import { mailboxWarnings } from './mailbox-warnings.js'
import { providerNames } from './providers.js'
import { connectionIdsOf } from './transports.js'

export const mailboxFilterFields = {
  state: z
    .enum([...connectionStates, 'none'])
    .optional()
    .describe('Only mailboxes with a connection in this state; none: without a connection.'),
  warning: z
    .enum(['password_at_microsoft', 'send_only_permissions'])
    .optional()
    .describe('Only mailboxes with this warning: they work today and will stop working, or have a limit.'),
  provider: z
    .enum(providerNames)
    .optional()
    .describe('Only mailboxes that this provider authorises; basic: mail servers with a password or without sign-in.'),
  transport: z
    .enum(['graph', 'imap', 'smtp', 'none'])
    .optional()
    .describe('Only mailboxes that receive or send over this transport; none: a direction is not used.'),
  domain: z
    .string()
    .max(253)
    .regex(/^[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?$/, 'must be a domain such as contoso.example')
    .optional()
    .describe('Only mailboxes whose address is in this domain.'),
}

export const mailboxFilter = z.strictObject(mailboxFilterFields)
export type MailboxFilter = z.infer<typeof mailboxFilter>

/** Of the words of a filter, those about connections: they cost a look at them. */
export const asksConnections = ({ state, warning, provider }: MailboxFilter): boolean =>
  state !== undefined || warning !== undefined || provider !== undefined

export const isFilter = (filter: MailboxFilter): boolean =>
  asksConnections(filter) || filter.transport !== undefined || filter.domain !== undefined

/** `connections`: of the tenant, by id; not looked at unless the filter asks about them. */
export function isMeant(
  { state, warning, provider, transport, domain }: MailboxFilter,
  mailbox: Mailbox,
  connections: ReadonlyMap<string, Connection>,
): boolean {
  const { address, receive, send } = mailbox
  if (transport !== undefined && receive.transport !== transport && send.transport !== transport) return false
  const own = address.slice(address.lastIndexOf('@') + 1).toLowerCase()
  if (domain !== undefined && own !== domain.toLowerCase()) return false
  const used = connectionIdsOf(mailbox).flatMap((id) => connections.get(id) ?? [])
  if (state === 'none' ? used.length > 0 : state !== undefined && !used.some((one) => one.state === state)) return false
  if (provider !== undefined && !used.some((one) => one.provider === provider)) return false
  return warning === undefined || mailboxWarnings(mailbox, used).some(({ code }) => code === warning)
}
