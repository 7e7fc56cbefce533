import { GatewayError } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import type { SignInTarget } from '../../model/sign-in.js'
import { sameAddress } from '../../protocol/mail-address.js'

/** A reconnect by password must keep the user it had: a link for one mailbox must not swap in another person's. */
export function mismatchedUser(
  username: string,
  target: SignInTarget,
  renewed: Connection | undefined,
): GatewayError | undefined {
  if (renewed === undefined || target.allowChange?.includes('identity')) return undefined
  const stored = renewed.identity?.username ?? renewed.username
  if (sameAddress(stored, username)) return undefined
  return new GatewayError('mailbox_mismatch', 'permanent', {
    status: 409,
    field: 'username',
    problems: [{ field: 'username', message: `must be ${stored}, as before` }],
    values: { typed: username, expected: stored },
    description: `You entered the user name ${username}, but this mailbox was connected as ${stored}.`,
    remedy: `Use the user name ${stored}, or ask an administrator to connect the mailbox again from the start.`,
  })
}
