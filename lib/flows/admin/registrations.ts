/**
 * OAuth clients at identity providers, used by many mailboxes. The secret is write-only: it goes to the vault under the
 * next generation and only its fingerprint and expiry are ever shown. A tenant uses its own registration, else the
 * deployment's.
 */
import { GatewayError, notFound } from '../../errors.js'
import type { RegistrationInput } from '../../model/admin-schemas.js'
import { newId, sha256 } from '../../model/ids.js'
import type { Registration } from '../../model/registration.js'
import type { Row } from '../../ports/tables.js'
import { Secret } from '../../secret.js'
import { clearAttention } from '../common/attention.js'
import type { Dependencies } from '../common/dependencies.js'

const rememberMs = 60_000

export type RegistrationFacts = Registration & { secretFingerprint: string }

export interface Registrations {
  /** A tenant's or the deployment's registration with its credential, remembered for a minute. */
  find(tenant: string, id: string): Promise<{ registration: Registration; credential: Secret | undefined }>
  /** Usable by the tenant: its own first, then the deployment's. */
  list(tenant: string): Promise<RegistrationFacts[]>
  save(tenant: string, id: string | undefined, input: RegistrationInput): Promise<RegistrationFacts>
  remove(tenant: string, id: string): Promise<void>
}

export function registrations(deps: Dependencies, redirectUri: string): Registrations {
  const table = deps.names.table('tenants')
  const remembered = new Map<
    string,
    { until: number; value: { registration: Registration; credential: Secret | undefined } }
  >()

  const rowOf = async (tenant: string, id: string): Promise<Row | undefined> =>
    (await deps.tables.get(table, tenant, `registration~${id}`)) ??
    (await deps.tables.get(table, '~', `registration~${id}`))

  const fromRow = (row: Row): RegistrationFacts => ({
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
    secretFingerprint: String(row['secretFingerprint'] ?? ''),
  })

  return {
    async find(tenant, id) {
      const hit = remembered.get(`${tenant}~${id}`)
      if (hit && hit.until > deps.clock.now()) return hit.value
      const row = await rowOf(tenant, id)
      if (row === undefined) throw notFound('registration')
      const registration = fromRow(row)
      const secret = registration.secretName === '' ? undefined : await deps.vault.get(registration.secretName)
      if (registration.secretName !== '' && secret === undefined) throw secretMissing(registration)
      const value = { registration, credential: secret?.value }
      remembered.set(`${tenant}~${id}`, { until: deps.clock.now() + rememberMs, value })
      return value
    },
    async list(tenant) {
      const found: RegistrationFacts[] = []
      for (const partition of tenant === '~' ? ['~'] : [tenant, '~'])
        for await (const row of deps.tables.query(table, { partition, rowRange: ['registration~', 'registration~~'] }))
          found.push(fromRow(row))
      return found
    },
    async save(tenant, id, input) {
      const existing = id === undefined ? undefined : await deps.tables.get(table, tenant, `registration~${id}`)
      if (id !== undefined && existing === undefined) throw notFound('registration')
      const registrationId = id ?? newId()
      const generation = Number(existing?.['generation'] ?? 0) + (input.clientSecret === undefined ? 0 : 1)
      let secretName = String(existing?.['secretName'] ?? '')
      if (input.clientSecret !== undefined) {
        secretName = deps.names.registrationSecret(registrationId, generation)
        await deps.vault.set(secretName, new Secret(input.clientSecret))
      }
      const row: Row = {
        partitionKey: tenant,
        rowKey: `registration~${registrationId}`,
        v: 1,
        kind: input.kind,
        name: input.name,
        clientId: input.clientId.toLowerCase(),
        authority: `https://login.microsoftonline.com/${input.directory.toLowerCase()}`,
        secretName,
        generation,
        ...(input.clientSecret === undefined ? {} : { secretFingerprint: sha256(input.clientSecret).slice(0, 12) }),
        ...(input.clientSecretExpiresAt === undefined ? {} : { secretExpiresAt: input.clientSecretExpiresAt }),
      }
      if (existing === undefined) await deps.tables.insert(table, row)
      else await deps.tables.update(table, row, existing.etag ?? '')
      if (input.clientSecret !== undefined) await clearAttention(deps, tenant, 'registration', registrationId)
      remembered.clear()
      return fromRow({ ...existing, ...row })
    },
    async remove(tenant, id) {
      const row = await deps.tables.get(table, tenant, `registration~${id}`)
      if (row === undefined) throw notFound('registration')
      await deps.tables.remove(table, tenant, `registration~${id}`)
      await clearAttention(deps, tenant, 'registration', id)
      if (row['secretName']) await deps.vault.remove(String(row['secretName']))
      remembered.clear()
    },
  }
}

function secretMissing(registration: Registration): GatewayError {
  return new GatewayError('registration_secret_missing', 'needs-admin', {
    hint: 'operator',
    description: `The client secret of the registration "${registration.name}" is not in the vault.`,
    remedy: 'Save the registration again with its client secret.',
  })
}
