/** Where reading needs an administrator, a mailbox may be connected for sending first (M-142). */
import { GatewayError } from '../errors.js'
import { awaitingCode } from './attention.js'
import type { SignInTarget } from './sign-in.js'

/**
 * May its owner begin with sending alone? Not where a connection is renewed, and not where being allowed to open
 * the mailbox is what proves that they may connect it.
 */
export const maySendFirst = (target: SignInTarget): boolean =>
  target.kind === 'connect' && target.send && (target.receive || target.later !== undefined) && !target.namedByOwner

export const sendingFirst = (target: SignInTarget): SignInTarget => ({ ...target, receive: false, later: 'receive' })

/** As it was asked for. */
export function wholeTarget({ later, ...target }: SignInTarget): SignInTarget {
  return later === 'receive' ? { ...target, receive: true } : target
}

export const readingAwaitsApproval = (address: string): GatewayError =>
  new GatewayError(awaitingCode, 'needs-admin', {
    hint: 'tenant',
    values: { address },
    description: `${address} sends already. It receives as soon as an administrator of its organisation has approved the application for reading mail.`,
    remedy:
      'An administrator of that organisation must open an approval link (POST /api/v1/admin-consents with {"mode":"delegated"}) or approve the request in Microsoft Entra. The gateway then starts reading automatically; the mailbox owner has nothing more to do.',
  })
