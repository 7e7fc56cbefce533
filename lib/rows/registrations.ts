/**
 * OAuth clients at identity providers. Partition: the tenant, `~` for the deployment's; row: `registration~{id}`. The
 * secret, or key and certificate, is in the vault; the row points to one version of it. That of a key stands in columns of
 * its own: an earlier build, which knows secrets alone, would send a key to the provider.
 */
import type { PageQuery } from '../model/page.js'
import type { OAuthServer, Registration } from '../model/registration.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { pageOfRows } from './page-of-rows.js'
import { ofEverybody, startingWith } from './tenant-ranges.js'

export interface StoredRegistration extends Omit<Registration, 'redirectUri'> {
  /** Version of the secret that counts; empty in rows of earlier builds. */
  secretVersion: string
  /** First digits of the secret's SHA-256 or of the certificate's SHA-1; empty without either. */
  secretFingerprint: string
  /** Of the name in the vault; 0 before the first. */
  generation: number
}

export type ReadRegistration = StoredRegistration & { etag: string }

const prefix = 'registration~'
const rowKeyOf = (id: string): string => `${prefix}${id}`

/** One that belongs to the tenant itself, or to the deployment for `~`. */
export async function findOwnRegistration(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<ReadRegistration | undefined> {
  const row = await deps.tables.get(deps.names.table('tenants'), tenant, rowKeyOf(id))
  return row && fromRow(row)
}

/** The tenant's own, else the deployment's. */
export async function findRegistration(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<ReadRegistration | undefined> {
  return (await findOwnRegistration(deps, tenant, id)) ?? findOwnRegistration(deps, '~', id)
}

/** What the tenant can use: its own first, then the deployment's, each part in the order of the ids. */
export async function pageOfRegistrations(
  deps: Toolbox,
  tenant: string,
  page: PageQuery,
): Promise<{ registrations: ReadRegistration[]; next: string }> {
  const owners = tenant === '~' ? ['~'] : [tenant, '~']
  const stretches = owners.map((partition) => ({ partition, prefix }))
  const { rows, next } = await pageOfRows(deps, { table: deps.names.table('tenants'), stretches }, page)
  return { registrations: rows.map(fromRow), next }
}

/** Every registration of the tenant itself. */
export async function* listOwnRegistrations(deps: Toolbox, tenant: string): AsyncIterable<ReadRegistration> {
  const query = { partition: tenant, rowRange: startingWith(prefix) }
  for await (const row of deps.tables.query(deps.names.table('tenants'), query)) yield fromRow(row)
}

/** Of every tenant and of the deployment. */
export async function* listAllRegistrations(deps: Toolbox): AsyncIterable<ReadRegistration> {
  const query = { partitionRange: ofEverybody, rowRange: startingWith(prefix) }
  for await (const row of deps.tables.query(deps.names.table('tenants'), query)) yield fromRow(row)
}

export async function insertRegistration(deps: Toolbox, registration: StoredRegistration): Promise<void> {
  await deps.tables.insert(deps.names.table('tenants'), toRow(registration))
}

/** Throws RowChangedError when it is not the one of this ETag any more. */
export async function changeRegistration(deps: Toolbox, changed: StoredRegistration, etag: string): Promise<void> {
  await deps.tables.update(deps.names.table('tenants'), toRow(changed), etag)
}

export async function removeRegistrationRow(deps: Toolbox, tenant: string, id: string): Promise<void> {
  await deps.tables.remove(deps.names.table('tenants'), { partitionKey: tenant, rowKey: rowKeyOf(id) })
}

function toRow(registration: StoredRegistration): Row {
  const { kind, name, clientId, authority, credential, secretName, secretVersion, generation } = registration
  const { secretFingerprint, secretExpiresAt } = registration
  const isKey = credential === 'private-key'
  return {
    partitionKey: registration.tenant,
    rowKey: rowKeyOf(registration.id),
    v: 1,
    kind,
    name,
    clientId,
    authority,
    credential,
    secretName: isKey ? '' : secretName,
    secretVersion: isKey ? '' : secretVersion,
    ...(isKey ? { keyName: secretName, keyVersion: secretVersion } : {}),
    generation,
    ...(secretFingerprint === '' ? {} : { secretFingerprint }),
    ...(secretExpiresAt === undefined ? {} : { secretExpiresAt }),
    ...(registration.server === undefined ? {} : { server: JSON.stringify(registration.server) }),
  }
}

function fromRow(row: Row): ReadRegistration {
  const { text, number } = columnsOf(row)
  const secretExpiresAt = text('secretExpiresAt')
  // Rows of earlier builds do not say: there is a secret, or there is none.
  const credential = text('credential') || (text('secretName') === '' ? 'none' : 'secret')
  const [name, version] = credential === 'private-key' ? ['keyName', 'keyVersion'] : ['secretName', 'secretVersion']
  const server = text('server')
  return {
    id: row.rowKey.slice(prefix.length),
    name: text('name'),
    tenant: row.partitionKey,
    kind: text('kind') as Registration['kind'],
    authority: text('authority'),
    clientId: text('clientId'),
    credential: credential as Registration['credential'],
    secretName: text(name),
    ...(secretExpiresAt === '' ? {} : { secretExpiresAt }),
    secretVersion: text(version),
    secretFingerprint: text('secretFingerprint'),
    generation: number('generation'),
    ...(server === '' ? {} : { server: JSON.parse(server) as OAuthServer }),
    etag: row.etag ?? '',
  }
}
