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
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, expiryCard } from '../../rows/attention.js'
import { isRegistrationUsed } from '../../rows/connections.js'
import { pageOfRows } from '../../rows/page-of-rows.js'
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
  const table = deps.names.table('tenants')
  const remembered = new Map<
    string,
    { until: number; value: { registration: Registration; credential: Secret | undefined } }
  >()

  const rowOf = async (tenant: string, id: string): Promise<Row | undefined> =>
    (await deps.tables.get(table, tenant, `registration~${id}`)) ??
    (await deps.tables.get(table, '~', `registration~${id}`))

  const fromRow = (row: Row): Registration => ({
    id: row.rowKey.slice('registration~'.length),
    name: String(row['name']),
    tenant: row.partitionKey,
    kind: 'microsoft',
    authority: String(row['authority']),
    clientId: String(row['clientId']),
    credential: row['secretName'] === '' ? 'none' : 'secret',
    secretName: String(row['secretName']),
    ...(row['secretExpiresAt'] ? { secretExpiresAt: String(row['secretExpiresAt']) } : {}),
    redirectUri,
  })
  /** As the row points to it: a save that lost against another may have written a version of the same name later. */
  const secretOf = async (row: Row | undefined): Promise<Secret | undefined> => {
    const name = String(row?.['secretName'] ?? '')
    if (name === '') return undefined
    // Rows of earlier builds name no version.
    const version = String(row?.['secretVersion'] ?? '')
    return (await deps.vault.get(name, version === '' ? undefined : version))?.value
  }
  const factsOf = (row: Row): RegistrationFacts => {
    const { secretName: _, ...shown } = fromRow(row)
    return { ...shown, secretFingerprint: String(row['secretFingerprint'] ?? '') }
  }

  const pageOf: Registrations['page'] = async (tenant, page) => {
    const owners = tenant === '~' ? ['~'] : [tenant, '~']
    const stretches = owners.map((partition) => ({ partition, prefix: 'registration~' }))
    const { rows, next } = await pageOfRows(deps, table, stretches, page)
    return { registrations: rows.map(factsOf), next }
  }

  /** The registration as it would be, with the secret it would have. */
  const candidate = async (tenant: string, id: string, input: RegistrationInput, existing: Row | undefined) => {
    const credential = input.clientSecret === undefined ? await secretOf(existing) : new Secret(input.clientSecret)
    const registration: Registration = {
      id,
      tenant,
      name: input.name,
      kind: input.kind,
      authority: authorityOf(input),
      clientId: input.clientId.toLowerCase(),
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
      const row = await rowOf(tenant, id)
      if (row === undefined) throw notFound('registration')
      const registration = fromRow(row)
      const credential = await secretOf(row)
      if (registration.secretName !== '' && credential === undefined) throw secretMissing(registration)
      const value = { registration, credential }
      remembered.set(`${tenant}~${id}`, { until: deps.clock.now() + rememberMs, value })
      return value
    },
    list: (tenant) => everyRow((page) => pageOf(tenant, page), 'registrations'),
    page: pageOf,
    async own(tenant, id) {
      const row = await deps.tables.get(table, tenant, `registration~${id}`)
      if (row === undefined) throw notFound('registration')
      return factsOf(row)
    },
    async save(tenant, id, input) {
      const existing = id === undefined ? undefined : await deps.tables.get(table, tenant, `registration~${id}`)
      if (id !== undefined && existing === undefined) throw notFound('registration')
      const registrationId = id ?? newId()
      const tried = await tryCredential(deps, await candidate(tenant, registrationId, input, existing))
      const generation = Number(existing?.['generation'] ?? 0) + (input.clientSecret === undefined ? 0 : 1)
      let secretName = String(existing?.['secretName'] ?? '')
      let secretVersion = String(existing?.['secretVersion'] ?? '')
      if (input.clientSecret !== undefined) {
        secretName = deps.names.registrationSecret(registrationId, generation)
        secretVersion = await deps.vault.set(secretName, new Secret(input.clientSecret))
      }
      const row: Row = {
        partitionKey: tenant,
        rowKey: `registration~${registrationId}`,
        v: 1,
        kind: input.kind,
        name: input.name,
        clientId: input.clientId.toLowerCase(),
        authority: authorityOf(input),
        secretName,
        secretVersion,
        generation,
        ...(input.clientSecret === undefined ? {} : { secretFingerprint: sha256(input.clientSecret).slice(0, 12) }),
        ...(input.clientSecretExpiresAt === undefined ? {} : { secretExpiresAt: input.clientSecretExpiresAt }),
      }
      if (existing === undefined) await deps.tables.insert(table, row)
      else await deps.tables.update(table, row, existing.etag ?? '').catch(changedMeanwhile)
      // A secret nobody could try keeps the card until a token call with it works.
      if (tried === 'accepted') await clearCards(deps, tenant, registrationId)
      remembered.clear()
      if (existing !== undefined) {
        if (input.clientSecret !== undefined && generation > 2)
          await deps.vault.remove(deps.names.registrationSecret(registrationId, generation - 2))
        await deps.retryConnections(tenant, registrationId)
      }
      return { ...factsOf({ ...existing, ...row }), credentialTried: tried }
    },
    async remove(tenant, id, { force = false } = {}) {
      const row = await deps.tables.get(table, tenant, `registration~${id}`)
      if (row === undefined) throw notFound('registration')
      if (!force && (await isRegistrationUsed(deps, tenant, id))) throw inUse(String(row['name']))
      // The secrets first: a crash in between leaves a row by which this is repeated.
      const generation = Number(row['generation'] ?? 0)
      for (const one of [generation, generation - 1].filter((number) => number > 0))
        await deps.vault.remove(deps.names.registrationSecret(id, one))
      await deps.tables.remove(table, tenant, `registration~${id}`)
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
    description: `Microsoft refuses the registration with this client secret, so it was not saved: ${description} (${code}).`,
    remedy,
    ...(peerLine === undefined ? {} : { peerLine }),
    ...(trace === undefined ? {} : { trace }),
  })
}

function inUse(name: string): GatewayError {
  return conflict(
    'registration_in_use',
    `Connected mailboxes use the registration "${name}".`,
    'Remove those mailboxes first, or repeat with ?force=true: they then need another registration and a new sign-in.',
  )
}

function changedMeanwhile(error: unknown): never {
  if (!(error instanceof RowChangedError)) throw error
  throw conflict(
    'changed_meanwhile',
    'Somebody changed this at the same time.',
    'Read it again, then repeat your change.',
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
