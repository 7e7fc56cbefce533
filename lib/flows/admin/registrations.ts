/**
 * OAuth clients at identity providers, used by many mailboxes. The secret is write-only: it goes to the vault under the
 * next generation and only its fingerprint and expiry are ever shown. Rotating it disturbs nobody: the generation
 * before stays until the next rotation for whoever still reads the former row, other processes notice within a minute
 * or at the first refusal, and connections that waited for the new secret are tried at once. A tenant uses its own
 * registration, else the deployment's.
 */
import { asGatewayError, conflict, GatewayError, notFound, RowChangedError } from '../../errors.js'
import type { RegistrationInput } from '../../model/admin-schemas.js'
import { newId, sha256 } from '../../model/ids.js'
import { everyRow, type PageQuery } from '../../model/page.js'
import type { Registration } from '../../model/registration.js'
import type { Provider } from '../../ports/provider.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, expiryCard } from '../../rows/attention.js'
import { isRegistrationUsed } from '../../rows/connections.js'
import {
  changeRegistration,
  findOwnRegistration,
  findRegistration,
  insertRegistration,
  pageOfRegistrations,
  removeRegistrationRow,
  type StoredRegistration,
} from '../../rows/registrations.js'
import { Secret } from '../../secret.js'

const rememberMs = 60_000

/** What people may see: of the secret its fingerprint and its expiry. */
export type RegistrationFacts = Omit<Registration, 'secretName'> & { secretFingerprint: string }

/** `none`: there is no credential; `not-tried`: the provider did not answer, or its answer did not tell. */
export type CredentialTried = 'accepted' | 'not-tried' | 'none'

export interface Registrations {
  /** A tenant's or the deployment's registration with its credential, remembered for a minute. */
  find(
    tenant: string,
    id: string,
    options?: { fresh?: boolean },
  ): Promise<{ registration: Registration; credential: Secret | undefined }>
  /** All that the tenant can use: its own first, then the deployment's. */
  list(tenant: string): Promise<RegistrationFacts[]>
  /** The same in pages, each part in the order of the ids. */
  page(tenant: string, page: PageQuery): Promise<{ registrations: RegistrationFacts[]; next: string }>
  /** One that belongs to the tenant itself, or to the deployment for `~`. */
  own(tenant: string, id: string): Promise<RegistrationFacts>
  /**
   * The credential is shown to the provider first: one that is refused is not saved (`registration_secret_refused`),
   * one that could not be tried is.
   */
  save(
    tenant: string,
    id: string | undefined,
    input: RegistrationInput,
  ): Promise<RegistrationFacts & { credentialTried: CredentialTried }>
  /** Refused while connections use it, unless forced: those then need an administrator. */
  remove(tenant: string, id: string, options?: { force?: boolean }): Promise<void>
}

export interface RegistrationDependencies extends Toolbox {
  providers: Record<string, Pick<Provider, 'tryCredential'>>
  /** The connections that waited for an administrator are tried at once. */
  retryConnections(tenant: string, registrationId: string): Promise<void>
}

