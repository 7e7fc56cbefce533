/**
 * Where the mail of a sign-in is and what to ask for. The provider or its registration says; a server that may be
 * anybody's may leave its mail servers out: then a reconnect keeps those of its mailbox, and a new mailbox takes what
 * the public mail settings of its address name, as the form for a password does.
 */
import { GatewayError } from '../../errors.js'
import type { Registration } from '../../model/registration.js'
import type { SignInTarget } from '../../model/sign-in.js'
import { connectionOf, serverOf, serverTargets } from '../../model/transports.js'
import type { Provider, SignInPlan } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { discoverProvider } from './discover-provider.js'
import type { LinkFacts } from './link-ways.js'

export interface FoundPlan extends SignInPlan {
  /** Neither provider nor registration named these servers. */
  areServersFound: boolean
}

/** Throws `mail_servers_unknown` when nothing says where the mail is. */
export async function planSignIn(
  deps: Toolbox,
  { provider, registration, facts }: { provider: Provider; registration: Registration; facts: LinkFacts },
  target: SignInTarget,
): Promise<FoundPlan> {
  const plan = provider.plan(target, registration.authority, registration)
  const lacks = (target.receive && plan.receive === undefined) || (target.send && plan.send === undefined)
  if (!lacks) return { ...plan, areServersFound: false }
  const servers = ownServers(facts) ?? (await discoverProvider(deps.discovery, target.address))
  const whole = { ...serverTargets(target, servers), ...plan }
  if (whole.receive === undefined && whole.send === undefined) throw serversUnknown(target.address)
  return { ...whole, areServersFound: true }
}

function ownServers({ mailbox, renewed }: LinkFacts) {
  if (mailbox === undefined || renewed === undefined) return undefined
  const [imap, smtp] = [mailbox.receive, mailbox.send].map((side) =>
    connectionOf(side) === renewed.id ? serverOf(side) : undefined,
  )
  return imap || smtp ? { ...(imap && { imap }), ...(smtp && { smtp }) } : undefined
}

const serversUnknown = (address: string): GatewayError =>
  new GatewayError('mail_servers_unknown', 'needs-admin', {
    hint: 'operator',
    status: 409,
    values: { address },
    description: `Neither the registration nor any public mail settings name the mail servers of ${address}.`,
    remedy: 'Name the IMAP and SMTP server in the registration.',
  })

/**
 * A token of somebody who is not known goes to no server that only the address named: whoever chose the address chose
 * the server.
 */
export const serversNotNamed = (): GatewayError =>
  new GatewayError('mail_servers_not_named', 'needs-admin', {
    hint: 'operator',
    status: 409,
    description:
      'The sign-in service does not say who signed in, so the gateway shows its token only to mail servers that the registration names.',
    remedy: 'Name the IMAP and SMTP server in the registration, or ask for the scopes openid and email.',
  })
