/**
 * Authority was gained, belongs to the right account and was tried out: seal it into the row, and either wait for the
 * confirmation or, when the link itself was made for exactly this identity, confirm at once.
 */
import type { Connection, Identity } from '../../model/connection.js'
import type { Grant } from '../../model/grant.js'
import { newSecret, sha256 } from '../../model/ids.js'
import type { ProviderName } from '../../model/providers.js'
import type { Verdicts } from '../../model/sign-in.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findConnection } from '../../rows/connections.js'
import { setDue } from '../../rows/due.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, type StoredSignIn, stepSignIn } from '../../rows/sign-ins.js'
import { confirmNow } from './confirm-now.js'
import { noProblem } from './keep-problem.js'
import { tellPending } from './tell-sign-in.js'

const redeemWithinMs = 10 * 60_000
const adminWithinMs = 24 * 3_600_000
const retellMs = 2 * 60_000

export async function finishSignIn(
  deps: Toolbox,
  signIn: StoredSignIn,
  gained: {
    grant: Grant | undefined
    provider: ProviderName
    identity?: Identity
    verdicts: Verdicts
    browser: string
    /** By who may speak for the address: then it is held against other tenants. */
    isProven?: boolean
    needsAdmin?: boolean
  },
): Promise<void> {
  const sealer = await sealKeys(deps)
  const confirmation = gained.needsAdmin ? 'tenant-admin' : signIn.target.confirmation
  const resultCode = confirmation === 'result-code' ? newSecret() : ''
  const pending = confirmation === 'tenant-admin'
  const expiresAt = deps.clock.now() + (pending ? adminWithinMs : redeemWithinMs)
  // Whoever has to confirm must hear of it: the sweep tells when this process cannot.
  await setDue(
    deps,
    { kind: 'signin', tenant: signIn.tenant, id: signIn.id },
    pending ? deps.clock.now() + retellMs : expiresAt,
  )
  await stepSignIn(deps, signIn, {
    status: 'signed-in',
    provider: gained.provider,
    identity: gained.identity,
    verdicts: gained.verdicts,
    sealedGrant:
      gained.grant === undefined
        ? ''
        : sealer.seal(JSON.stringify(gained.grant), associatedData(signIn.id, 'sealedGrant')),
    browserHash: sha256(gained.browser),
    resultHash: resultCode === '' ? '' : sha256(resultCode),
    resultSealed: resultCode === '' ? '' : sealer.seal(resultCode, associatedData(signIn.id, 'resultSealed')),
    nonceSealed: '',
    verifierSealed: '',
    sealedReturn: '',
    proven: gained.isProven === true,
    needsAdmin: gained.needsAdmin === true,
    ...noProblem,
    expiresAt,
  })
  if (pending) await tellPending(deps, signIn).catch(() => undefined)
  if (confirmation === 'confirmed-by-link') await confirmNow(deps, signIn)
}

/** The connection that is renewed, when there is one. */
export async function renewedConnection(deps: Toolbox, signIn: StoredSignIn): Promise<Connection | undefined> {
  const { connectionId } = signIn.target
  return connectionId ? findConnection(deps, signIn.tenant, connectionId) : undefined
}
