import type { ReceiveSettings, SendSettings } from './mailbox.js'

/** What works today and is known to end, told with every answer that saves or shows the mailbox (M-056). */
export interface MailboxWarning {
  code: 'password_at_microsoft'
  description: string
  remedy: string
}

const microsoftServer = /^([a-z0-9-]+\.)*(office365\.com|office365\.us|outlook\.com|partner\.outlook\.cn)$/

/** A mail server of Exchange Online or Outlook.com, in any cloud; the name in lower case. */
export const isMicrosoftServer = (host: string): boolean => microsoftServer.test(host)

/** `sides`: the directions that the connection serves. */
export function mailboxWarnings(mode: string | undefined, sides: (ReceiveSettings | SendSettings)[]): MailboxWarning[] {
  const hosts = sides.map((side) =>
    side.transport === 'imap' ? side.imap.host : side.transport === 'smtp' ? side.smtp.host : '',
  )
  if (mode !== 'password' || !hosts.some((host) => isMicrosoftServer(host.toLowerCase()))) return []
  return [
    {
      code: 'password_at_microsoft',
      description: 'The mailbox is at Microsoft and signs in with a password, which Microsoft is switching off.',
      remedy:
        'Make a reconnect link with "allowChange": ["provider"]: the owner continues with Microsoft, and everything else stays as it is.',
    },
  ]
}
