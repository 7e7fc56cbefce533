/**
 * The row `mailbox`: what people set. Partition `{tenant}~{mailbox id}`, which the mailbox shares with what workers know
 * of it: `receiving` and `receiving-import` (receiving-state.ts), `lane~0` (lane.ts). `mailbox-facts.ts` reads them side
 * by side.
 */
import { notFound } from '../errors.js'
import { isId } from '../model/ids.js'
import type { Mailbox, ReceiveSettings, SendSettings } from '../model/mailbox.js'
import type { MessageDefaults } from '../model/message-defaults.js'
import type { SettingValues } from '../model/setting.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { changeRow } from './change-row.js'
import { columnsOf } from './columns.js'
import { pageOfPartitions } from './page-of-rows.js'
import { ofTenant, startingWith } from './tenant-ranges.js'

/** A mailbox with the ETag that its next change must carry. */
export type StoredMailbox = Mailbox & { etag: string }

/** Also of its outbox and its received mail. */
export const mailboxPartition = (tenant: string, mailboxId: string): string => `${tenant}~${mailboxId}`
export const mailboxRowKey = 'mailbox'

/** The row as written; settings are JSON text, so that a new transport option needs no new column. */
export function toRow(mailbox: Mailbox): Row {
  return {
    partitionKey: mailboxPartition(mailbox.tenant, mailbox.id),
    rowKey: mailboxRowKey,
    v: 1,
    id: mailbox.id,
    tenant: mailbox.tenant,
    key: mailbox.key,
    name: mailbox.name,
    address: mailbox.address,
    displayName: mailbox.displayName,
    description: mailbox.description,
    purpose: mailbox.purpose,
    active: mailbox.active,
    receive: JSON.stringify(mailbox.receive),
    send: JSON.stringify(mailbox.send),
    sendAs: JSON.stringify(mailbox.sendAs),
    settings: JSON.stringify(mailbox.settings ?? {}),
    defaults: JSON.stringify(mailbox.defaults ?? {}),
    epoch: mailbox.epoch,
    createdAt: mailbox.createdAt,
  }
}

export function fromRow(row: Row): Mailbox {
  const [tenant = '', id = ''] = row.partitionKey.split('~')
  const { text, number, flag, json } = columnsOf(row)
  return {
    id,
    tenant,
    key: text('key'),
    name: text('name'),
    address: text('address'),
    displayName: text('displayName'),
    description: text('description'),
    purpose: text('purpose'),
    active: flag('active'),
    receive: json<ReceiveSettings>('receive', { transport: 'none' }),
    send: json<SendSettings>('send', { transport: 'none' }),
    sendAs: json<string[]>('sendAs', []),
    settings: json<SettingValues>('settings', {}),
    defaults: json<MessageDefaults>('defaults', {}),
    epoch: number('epoch'),
    createdAt: text('createdAt'),
  }
}

/** `undefined` for an unknown id and for one of another tenant alike. */
export async function findMailbox(deps: Toolbox, tenant: string, id: string): Promise<StoredMailbox | undefined> {
  const row = await deps.tables.get(deps.names.table('mailboxes'), mailboxPartition(tenant, id), mailboxRowKey)
  return row && { ...fromRow(row), etag: row.etag ?? '' }
}

/** From outside: throws `not_found` for what is no id, for an id that never was and for one of another tenant alike. */
export async function getMailbox(deps: Toolbox, tenant: string, id: string): Promise<StoredMailbox> {
  const mailbox = isId(id) ? await findMailbox(deps, tenant, id) : undefined
  if (mailbox === undefined) throw notFound('mailbox')
  return mailbox
}

/** Every mailbox of one tenant. */
export async function listMailboxes(deps: Toolbox, tenant: string): Promise<Mailbox[]> {
  const mailboxes: Mailbox[] = []
  const rows = deps.tables.query(deps.names.table('mailboxes'), {
    partitionRange: ofTenant(tenant),
    rowRange: startingWith(mailboxRowKey),
  })
  for await (const row of rows) mailboxes.push(fromRow(row))
  return mailboxes
}

/** Most names of mailboxes to choose one from; a request of the storage gives so many. */
const mostNames = 1_000

/** In the order of the ids. */
export async function listAddresses(deps: Toolbox, tenant: string): Promise<Pick<Mailbox, 'id' | 'address'>[]> {
  const list = { table: deps.names.table('mailboxes'), tenant, rowKey: mailboxRowKey, select: ['address'] }
  const { rows } = await pageOfPartitions(deps, list, { limit: mostNames - 1 })
  return rows.map((row) => ({
    id: row.partitionKey.slice(tenant.length + 1),
    address: columnsOf(row).text('address'),
  }))
}

/** Throws RowExistsError when there is one with this id. */
export async function insertMailbox(deps: Toolbox, mailbox: Mailbox): Promise<void> {
  await deps.tables.insert(deps.names.table('mailboxes'), toRow(mailbox))
}

/** Throws RowChangedError when somebody changed the mailbox since it was read. */
export async function updateMailbox(deps: Toolbox, mailbox: Mailbox, etag: string): Promise<void> {
  await deps.tables.update(deps.names.table('mailboxes'), toRow(mailbox), etag)
}

/** Others may edit at the same moment; the last word is that it is off. */
export async function switchOffMailbox(deps: Toolbox, { tenant, id }: Pick<Mailbox, 'tenant' | 'id'>): Promise<void> {
  await changeRow(async () => {
    const now = await findMailbox(deps, tenant, id)
    if (now === undefined) return
    const key = { partitionKey: mailboxPartition(tenant, id), rowKey: mailboxRowKey }
    const off = { active: false, epoch: now.epoch + 1 }
    await deps.tables.update(deps.names.table('mailboxes'), { ...key, ...off }, now.etag)
  })
}

/** With what workers know of it; its own row last, by which a removal that broke off is repeated. */
export async function removeMailboxRows(deps: Toolbox, { tenant, id }: Pick<Mailbox, 'tenant' | 'id'>): Promise<void> {
  const table = deps.names.table('mailboxes')
  const partition = mailboxPartition(tenant, id)
  for await (const row of deps.tables.query(table, { partition }))
    if (row.rowKey !== mailboxRowKey) await deps.tables.remove(table, { partitionKey: partition, rowKey: row.rowKey })
  await deps.tables.remove(table, { partitionKey: partition, rowKey: mailboxRowKey })
}
