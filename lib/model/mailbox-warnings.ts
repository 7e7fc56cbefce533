import type { ReceiveSettings, SendSettings } from './mailbox.js'
import { providerFacts } from './providers.js'
import { serverOf } from './transports.js'

/** What works today and is known to stop working; every answer that saves or shows the mailbox reports it (M-056). */
export interface MailboxWarning {
  code: 'password_at_microsoft'
  description: string
  remedy: string
}

/** `sides`: the directions that the connection serves. */
export function mailboxWarnings(mode: string | undefined, sides: (ReceiveSettings | SendSettings)[]): MailboxWarning[] {
  const hosts = sides.map((side) => serverOf(side)?.host ?? '')
  if (mode !== 'password' || !hosts.some((host) => providerFacts.microsoft.ownsServer(host.toLowerCase()))) return []
  return [
    {
      code: 'password_at_microsoft',
      description: 'The mailbox is at Microsoft and signs in with a password, which Microsoft is switching off.',
      remedy:
        'Create a reconnect link with "allowChange": ["provider"]: the owner continues with Microsoft, and everything else stays the same.',
    },
  ]
}
