import { type GatewayError, invalidInput } from '../../errors.js'
import { newId, newSecret, sha256 } from '../../model/ids.js'
import type { SignInTarget } from '../../model/sign-in.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { sealKeys } from '../../rows/seal-keys.js'
import { associatedData, insertSignInRow } from '../../rows/sign-ins.js'
import { findTenant } from '../../rows/tenants.js'

export interface StartedSignIn {
  signInId: string
  /** To be opened in the mailbox owner's browser. */
  link: string
  /** ISO date. */
  expiresAt: string
}

/** When the link itself ends, whatever was done with it. */
export const linkEndsAt = (deps: Toolbox, { createdAt }: { createdAt: string }): number =>
  Date.parse(createdAt) + deps.config.linkMs

/** For an unknown id and for one of another tenant alike. */
export const notUsable = (): GatewayError =>
  invalidInput('registrationId', 'is not a registration that you may use; GET /api/v1/registrations lists those.')

interface NewSignIn {
  target: SignInTarget
  registrationId: string
  returnUrl?: string
  binding?: string | undefined
}

/** One row, and the only copy of its link. */
export async function insertSignIn(
  deps: Toolbox,
  tenant: string,
  { target, registrationId, returnUrl = '', binding }: NewSignIn,
): Promise<StartedSignIn> {
  const owner = await findTenant(deps, tenant)
  const id = newId()
  const secret = newSecret()
  const now = deps.clock.now()
  const expiresAt = now + deps.config.linkMs
  const signIn = {
    id,
    tenant,
    tenantName: owner?.name ?? tenant,
    target,
    status: 'started' as const,
    registrationId,
    returnUrl,
    refusal: '',
    createdAt: new Date(now).toISOString(),
    expiresAt,
  }
  const columns = {
    linkHash: sha256(secret),
    // Only to lead the person back to the same page after an error; readable by nobody without the seal key.
    linkSealed: (await sealKeys(deps)).seal(secret, associatedData(id, 'linkSealed')),
    bindingHash: binding === undefined ? '' : sha256(binding),
  }
  await setDue(deps, { kind: 'signin', tenant, id }, expiresAt)
  await insertSignInRow(deps, signIn, columns)
  const link = `${deps.config.publicBaseUrl}/connect/${id}.${secret}`
  return { signInId: id, link, expiresAt: new Date(expiresAt).toISOString() }
}
