import { type Connection, isSendOnly, mayWrite } from './connection.js'
import type { Mailbox } from './mailbox.js'
import { providerFacts } from './providers.js'
import { connectionOf, serverOf } from './transports.js'

export const mailboxWarningCodes = [
  'password_at_microsoft',
  'send_only_permissions',
  'after_receive_not_granted',
] as const

/** What works and is known to stop working, or works less well than it could (M-056, M-140). */
export interface MailboxWarning {
  code: (typeof mailboxWarningCodes)[number]
  description: string
  remedy: string
}

/** `connections`: those of the mailbox; `changesMail`: received mail is to be marked, moved or deleted at the server. */
export function mailboxWarnings(
  { receive, send }: Pick<Mailbox, 'receive' | 'send'>,
  connections: readonly Pick<Connection, 'id' | 'mode' | 'scopes'>[],
  changesMail = false,
): MailboxWarning[] {
  const of = (side: Mailbox['receive'] | Mailbox['send']) => connections.find(({ id }) => id === connectionOf(side))
  const isPasswordAtMicrosoft = [receive, send].some((side) => {
    const host = serverOf(side)?.host.toLowerCase() ?? ''
    return of(side)?.mode === 'password' && providerFacts.microsoft.ownsServer(host)
  })
  const sending = send.transport === 'graph' ? (of(send)?.scopes ?? []) : []
  const reading = receive.transport === 'graph' ? (of(receive)?.scopes ?? []) : []
  return [
    ...(isPasswordAtMicrosoft ? [passwordAtMicrosoft] : []),
    ...(isSendOnly(sending) ? [sendOnly] : []),
    ...(changesMail && reading.length > 0 && !mayWrite(reading) ? [actionNotGranted] : []),
  ]
}

const passwordAtMicrosoft: MailboxWarning = {
  code: 'password_at_microsoft',
  description:
    'The mailbox is at Microsoft and signs in with a password. Microsoft switches that off by default at the end of December 2026, and is to name the final date in the second half of 2027.',
  remedy:
    'Create a reconnect link with "allowChange": ["provider"]: the owner continues with Microsoft, and everything else stays the same. GET /api/v1/mailboxes?warning=password_at_microsoft lists all such mailboxes.',
}

const sendOnly: MailboxWarning = {
  code: 'send_only_permissions',
  description:
    'The owner let the mailbox send and nothing else. If the answer to a send gets lost, nobody can look up whether the mail was sent, so it stays unknown; mails larger than about 2 MB cannot be sent.',
  remedy:
    'To remove both limits, create a reconnect link with "permissions": "full". In many organisations an administrator must approve that.',
}

const actionNotGranted: MailboxWarning = {
  code: 'after_receive_not_granted',
  description:
    'The settings want received mail to be marked, moved or deleted on the server, and the owner granted reading alone: the mail arrives and stays there as it is.',
  remedy: 'Create a reconnect link with "permissions": "full", or set afterReceive to leave.',
}
