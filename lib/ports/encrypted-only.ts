import { GatewayError } from '../errors.js'
import { type ReceiveTarget, type SendTarget, serverOf } from '../model/transports.js'
import type { Authority } from './authority.js'

/**
 * A secret is never sent in clear text, however the server got into the mailbox's settings (SEC-26): only a server that
 * requires no sign-in may be used without encryption. Every session of the gateway passes this check first. Throws
 * `clear_text_refused`.
 */
export function assertEncrypted(target: ReceiveTarget | SendTarget, { kind }: Authority): void {
  if (serverOf(target)?.tls !== 'plain' || kind === 'anonymous') return
  throw new GatewayError('clear_text_refused', 'needs-admin', {
    hint: 'tenant',
    description:
      'With these settings of the mailbox, its password would be sent in clear text, so the gateway did not send it.',
    remedy: 'Choose "implicit" (TLS) or "starttls" in the settings of the mailbox.',
  })
}
