/**
 * Did the right account sign in? Whole addresses are compared, letter case aside, never parts of them; no evidence is
 * no match (SEC-05). A reconnect must yield the very identity stored before: tenant and object id, not a name that can
 * be given to somebody else. Returns the identity, with the expected address when it is not its user name.
 */
import { translate } from '../../diagnosis/translate.js'
import { GatewayError } from '../../errors.js'
import type { Connection, Identity } from '../../model/connection.js'
import type { SignInTarget } from '../../model/sign-in.js'
import type { OrganisationRules } from '../../ports/provider.js'
import { sameAddress } from '../../protocol/mail-address.js'

export async function checkIdentity(
  target: SignInTarget,
  identity: Identity | undefined,
  { renewed, furtherAddresses }: { renewed: Connection | undefined; furtherAddresses: () => Promise<string[]> },
): Promise<Identity> {
  const expected = target.expectedUser ?? target.address
  if (renewed?.identity !== undefined && !target.allowChange?.includes('identity')) {
    if (identity === undefined || !sameIdentity(identity, renewed.identity))
      throw mismatch(renewed.identity.username, identity)
    const { alias } = renewed.identity
    return alias === undefined ? identity : { ...identity, alias }
  }
  if (identity === undefined) throw mismatch(expected, identity)
  if (sameAddress(identity.username, expected)) return identity
  const others = await furtherAddresses().catch(() => [])
  if (!others.some((address) => sameAddress(address, expected))) throw mismatch(expected, identity)
  return { ...identity, alias: expected }
}

/** A mailbox that was shared with somebody opens for accounts of an organisation alone (M-077). */
export function assertWorkAccount(
  { expectedUser, address }: Pick<SignInTarget, 'expectedUser' | 'address'>,
  { tenantId, username }: Identity,
  organisations: Pick<OrganisationRules, 'personal'> | undefined,
): void {
  const isShared = expectedUser !== undefined && !sameAddress(expectedUser, address)
  if (!isShared || tenantId === undefined || tenantId !== organisations?.personal) return
  throw new GatewayError('work_account_needed', 'needs-reconnect', {
    hint: 'restart-flow',
    status: 403,
    values: { signedIn: username, expected: address },
    description: `${username} is a personal account. A shared mailbox such as ${address} opens only for a work or school account.`,
    remedy: 'Sign in again with the work or school account with which the mailbox is shared.',
  })
}

function sameIdentity(a: Identity, b: Identity): boolean {
  if (a.tenantId !== undefined && a.objectId !== undefined)
    return a.tenantId === b.tenantId && a.objectId === b.objectId
  return a.issuer === b.issuer && a.subject === b.subject
}

function mismatch(expected: string, identity: Identity | undefined): GatewayError {
  const signedIn = identity?.username
    ? `as ${identity.username.slice(0, 254)}`
    : 'with an account that did not give its name'
  return translate(
    { context: 'local', local: 'mailbox_mismatch', operation: 'connect' },
    {
      status: 403,
      values: { signedIn: identity?.username.slice(0, 254) ?? '', expected },
      description: `You signed in ${signedIn}, but this link is for ${expected}.`,
      remedy: `Sign in again and choose the account ${expected}. Nothing was connected and nothing was kept.`,
    },
  )
}
