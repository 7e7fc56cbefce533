/**
 * OAuth clients at identity providers, used by many mailboxes. A tenant uses its own registration, else the
 * deployment's. Other processes notice a rotated secret within a minute or at the first refusal.
 */
import { GatewayError, notFound } from '../../errors.js'
import { everyRow, type PageQuery } from '../../model/page.js'
import { providerFacts } from '../../model/providers.js'
import type { Registration, RegistrationRef } from '../../model/registration.js'
import type { RegisteredClient } from '../../ports/memory.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { findRegistration, pageOfRegistrations, type StoredRegistration } from '../../rows/registrations.js'
import type { Secret } from '../../secret.js'

const rememberMs = 60_000

/** What people may see: of the credential its kind, its fingerprint and its expiry. */
export type RegistrationFacts = Omit<Registration, 'secretName'> & { secretFingerprint: string }

/** A tenant's or the deployment's registration with its credential. `fresh`: as stored now, not as remembered. */
export async function findClient(
  deps: Toolbox,
  { tenant, id }: RegistrationRef,
  { fresh = false }: { fresh?: boolean } = {},
): Promise<RegisteredClient> {
  const { clients } = deps.memory
  const hit = clients.get(`${tenant}~${id}`)
  if (!fresh && hit && hit.until > deps.clock.now()) return hit.value
  const stored = await findRegistration(deps, tenant, id)
  if (stored === undefined) throw notFound('registration')
  const registration = registrationOf(deps, stored)
  const credential = await credentialOf(deps, stored)
  if (registration.secretName !== '' && credential === undefined) throw secretMissing(registration)
  const value = { registration, credential }
  clients.set(`${tenant}~${id}`, { value, until: deps.clock.now() + rememberMs })
  return value
}

/** All that the tenant can use: its own first, then the deployment's. */
export const listUsableRegistrations = (deps: Toolbox, tenant: string): Promise<RegistrationFacts[]> =>
  everyRow((page) => listRegistrations(deps, tenant, page), 'registrations')

/** The same in pages, each part in the order of the ids. */
export async function listRegistrations(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ registrations: RegistrationFacts[]; next: string }> {
  const { registrations, next } = await pageOfRegistrations(deps, tenant, page)
  return { registrations: registrations.map((one) => factsOf(deps, one)), next }
}

export function factsOf(deps: Toolbox, stored: StoredRegistration): RegistrationFacts {
  const { secretName: _, ...shown } = registrationOf(deps, stored)
  return { ...shown, secretFingerprint: stored.secretFingerprint }
}

/** As the row points to it: a save that lost against another may have written a version of the same name later. */
export async function credentialOf(
  deps: Toolbox,
  { secretName, secretVersion }: Pick<StoredRegistration, 'secretName' | 'secretVersion'>,
): Promise<Secret | undefined> {
  if (secretName === '') return undefined
  // Rows of earlier builds name no version.
  return (await deps.vault.get(secretName, secretVersion === '' ? undefined : secretVersion))?.value
}

/**
 * The one string that is registered at a provider (M-053). A server that may be anybody's has one of its own, so that
 * an answer meant for another provider never reaches it (RFC 9700, section 4.4).
 */
export const redirectUriOf = ({ config }: Toolbox, { kind, id }: Pick<Registration, 'kind' | 'id'>): string =>
  `${config.publicBaseUrl}/oauth/callback${hasOwnCallback(kind) ? `/${id}` : ''}`

export const hasOwnCallback = (kind: Registration['kind']): boolean =>
  // A row of a later build may name a provider that this one does not know: the others stay usable.
  (providerFacts as Partial<typeof providerFacts>)[kind]?.registration?.ownServer === true

/** A tenant's or the deployment's registration, without its credential. */
export async function getRegistration(deps: Toolbox, { tenant, id }: RegistrationRef): Promise<Registration> {
  const stored = await findRegistration(deps, tenant, id)
  if (stored === undefined) throw notFound('registration')
  return registrationOf(deps, stored)
}

const registrationOf = (deps: Toolbox, stored: StoredRegistration): Registration => ({
  id: stored.id,
  name: stored.name,
  tenant: stored.tenant,
  kind: stored.kind,
  authority: stored.authority,
  clientId: stored.clientId,
  credential: stored.credential,
  secretName: stored.secretName,
  ...(stored.secretExpiresAt === undefined ? {} : { secretExpiresAt: stored.secretExpiresAt }),
  redirectUri: redirectUriOf(deps, stored),
  ...(stored.server === undefined ? {} : { server: stored.server }),
})

const secretMissing = ({ name }: Registration): GatewayError =>
  new GatewayError('registration_secret_missing', 'needs-admin', {
    hint: 'operator',
    description: `The client secret or key of the registration "${name}" is not in the vault.`,
    remedy: 'Save the registration again with its client secret, or with its key and certificate.',
  })
