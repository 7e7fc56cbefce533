/** A try-out of authority just gained, each direction for itself. */
import { asGatewayError } from '../../errors.js'
import type { MailboxGrant } from '../../model/grant.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import { asGranted, type ReceiveTarget, type SendTarget, serverTargets, type Targets } from '../../model/transports.js'
import type { Authority } from '../../ports/authority.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { StoredSignIn } from '../../rows/sign-ins.js'
import { Secret } from '../../secret.js'
import { providerOf } from '../tokens/provider-of.js'
import { getRegistration } from '../tokens/registrations.js'
import { type ProbeInput, probeMailbox, unreachable } from './probe-mailbox.js'

const probeBudgetMs = 10_000

/** Where the mailbox of a grant is. */
export async function targetsOf(
  deps: Toolbox,
  { tenant, provider, target }: StoredSignIn,
  grant: MailboxGrant,
): Promise<Targets> {
  if (grant.kind !== 'oauth') return serverTargets(target, grant)
  if (grant.targets !== undefined) return grant.targets
  const registration = await getRegistration(deps, { tenant, id: grant.registrationId })
  const { receive, send } = providerOf(deps, provider).plan(target, grant.issuer, registration)
  return { ...(receive ? { receive } : {}), ...(send ? { send: asGranted(send, grant.scopes) } : {}) }
}

/** A try-out that fails or hangs is a verdict, never a refusal of the sign-in. */
export async function tryOut(deps: Toolbox, signIn: StoredSignIn, grant: MailboxGrant): Promise<Verdicts> {
  const authority: Authority =
    grant.kind === 'oauth'
      ? {
          kind: 'bearer',
          user: signIn.target.address,
          token: async () => new Secret(grant.accessToken),
          api: providerOf(deps, signIn.provider).mailApi?.(grant.issuer),
        }
      : { kind: 'password', user: grant.username, password: new Secret(grant.password) }
  const { probe, refused } = await allowedParts(deps, signIn, grant)
  return { ...(await probeInTime(deps, { authority, ...probe })), ...refused }
}

/** Ten seconds for all verdicts together; what is not known by then was not tested. */
export async function probeInTime(deps: Toolbox, input: Omit<ProbeInput, 'signal'>): Promise<Verdicts> {
  try {
    return await probeMailbox(deps, { ...input, signal: AbortSignal.timeout(probeBudgetMs) })
  } catch (error) {
    deps.log.warn('probe-failed', { signInId: undefined, code: asGatewayError(error).code })
    return {
      // A provider has said who signed in; a password nobody accepted is not kept.
      signIn: input.authority.kind === 'bearer' ? { verdict: 'works' } : unreachable,
      reading: { verdict: 'not-tested' },
      sending: { verdict: 'not-tested' },
    }
  }
}

/** What may be tried out, and the verdict of what was asked for and not granted: no server is asked about that. */
async function allowedParts(
  deps: Toolbox,
  signIn: StoredSignIn,
  grant: MailboxGrant,
): Promise<{ probe: Omit<ProbeInput, 'authority' | 'signal'>; refused: Partial<Verdicts> }> {
  const { receive, send } = await targetsOf(deps, signIn, grant)
  if (grant.kind !== 'oauth')
    return { probe: { ...(receive ? { receive } : {}), ...(send ? { send } : {}) }, refused: {} }
  const provider = providerOf(deps, signIn.provider)
  const isGranted = (direction: 'receive' | 'send', target: ReceiveTarget | SendTarget): boolean =>
    provider.missingScopes(provider.neededScopes(direction, target), grant.scopes).length === 0
  const mayRead = receive !== undefined && isGranted('receive', receive)
  const maySend = send !== undefined && isGranted('send', send)
  return {
    probe: {
      of: { provider, resource: grant.resource },
      ...(receive && mayRead ? { receive } : {}),
      ...(send && maySend ? { send } : {}),
    },
    refused: {
      ...(receive && !mayRead ? { reading: notGranted('read') } : {}),
      ...(send && !maySend ? { sending: notGranted('send') } : {}),
    },
  }
}

const notGranted = (what: string): Verdict => ({
  verdict: 'fails',
  code: 'scopes_missing',
  text: `The permission to ${what} mail was requested and not granted.`,
  remedy: 'Connect the mailbox again and accept the whole list, or ask an administrator to consent to it.',
})