export function registrations(deps: RegistrationDependencies, redirectUri: string): Registrations {
  const remembered = new Map<
    string,
    { until: number; value: { registration: Registration; credential: Secret | undefined } }
  >()

  const registrationOf = (stored: StoredRegistration): Registration => ({
    id: stored.id,
    name: stored.name,
    tenant: stored.tenant,
    kind: stored.kind,
    authority: stored.authority,
    clientId: stored.clientId,
    credential: stored.secretName === '' ? 'none' : 'secret',
    secretName: stored.secretName,
    ...(stored.secretExpiresAt === undefined ? {} : { secretExpiresAt: stored.secretExpiresAt }),
    redirectUri,
  })
  /** As the row points to it: a save that lost against another may have written a version of the same name later. */
  const secretOf = async (stored: StoredRegistration | undefined): Promise<Secret | undefined> => {
    const { secretName = '', secretVersion = '' } = stored ?? {}
    if (secretName === '') return undefined
    // Rows of earlier builds name no version.
    return (await deps.vault.get(secretName, secretVersion === '' ? undefined : secretVersion))?.value
  }
  const factsOf = (stored: StoredRegistration): RegistrationFacts => {
    const { secretName: _, ...shown } = registrationOf(stored)
    return { ...shown, secretFingerprint: stored.secretFingerprint }
  }

  const pageOf: Registrations['page'] = async (tenant, page) => {
    const { registrations, next } = await pageOfRegistrations(deps, tenant, page)
    return { registrations: registrations.map(factsOf), next }
  }

  /** The registration as it would be, with the secret it would have. */
  const candidate = async (
    wanted: Pick<Registration, 'id' | 'tenant' | 'name' | 'kind' | 'authority' | 'clientId'>,
    clientSecret: string | undefined,
    existing: StoredRegistration | undefined,
  ) => {
    const credential = clientSecret === undefined ? await secretOf(existing) : new Secret(clientSecret)
    const registration: Registration = {
      ...wanted,
      credential: credential === undefined ? 'none' : 'secret',
      secretName: '',
      redirectUri,
    }
    return { registration, credential }
  }

  return {
    async find(tenant, id, { fresh = false } = {}) {
      const hit = remembered.get(`${tenant}~${id}`)
      if (!fresh && hit && hit.until > deps.clock.now()) return hit.value
      const stored = await findRegistration(deps, tenant, id)
      if (stored === undefined) throw notFound('registration')
      const registration = registrationOf(stored)
      const credential = await secretOf(stored)
      if (registration.secretName !== '' && credential === undefined) throw secretMissing(registration)
      const value = { registration, credential }
      remembered.set(`${tenant}~${id}`, { until: deps.clock.now() + rememberMs, value })
      return value
    },
    list: (tenant) => everyRow((page) => pageOf(tenant, page), 'registrations'),
    page: pageOf,
    async own(tenant, id) {
      const stored = await findOwnRegistration(deps, tenant, id)
      if (stored === undefined) throw notFound('registration')
      return factsOf(stored)
    },
    async save(tenant, id, input) {
      const existing = id === undefined ? undefined : await findOwnRegistration(deps, tenant, id)
      if (id !== undefined && existing === undefined) throw notFound('registration')
      const wanted = {
        id: id ?? newId(),
        tenant,
        name: input.name,
        kind: input.kind,
        clientId: input.clientId.toLowerCase(),
        authority: authorityOf(input),
      }
      const tried = await tryCredential(deps, await candidate(wanted, input.clientSecret, existing))
      const stored: StoredRegistration = {
        ...(existing ?? { secretName: '', secretVersion: '', secretFingerprint: '', generation: 0 }),
        ...wanted,
        ...(input.clientSecretExpiresAt === undefined ? {} : { secretExpiresAt: input.clientSecretExpiresAt }),
      }
      if (input.clientSecret !== undefined) {
        stored.generation += 1
        stored.secretName = deps.names.registrationSecret(wanted.id, stored.generation)
        stored.secretVersion = await deps.vault.set(stored.secretName, new Secret(input.clientSecret))
        stored.secretFingerprint = sha256(input.clientSecret).slice(0, 12)
      }
      if (existing === undefined) await insertRegistration(deps, stored)
      else await changeRegistration(deps, stored, existing.etag).catch(changedMeanwhile)
      // A secret nobody could try keeps the card until a token call with it works.
      if (tried === 'accepted') await clearCards(deps, tenant, wanted.id)
      remembered.clear()
      if (existing !== undefined) {
        if (input.clientSecret !== undefined && stored.generation > 2)
          await deps.vault.remove(deps.names.registrationSecret(wanted.id, stored.generation - 2))
        await deps.retryConnections(tenant, wanted.id)
      }
      return { ...factsOf(stored), credentialTried: tried }
    },
    async remove(tenant, id, { force = false } = {}) {
      const stored = await findOwnRegistration(deps, tenant, id)
      if (stored === undefined) throw notFound('registration')
      if (!force && (await isRegistrationUsed(deps, tenant, id))) throw inUse(stored.name)
      // The secrets first: a crash in between leaves a row by which this is repeated.
      const { generation } = stored
      for (const one of [generation, generation - 1].filter((number) => number > 0))
        await deps.vault.remove(deps.names.registrationSecret(id, one))
      await removeRegistrationRow(deps, tenant, id)
      await clearCards(deps, tenant, id)
      remembered.clear()
    },
  }
}

const authorityOf = ({ directory }: RegistrationInput): string =>
  `https://login.microsoftonline.com/${directory.toLowerCase()}`

const triedMs = 10_000

async function tryCredential(
  deps: RegistrationDependencies,
  { registration, credential }: { registration: Registration; credential: Secret | undefined },
): Promise<CredentialTried> {
  if (credential === undefined) return 'none'
  const waited = new AbortController()
  const tooLong = deps.clock.sleep(triedMs, waited.signal).then(() => 'undecided' as const)
  tooLong.catch(() => {})
  try {
    const verdict = deps.providers[registration.kind]?.tryCredential({ registration, credential })
    const said = await Promise.race([verdict ?? 'undecided', tooLong])
    return said === 'accepted' ? 'accepted' : 'not-tried'
  } catch (error) {
    const refusal = asGatewayError(error)
    if (refusal.class === 'transient' || refusal.code === 'unexpected') return 'not-tried'
    throw secretRefused(refusal)
  } finally {
    waited.abort()
  }
}

function secretRefused({ code, description, remedy, peerLine, trace }: GatewayError): GatewayError {
  return new GatewayError('registration_secret_refused', 'permanent', {
    status: 422,
    field: 'clientSecret',
    description: `Microsoft refuses the registration with this client secret, so the gateway did not save it: ${description} (${code}).`,
    remedy,
    ...(peerLine === undefined ? {} : { peerLine }),
    ...(trace === undefined ? {} : { trace }),
  })
}

function inUse(name: string): GatewayError {
  return conflict(
    'registration_in_use',
    `Connected mailboxes use the registration "${name}".`,
    'Remove those mailboxes first, or repeat with ?force=true; they then need another registration and a new sign-in.',
  )
}

function changedMeanwhile(error: unknown): never {
  if (!(error instanceof RowChangedError)) throw error
  throw conflict(
    'changed_meanwhile',
    'Somebody changed this at the same time.',
    'Read it again, then repeat the change.',
  )
}

function secretMissing(registration: Registration): GatewayError {
  return new GatewayError('registration_secret_missing', 'needs-admin', {
    hint: 'operator',
    description: `The client secret of the registration "${registration.name}" is not in the vault.`,
    remedy: 'Save the registration again with its client secret.',
  })
}

async function clearCards(deps: Toolbox, tenant: string, id: string): Promise<void> {
  for (const card of [id, expiryCard(id)]) await clearAttention(deps, { tenant, kind: 'registration', id: card })
}
