import { type ErrorClass, GatewayError } from '../errors.js'
import {
  type AttentionItem,
  type AttentionKind,
  attentionActions,
  isExpiry,
  isForewarning,
  whoActs,
} from '../model/attention.js'
import type { Connection } from '../model/connection.js'
import type { Registration } from '../model/registration.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { findConnection } from './connections.js'
import { mapInBatches } from './delete-rows.js'
import { findMailbox } from './mailboxes.js'

/**
 * What is broken now and who acts: one row per unhealthy subject, gone when it is healthy again. Returns true when the
 * subject just became unhealthy (or unhealthy for another reason), so that the caller tells exactly once. `subject` is
 * what people know it by: an address, a user name.
 */
export async function raiseAttention(
  deps: Toolbox,
  tenant: string,
  kind: AttentionKind,
  id: string,
  error: GatewayError,
  more: { mailboxId?: string; connectionId?: string; subject?: string; body?: string } = {},
): Promise<boolean> {
  const table = deps.names.table('attention')
  const rowKey = `${kind}~${id}`
  const known = await deps.tables.get(table, tenant, rowKey)
  const isNew = known === undefined || known['code'] !== error.code
  await deps.tables.upsert(table, {
    partitionKey: tenant,
    rowKey,
    v: 1,
    since: isNew ? new Date(deps.clock.now()).toISOString() : String(known['since']),
    code: error.code,
    class: error.class,
    hint: error.hint ?? '',
    description: error.description.slice(0, 1000),
    remedy: error.remedy.slice(0, 1000),
    peerLine: (error.peerLine ?? '').slice(0, 500),
    ...more,
  })
  return isNew
}

/**
 * For one direction of a mailbox. When its connection is known to be broken, people were already told there, and a
 * second card for the same cause would send them looking twice.
 */
export async function raiseMailboxAttention(
  deps: Toolbox,
  tenant: string,
  kind: 'mailbox-receive' | 'mailbox-send',
  error: GatewayError,
  about: { mailboxId: string; connectionId: string },
): Promise<boolean> {
  if (await isToldByConnection(deps, tenant, about.connectionId, error)) return false
  const subject = (await findMailbox(deps, tenant, about.mailboxId))?.address ?? ''
  return raiseAttention(deps, tenant, kind, about.mailboxId, error, { ...about, subject })
}

export async function isToldByConnection(
  deps: Toolbox,
  tenant: string,
  connectionId: string,
  error: GatewayError,
): Promise<boolean> {
  if (error.class !== 'needs-reconnect' && error.class !== 'needs-admin') return false
  const connection = await findConnection(deps, tenant, connectionId)
  return connection !== undefined && connection.state !== 'connected'
}

/**
 * The provider refuses the application itself: one card at its registration, however many mailboxes hang on it (M-128).
 */
export async function raiseRegistrationAttention(
  deps: Toolbox,
  registration: Pick<Registration, 'id' | 'tenant' | 'name' | 'clientId' | 'kind' | 'authority'>,
  error: GatewayError,
): Promise<boolean> {
  const { id, tenant, name, clientId, kind, authority } = registration
  const told = new GatewayError(error.code, error.class, {
    // Who owns the registration can repair it.
    hint: tenant === '~' ? 'operator' : 'tenant',
    description: `${error.description} (registration "${name}", client id ${clientId}).`,
    remedy: error.remedy,
    ...(error.peerLine === undefined ? {} : { peerLine: error.peerLine }),
  })
  const directory = new URL(authority).pathname.split('/')[1] ?? ''
  const body = JSON.stringify({ name, kind, clientId, directory })
  return raiseAttention(deps, tenant, 'registration', id, told, { subject: name, body })
}

/** Id of the card that warns of the end of a registration's secret, beside that of a refusal. */
export const expiryCard = (registrationId: string): string => `${registrationId}~expires`

/** A token call of the registration worked. The warning that its secret will end is another matter and stays. */
export async function clearRegistrationRefusal(deps: Toolbox, tenant: string, id: string): Promise<void> {
  for (const owner of new Set([tenant, '~'])) {
    const row = await deps.tables.get(deps.names.table('attention'), owner, `registration~${id}`)
    if (row !== undefined && !isExpiry(String(row['code']))) await clearAttention(deps, owner, 'registration', id)
  }
}

/** Healthy again; returns true when it had been unhealthy. */
export async function clearAttention(deps: Toolbox, tenant: string, kind: AttentionKind, id: string): Promise<boolean> {
  const table = deps.names.table('attention')
  if ((await deps.tables.get(table, tenant, `${kind}~${id}`)) === undefined) return false
  await deps.tables.remove(table, tenant, `${kind}~${id}`)
  return true
}

/**
 * Cards of the deployment that stop a tenant's mailboxes: what only warns of an end concerns whoever owns the
 * registration.
 */
export const stopsTenants = (row: Row): boolean => !isForewarning(String(row['code']))

/**
 * What any of these mailboxes may suffer from: cards of their own, of their connections, of those connections'
 * registrations. So many reads as there are connections and registrations, however many other cards the tenant has.
 */
export async function attentionOfMailboxes(
  deps: Toolbox,
  tenant: string,
  { mailboxIds, connections }: { mailboxIds: readonly string[]; connections: readonly Connection[] },
): Promise<AttentionItem[]> {
  const table = deps.names.table('attention')
  const ids = [...mailboxIds].sort()
  const own: Row[] = []
  const between = [
    { column: 'mailboxId', is: 'ge' as const, value: ids.at(0) ?? '' },
    { column: 'mailboxId', is: 'le' as const, value: ids.at(-1) ?? '' },
  ]
  if (ids.length > 0)
    for await (const row of deps.tables.query(table, { partition: tenant, where: between })) own.push(row)
  const ofConnections = await mapInBatches([...new Set(connections.map(({ id }) => id))], (id) =>
    deps.tables.get(table, tenant, `connection~${id}`),
  )
  const used = [...new Set(connections.map((one) => one.registrationId))].filter((id) => id !== '')
  const registrations = used.flatMap((id) => [id, expiryCard(id)])
  const ofRegistrations = await mapInBatches(registrations, async (id) => {
    const [of, shared] = await Promise.all(
      [tenant, '~'].map((owner) => deps.tables.get(table, owner, `registration~${id}`)),
    )
    return [of, shared !== undefined && stopsTenants(shared) ? shared : undefined]
  })
  const found = [...ofConnections, ...own, ...ofRegistrations.flat()].filter((row) => row !== undefined)
  const isNew = (row: Row, at: number) => found.findIndex((one) => one.rowKey === row.rowKey) === at
  return found.filter(isNew).map(attentionFromRow)
}

export function attentionFromRow(row: Row): AttentionItem {
  const [kind = '', id = ''] = row.rowKey.split('~')
  const text = (column: string): string => String(row[column] ?? '')
  const item = {
    tenant: row.partitionKey,
    kind: kind as AttentionKind,
    id,
    since: text('since'),
    code: text('code'),
    class: text('class') as ErrorClass,
    whoActs: whoActs(text('class'), text('hint')),
    description: text('description'),
    remedy: text('remedy'),
    peerLine: text('peerLine'),
    mailboxId: text('mailboxId'),
    connectionId: text('connectionId'),
    subject: text('subject'),
  }
  return { ...item, actions: attentionActions({ ...item, body: text('body') }) }
}
