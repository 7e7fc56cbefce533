/**
 * What a link may be answered with, asked of the stored rows at each step: when its page is shown, when a person
 * begins, sends a form, comes back from the provider, and once more when the sign-in is confirmed. A way that is not
 * allowed has no effect at all: no server is asked and nothing is kept.
 */

import { GatewayError, type Problem } from '../../errors.js'
import type { Connection } from '../../model/connection.js'
import { type Way, waysOf } from '../../model/link-ways.js'
import type { Mailbox, ServerAddress } from '../../model/mailbox.js'
import { providerFacts } from '../../model/providers.js'
import { connectionIdsOf, connectionOf, serverOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { haveSameOwner } from '../../protocol/registrable-domain.js'
import { findConnection } from '../../rows/connections.js'
import { findMailbox } from '../../rows/mailboxes.js'
import type { StoredSignIn } from '../../rows/sign-ins.js'

export interface LinkFacts {
  ways: readonly Way[]
  /** Connection and mailbox that a reconnect renews, as stored now. */
  renewed?: Connection
  mailbox?: Mailbox
}

export async function factsOfLink(deps: Toolbox, { tenant, target }: StoredSignIn): Promise<LinkFacts> {
  const { connectionId, mailboxId } = target
  if (!connectionId) return { ways: waysOf(target, undefined) }
  const [renewed, mailbox] = await Promise.all([
    findConnection(deps, tenant, connectionId),
    mailboxId ? findMailbox(deps, tenant, mailboxId) : undefined,
  ])
  // A mailbox that went, or took another connection meanwhile, is not what the link was made for.
  const isMeant = target.kind !== 'reconnect' || (mailbox !== undefined && usesConnection(mailbox, connectionId))
  if (renewed === undefined || !isMeant) return { ways: waysOf(target, undefined) }
  return { ways: waysOf(target, renewed), renewed, ...(mailbox ? { mailbox } : {}) }
}

/** Throws `way_not_allowed` unless the link accepts this way; without one: unless it accepts any. */
export async function assertWay(deps: Toolbox, signIn: StoredSignIn, way?: string): Promise<LinkFacts> {
  const facts = await factsOfLink(deps, signIn)
  if (facts.ways.length === 0 || (way !== undefined && !facts.ways.some((one) => one === way)))
    throw wayNotAllowed(signIn, facts)
  return facts
}

export function wayNotAllowed({ tenantName }: StoredSignIn, { ways }: LinkFacts): GatewayError {
  const own = ways[0]
  const [description, remedy] =
    own === undefined
      ? ['The mailbox that this link was created for no longer exists.', `Ask ${tenantName} for a new link.`]
      : [
          `This link cannot be used in this way; it accepts only ${wordsOf(own)}.`,
          `Open the link again and use one of the options on its page. To change the provider, ask an administrator of ${tenantName} for a link that allows it.`,
        ]
  const values = { tenant: tenantName, ...(own ? { way: own } : {}) }
  return new GatewayError('way_not_allowed', 'permanent', { status: 409, values, description, remedy })
}

function wordsOf(way: Way): string {
  if (way === 'password') return 'a user name and password'
  if (way === 'admin-consent') return 'the approval of an administrator'
  return `a sign-in with ${providerFacts[way].label}`
}

const usesConnection = (mailbox: Mailbox, connectionId: string): boolean =>
  connectionIdsOf(mailbox).includes(connectionId)

/** Servers of the mailbox that this connection opens with its password. */
export function storedServers({ mailbox, renewed }: LinkFacts): { imap?: ServerAddress; smtp?: ServerAddress } {
  if (mailbox === undefined || renewed?.mode !== 'password') return {}
  const { receive, send } = mailbox
  const imap = connectionOf(receive) === renewed.id ? serverOf(receive) : undefined
  const smtp = connectionOf(send) === renewed.id ? serverOf(send) : undefined
  return { ...(imap && { imap }), ...(smtp && { smtp }) }
}

/**
 * A password that is renewed goes to the servers it went to before, or to others of the same owner; to anybody else's
 * only when the link was made to allow it (SEC-35). Throws `server_change_not_allowed` with every field at fault.
 */
export async function assertServers(
  { target, tenantName }: StoredSignIn,
  facts: LinkFacts,
  named: { imap?: ServerAddress | undefined; smtp?: ServerAddress | undefined },
): Promise<void> {
  const { renewed } = facts
  // Another provider has other servers by nature.
  if (renewed?.mode !== 'password' || target.allowChange?.includes('server')) return
  const stored = storedServers(facts)
  const problems: Problem[] = []
  const hosts: Record<string, string> = {}
  for (const kind of ['imap', 'smtp'] as const) {
    const server = named[kind]
    if (server === undefined) continue
    const known = stored[kind] ?? stored.imap ?? stored.smtp
    if (known === undefined || !(await haveSameOwner(known.host, server.host))) {
      problems.push({ field: `${kind}Host`, message: `must be ${known?.host ?? 'the previous server'}, as before` })
      if (known) hosts[`${kind}Before`] = known.host
    }
  }
  const [first] = problems
  if (first === undefined) return
  throw new GatewayError('server_change_not_allowed', 'permanent', {
    status: 409,
    field: first.field,
    problems,
    values: { tenant: tenantName, ...hosts },
    description: 'This link renews the password at the previous mail servers; it does not allow others.',
    remedy: `Enter the previous servers. If the mailbox has moved, ask an administrator of ${tenantName} for a link that allows other servers.`,
  })
}
