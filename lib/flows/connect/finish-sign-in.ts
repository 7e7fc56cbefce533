/**
 * Authority was gained and belongs to the right account: try it out, seal it into the row, and either wait for the
 * confirmation or, when the link itself was made for exactly this identity, confirm at once.
 */
import { asGatewayError } from '../../errors.js'
import type { Connection, Identity } from '../../model/connection.js'
import { newSecret, sha256 } from '../../model/ids.js'
import type { Verdict, Verdicts } from '../../model/sign-in.js'
import type { Authority } from '../../ports/authority.js'
import { Secret } from '../../secret.js'
import { readConnection } from '../common/connection-rows.js'
import { setDue } from '../common/due.js'
import { confirmNow } from './confirm-sign-in.js'
import type { ConnectDependencies, ProbeInput } from './connect-dependencies.js'
import { unreachable } from './probe-mailbox.js'
import { type Grant, type StoredSignIn, sealPlace, stepSignIn } from './sign-in-row.js'
import {
  directionScopes,
  microsoftTransports,
  missingScopes,
  passwordTransports,
  type WantedTransports,
} from './wanted-transports.js'

const probeBudgetMs = 10_000
const redeemWithinMs = 10 * 60_000
const adminWithinMs = 24 * 3_600_000

export const transportsOf = (signIn: StoredSignIn, grant: Grant): WantedTransports =>
  grant.kind === 'oauth'
    ? microsoftTransports(signIn.target)
    : passwordTransports(signIn.target, grant.imap, grant.smtp)

/** A try-out that fails or hangs is a verdict, never a refusal of the sign-in. */
export async function tryOut(deps: ConnectDependencies, signIn: StoredSignIn, grant: Grant): Promise<Verdicts> {
  const authority: Authority =
    grant.kind === 'oauth'
      ? { kind: 'bearer', user: signIn.target.address, token: async () => new Secret(grant.accessToken) }
      : { kind: 'password', user: grant.username, password: new Secret(grant.password) }
  const signal = AbortSignal.timeout(probeBudgetMs)
  const late = new Promise<Verdicts>((done) => {
    signal.addEventListener('abort', () => done(undecided(grant)), { once: true })
  })
  try {
    const { probe, refused } = allowedParts(signIn, grant)
    return { ...(await Promise.race([deps.probe({ authority, ...probe, signal }), late])), ...refused }
  } catch (error) {
    deps.log.warn('probe-failed', { signInId: signIn.id, code: asGatewayError(error).code })
    return undecided(grant)
  }
}

/** What may be tried out, and the verdict of what was asked for and not granted: no server is asked about that. */
function allowedParts(
  signIn: StoredSignIn,
  grant: Grant,
): { probe: Omit<ProbeInput, 'authority' | 'signal'>; refused: Partial<Verdicts> } {
  const { receive, send } = transportsOf(signIn, grant)
  if (grant.kind !== 'oauth')
    return { probe: { ...(receive ? { receive } : {}), ...(send ? { send } : {}) }, refused: {} }
  const reading = directionScopes(signIn.target, 'receive')
  const sending = directionScopes(signIn.target, 'send')
  const mayRead = missingScopes(reading, grant.scopes).length === 0
  const maySend = missingScopes(sending, grant.scopes).length === 0
  return {
    probe: {
      needed: { resource: grant.resource, reading, sending },
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
  text: `The right to ${what} mail was asked for and not given.`,
  remedy: 'Connect the mailbox again and accept the whole list, or ask an administrator to allow it.',
})

/** Nothing was found out in time. A provider has said who signed in; a password nobody accepted is not kept. */
const undecided = (grant: Grant): Verdicts => ({
  signIn: grant.kind === 'oauth' ? { verdict: 'works' } : unreachable,
  reading: { verdict: 'not-tested' },
  sending: { verdict: 'not-tested' },
})

export async function finishSignIn(
  deps: ConnectDependencies,
  signIn: StoredSignIn,
  gained: { grant: Grant; identity?: Identity; verdicts: Verdicts; browser: string },
): Promise<void> {
  const sealer = await deps.sealer()
  const { confirmation } = signIn.target
  const resultCode = confirmation === 'result-code' ? newSecret() : ''
  const expiresAt = deps.clock.now() + (confirmation === 'tenant-admin' ? adminWithinMs : redeemWithinMs)
  await setDue(deps, 'signin', signIn.tenant, signIn.id, expiresAt)
  await stepSignIn(deps, signIn, {
    status: 'signed-in',
    provider: gained.grant.kind === 'oauth' ? 'microsoft' : 'basic',
    identity: gained.identity === undefined ? '' : JSON.stringify(gained.identity),
    verdicts: JSON.stringify(gained.verdicts),
    sealedGrant: sealer.seal(JSON.stringify(gained.grant), sealPlace(signIn.id, 'sealedGrant')),
    browserHash: sha256(gained.browser),
    resultHash: resultCode === '' ? '' : sha256(resultCode),
    resultSealed: resultCode === '' ? '' : sealer.seal(resultCode, sealPlace(signIn.id, 'resultSealed')),
    nonceSealed: '',
    verifierSealed: '',
    sealedReturn: '',
    expiresAt,
  })
  if (confirmation === 'confirmed-by-link') await confirmNow(deps, signIn)
}

/** The connection a reconnect renews, when there is one. */
export async function renewedConnection(
  deps: ConnectDependencies,
  signIn: StoredSignIn,
): Promise<Connection | undefined> {
  const { kind, connectionId } = signIn.target
  return kind === 'reconnect' && connectionId ? readConnection(deps, signIn.tenant, connectionId) : undefined
}
