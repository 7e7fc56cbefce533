/**
 * What is broken now and who acts: one row, a card, per unhealthy subject, gone when it is healthy again. Partition: the
 * tenant, `~` for the deployment. Row key `{kind}~{id}`; the warning that a registration's secret ends stands beside that
 * of a refusal, as `registration~{id}~expires`.
 */
import { type ErrorClass, type GatewayError, RowChangedError, RowMissingError } from '../errors.js'
import {
  type AttentionItem,
  type AttentionKind,
  attentionActions,
  isExpiry,
  isForewarning,
  whoActs,
} from '../model/attention.js'
import type { Registration } from '../model/registration.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { findConnection } from './connections.js'
import { findMailbox } from './mailboxes.js'

/** Whose card it is. */
export interface Subject {
  tenant: string
  kind: AttentionKind
  id: string
}

export interface Trouble extends Subject {
  mailboxId?: string
  connectionId?: string
  /** What people know it by: an address, a user name. */
  subject?: string
  /** JSON for the call that helps. */
  body?: string
}

const rowKeyOf = ({ kind, id }: Subject): string => `${kind}~${id}`

/**
 * Returns true when the subject just became unhealthy (or unhealthy for another reason), so that the caller tells
 * exactly once.
 */
export async function raiseAttention(deps: Toolbox, trouble: Trouble, error: GatewayError): Promise<boolean> {
  const { tenant, kind, id, ...more } = trouble
  const table = deps.names.table('attention')
  const rowKey = rowKeyOf(trouble)
  const known = await deps.tables.get(table, tenant, rowKey)
  const isNew = known === undefined || known['code'] !== error.code
  await deps.tables.upsert(table, {
    partitionKey: tenant,
    rowKey,
    v: 1,
    since: isNew ? new Date(deps.clock.now()).toISOString() : columnsOf(known).text('since'),
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
  about: { tenant: string; kind: 'mailbox-receive' | 'mailbox-send'; mailboxId: string; connectionId: string },
  error: GatewayError,
): Promise<boolean> {
  if (await isToldByConnection(deps, about, error)) return false
  const subject = (await findMailbox(deps, about.tenant, about.mailboxId))?.address ?? ''
  return raiseAttention(deps, { ...about, id: about.mailboxId, subject }, error)
}

export async function isToldByConnection(
  deps: Toolbox,
  { tenant, connectionId }: { tenant: string; connectionId: string },
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
  const told = error.with({
    // Who owns the registration can repair it.
    hint: tenant === '~' ? 'operator' : 'tenant',
    description: `${error.description} (registration "${name}", client id ${clientId}).`,
  })
  const directory = new URL(authority).pathname.split('/')[1] ?? ''
  const body = JSON.stringify({ name, kind, clientId, directory })
  return raiseAttention(deps, { tenant, kind: 'registration', id, subject: name, body }, told)
}

/** Id of the card that warns of the end of a registration's secret, beside that of a refusal. */
export const expiryCard = (registrationId: string): string => `${registrationId}~expires`

/** A token call of the registration worked. The warning that its secret will end is another matter and stays. */
export async function clearRegistrationRefusal(deps: Toolbox, tenant: string, id: string): Promise<void> {
  for (const owner of new Set([tenant, '~'])) {
    const card = { tenant: owner, kind: 'registration', id } as const
    const known = await findAttention(deps, card)
    if (known !== undefined && !isExpiry(known.code)) await clearAttention(deps, card)
  }
}

/**
 * Earlier versions kept the warning of an end in the row of the refusal. A refusal that comes at this moment changes the
 * row and stays.
 */
export async function clearSharedExpiry(deps: Toolbox, tenant: string, registrationId: string): Promise<void> {
  const table = deps.names.table('attention')
  const shared = await deps.tables.get(table, tenant, rowKeyOf({ tenant, kind: 'registration', id: registrationId }))
  if (shared === undefined || !isExpiry(columnsOf(shared).text('code'))) return
  await deps.tables
    .remove(table, { partitionKey: tenant, rowKey: shared.rowKey, etag: shared.etag })
    .catch((error: unknown) => {
      if (!(error instanceof RowChangedError || error instanceof RowMissingError)) throw error
    })
}

/** Healthy again; returns true when it had been unhealthy. */
export async function clearAttention(deps: Toolbox, subject: Subject): Promise<boolean> {
  if ((await findAttention(deps, subject)) === undefined) return false
  await removeAttention(deps, subject)
  return true
}

/** The card of one subject, when it is unhealthy. */
export async function findAttention(deps: Toolbox, subject: Subject): Promise<AttentionItem | undefined> {
  const row = await deps.tables.get(deps.names.table('attention'), subject.tenant, rowKeyOf(subject))
  return row && attentionFromRow(row)
}

/** Whether or not there is one. */
export async function removeAttention(deps: Toolbox, subject: Subject): Promise<void> {
  await deps.tables.remove(deps.names.table('attention'), { partitionKey: subject.tenant, rowKey: rowKeyOf(subject) })
}

/**
 * Cards of the deployment that stop a tenant's mailboxes: what only warns of an end concerns whoever owns the
 * registration.
 */
export const stopsTenants = ({ code }: Pick<AttentionItem, 'code'>): boolean => !isForewarning(code)

export function attentionFromRow(row: Row): AttentionItem {
  const [kind = '', id = ''] = row.rowKey.split('~')
  const { text } = columnsOf(row)
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
