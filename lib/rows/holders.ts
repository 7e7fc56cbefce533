/**
 * Who holds a mail address. The one table that all environments of a storage account share, so that two deployments
 * (test and production, or two tenants of one) do not work on the same mailbox unnoticed. A hold is one insert; it goes
 * with the mailbox, or by an operator's word. Several mailboxes of one tenant may have one address; those that may speak
 * for it share its hold. Only who may speak for the address takes one: otherwise anybody with a
 * mail server of their own could keep others from their mailboxes. A hold whose mailbox is gone in our own environment
 * was left by a crash and is taken over.
 */
import { conflict, type GatewayError, RowChangedError, RowExistsError } from '../errors.js'
import { sha256 } from '../model/ids.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { changeRow } from './change-row.js'
import { columnsOf } from './columns.js'
import { findMailbox } from './mailboxes.js'

export interface Holder {
  /** SHA-256 of the address in lower case, hex. */
  id: string
  environment: string
  tenant: string
  mailboxId: string
  /** Further mailboxes of this tenant that hold it too. */
  also: string[]
  /** ISO date. */
  since: string
}

/** The mailbox for which an address is held. */
export interface Claimant {
  tenant: string
  mailboxId: string
  address: string
}

/** A confirmation writes the hold minutes before the mailbox; older ones without a mailbox are left-overs. */
const leftOverMs = 3_600_000

export const holderId = (address: string): string => sha256(address.toLowerCase())

export async function findHolder(deps: Toolbox, id: string): Promise<(Holder & { etag: string }) | undefined> {
  const row = await deps.tables.get(deps.names.holders, id.slice(0, 2), id)
  return row && { ...fromRow(row), etag: row.etag ?? '' }
}

/** Takes the address for this mailbox. Throws `mailbox_held` when another tenant or environment has it. */
export async function takeHold(deps: Toolbox, claimant: Claimant): Promise<void> {
  const { tenant, mailboxId, address } = claimant
  const id = holderId(address)
  const { environment } = deps.names
  const since = new Date(deps.clock.now()).toISOString()
  const row: Row = { partitionKey: id.slice(0, 2), rowKey: id, v: 1, environment, tenant, mailboxId, also: '', since }
  try {
    await deps.tables.insert(deps.names.holders, row)
    return
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
  }
  const holder = await findHolder(deps, id)
  if (holder === undefined) return takeHold(deps, claimant)
  if (isHeldBy(deps, holder, claimant)) return
  const isLeft = await isLeftOver(deps, holder)
  const isOurs = holder.environment === environment && holder.tenant === tenant
  if (!isLeft && !isOurs) throw mailboxHeld(holder, tenant)
  const shared = {
    ...row,
    mailboxId: holder.mailboxId,
    also: [...holder.also, mailboxId].join(' '),
    since: holder.since,
  }
  try {
    await deps.tables.update(deps.names.holders, isLeft ? row : shared, holder.etag)
  } catch (error) {
    if (!(error instanceof RowChangedError)) throw error
    throw mailboxHeld(holder, tenant)
  }
}

/** Only a mailbox that has it lets it go; others of the tenant that have it too keep it. */
export async function releaseHold(deps: Toolbox, claimant: Claimant): Promise<void> {
  const id = holderId(claimant.address)
  await changeRow(async () => {
    const holder = await findHolder(deps, id)
    if (holder === undefined || !isHeldBy(deps, holder, claimant)) return
    const [mailboxId, ...also] = [holder.mailboxId, ...holder.also].filter((one) => one !== claimant.mailboxId)
    const key = { partitionKey: id.slice(0, 2), rowKey: id }
    if (mailboxId === undefined) await deps.tables.remove(deps.names.holders, { ...key, etag: holder.etag })
    else await deps.tables.update(deps.names.holders, { ...key, mailboxId, also: also.join(' ') }, holder.etag)
  })
}

/** Whoever has it. */
export async function removeHolder(deps: Toolbox, id: string): Promise<void> {
  await deps.tables.remove(deps.names.holders, { partitionKey: id.slice(0, 2), rowKey: id })
}

export const isHeldBy = (
  { names }: Toolbox,
  holder: Holder,
  { tenant, mailboxId }: Pick<Claimant, 'tenant' | 'mailboxId'>,
): boolean =>
  holder.environment === names.environment &&
  holder.tenant === tenant &&
  [holder.mailboxId, ...holder.also].includes(mailboxId)

/** Nothing of another tenant is told: neither where nor since when (SEC-17). */
export function mailboxHeld(holder: Holder, tenant: string): GatewayError {
  const where =
    holder.tenant === tenant ? `in environment ${holder.environment}, mailbox ${holder.mailboxId}` : 'elsewhere'
  return conflict(
    'mailbox_held',
    `The address is already connected, ${where}.`,
    'Remove the mailbox there, or ask an operator to release the address with DELETE /api/v1/holders/{id}; GET /api/v1/holders?address=… finds the id.',
  )
}

async function isLeftOver(deps: Toolbox, holder: Holder): Promise<boolean> {
  if (holder.environment !== deps.names.environment) return false
  if (deps.clock.now() - Date.parse(holder.since) < leftOverMs) return false
  for (const mailboxId of [holder.mailboxId, ...holder.also])
    if ((await findMailbox(deps, holder.tenant, mailboxId)) !== undefined) return false
  return true
}

function fromRow(row: Row): Holder {
  const { text } = columnsOf(row)
  return {
    id: row.rowKey,
    environment: text('environment'),
    tenant: text('tenant'),
    mailboxId: text('mailboxId'),
    also: text('also')
      .split(' ')
      .filter((one) => one !== ''),
    since: text('since'),
  }
}
