/**
 * By what a tenant calls its mailboxes. Partition: the tenant; row: `key~{key}`, `name~{hash of the name}`,
 * `address~{hash of the address}` or `default`; one column, the mailbox. A name is taken by insert, so each belongs to
 * one mailbox, and "exactly one default", of the tenant or of an address that several have, is one write of one row.
 */

import { conflict, type GatewayError, RowExistsError } from '../errors.js'
import { hashId } from '../model/ids.js'
import type { MailboxRef } from '../model/mailbox.js'
import { comparableName } from '../model/mailbox-name.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'

export type MailboxName = { key: string } | { name: string } | { address: string } | 'default'

function rowKeyOf(name: MailboxName): string {
  if (name === 'default') return 'default'
  if ('name' in name) return `name~${hashId(comparableName(name.name))}`
  return 'key' in name ? `key~${name.key}` : `address~${hashId(name.address.toLowerCase())}`
}

/** Id of the mailbox that has the name. */
export async function findMailboxId(deps: Toolbox, tenant: string, name: MailboxName): Promise<string | undefined> {
  const row = await deps.tables.get(deps.names.table('names'), tenant, rowKeyOf(name))
  return row && columnsOf(row).text('mailboxId')
}

/** True when the name is this mailbox's, now or since an attempt before that a crash or another edit ended. */
export async function takeName(deps: Toolbox, owner: MailboxRef, name: MailboxName): Promise<boolean> {
  const { tenant, mailboxId } = owner
  const row = { partitionKey: tenant, rowKey: rowKeyOf(name), v: 1, mailboxId }
  try {
    await deps.tables.insert(deps.names.table('names'), row)
    return true
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
    return (await findMailboxId(deps, tenant, name)) === mailboxId
  }
}

/** The default, of the tenant or of an address, is this mailbox from now on, whichever it was. */
export async function setDefaultMailbox(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  of: 'default' | { address: string } = 'default',
): Promise<void> {
  const row = { partitionKey: tenant, rowKey: rowKeyOf(of), v: 1, mailboxId }
  await deps.tables.upsert(deps.names.table('names'), row)
}

/** Only the mailbox that has the name lets it go. */
export async function releaseName(deps: Toolbox, owner: MailboxRef, name: MailboxName): Promise<void> {
  const table = deps.names.table('names')
  const row = await deps.tables.get(table, owner.tenant, rowKeyOf(name))
  if (row !== undefined && columnsOf(row).text('mailboxId') === owner.mailboxId)
    await deps.tables.remove(table, { partitionKey: owner.tenant, rowKey: row.rowKey, etag: row.etag ?? '' })
}

/** Whoever has it. */
export async function removeName(deps: Toolbox, tenant: string, name: MailboxName): Promise<void> {
  await deps.tables.remove(deps.names.table('names'), { partitionKey: tenant, rowKey: rowKeyOf(name) })
}

/** Every name of one mailbox. */
export async function removeNamesOf(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<void> {
  const table = deps.names.table('names')
  const where = [{ column: 'mailboxId', is: 'eq' as const, value: mailboxId }]
  for await (const { rowKey } of deps.tables.query(table, { partition: tenant, where }))
    await deps.tables.remove(table, { partitionKey: tenant, rowKey })
}

export const nameTaken = (name: string): GatewayError =>
  conflict('mailbox_name_taken', `name: "${name}" belongs to another mailbox.`, 'Choose another name.')
