/**
 * Which authority and which way of moving mail go together (M-103), for whoever chooses them: what can never work, or
 * would give a secret away, is refused where it is chosen, with the field, the reason and the cure.
 */
import type { Problem } from '../errors.js'
import type { ConnectionMode } from './connection.js'
import type { ServerAddress } from './mailbox.js'
import { type ProviderName, providerFacts } from './providers.js'
import { receiveTransports, sendTransports, type Transport } from './transports.js'

export interface Combination {
  direction: 'receive' | 'send'
  mode: ConnectionMode
  provider: ProviderName
  transport: Transport
  /** Absent for a transport that names no server. */
  tls?: ServerAddress['tls'] | undefined
}

/** `undefined` for a combination that can work. */
export function refusedCombination(one: Combination): Problem | undefined {
  const { direction, mode, provider, transport, tls } = one
  const { label, transports } = providerFacts[provider]
  const wrong = (field: string, message: string): Problem => ({ field: `${direction}.${field}`, message })
  const usable = transports.filter((other) => other in (direction === 'receive' ? receiveTransports : sendTransports))
  if (direction === 'receive' && mode === 'anonymous')
    return wrong(
      'connectionId',
      'is a relay without sign-in, and reading always needs one; use a connection with a sign-in or a password.',
    )
  if (!transports.includes(transport))
    return wrong(
      'transport',
      provider === 'basic'
        ? `${transport} needs a sign-in with its provider, and this connection has none; use ${usable.join(' or ')}, or create a reconnect link with "allowChange": ["provider"].`
        : `${transport} does not work with ${label}; use ${usable.join(' or ')}.`,
    )
  if (tls === 'plain' && mode !== 'anonymous')
    return wrong(
      `${transport}.tls`,
      'must be implicit or starttls: the gateway never sends a stored password or token in clear text.',
    )
  return undefined
}

/** Where `isPlainTextHost` says no. */
export const plainTextRefused =
  'must be implicit or starttls: this deployment permits no connection without encryption to this server. Its operator may name the network in PLAIN_TEXT_MAIL_NETWORKS.'
