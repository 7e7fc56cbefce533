/**
 * Authority was gained and belongs to the right account: try it out, seal it into the row, and either wait for the
 * confirmation or, when the link itself was made for exactly this identity, confirm at once.
 */
import { asGatewayError } from '../../errors.js'
import type { Connection, Identity } from '../../model/connection.js'
import { newSecret, sha256 } from '../../model/ids.js'
import type { Verdicts } from '../../model/sign-in.js'
import type { Authority } from '../../ports/authority.js'
import { Secret } from '../../secret.js'
import { readConnection } from '../common/connection-rows.js'
import { setDue } from '../common/due.js'
import { confirmNow } from './confirm-sign-in.js'
import type { ConnectDependencies } from './connect-dependencies.js'
import { type Grant, type StoredSignIn, sealPlace, stepSignIn } from './sign-in-row.js'
import { microsoftTransports, passwordTransports, type WantedTransports } from './wanted-transports.js'

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
    return await Promise.race([deps.probe({ authority, ...transportsOf(signIn, grant), signal }), late])
  } catch (error) {
    deps.log.warn('probe-failed', { signInId: signIn.id, code: asGatewayError(error).code })
    return undecided(grant)
  }
}

const undecided = (grant: Grant): Verdicts => ({
  signIn: { verdict: grant.kind === 'oauth' ? 'works' : 'not-tested' },
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
