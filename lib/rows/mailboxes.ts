import { notFound } from '../errors.js'
import { isId } from '../model/ids.js'
import type { Mailbox, ReceiveSettings, SendSettings } from '../model/mailbox.js'
import type { MessageDefaults } from '../model/message-defaults.js'
import type { SettingValues } from '../model/setting.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'

/** Partition of a mailbox, its `receiving` row, lanes, outbox and received mail. */
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
  const text = (column: string): string => String(row[column] ?? '')
  return {
    id,
    tenant,
    key: text('key'),
    address: text('address'),
    displayName: text('displayName'),
    description: text('description'),
    purpose: text('purpose'),
    active: row['active'] === true,
    receive: JSON.parse(text('receive') || '{"transport":"none"}') as ReceiveSettings,
    send: JSON.parse(text('send') || '{"transport":"none"}') as SendSettings,
    sendAs: JSON.parse(text('sendAs') || '[]') as string[],
    settings: JSON.parse(text('settings') || '{}') as SettingValues,
    defaults: JSON.parse(text('defaults') || '{}') as MessageDefaults,
    epoch: Number(row['epoch'] ?? 0),
    createdAt: text('createdAt'),
  }
}

/**
 * A mailbox with the ETag that an edit must carry; `undefined` for an unknown id and for one of another tenant alike.
 */
export async function readMailbox(
  deps: Toolbox,
  tenant: string,
  id: string,
): Promise<(Mailbox & { etag: string }) | undefined> {
  const row = await deps.tables.get(deps.names.table('mailboxes'), mailboxPartition(tenant, id), mailboxRowKey)
  return row && { ...fromRow(row), etag: row.etag ?? '' }
}

/** From outside: throws `not_found` for what is no id, for an id that never was and for one of another tenant alike. */
export async function getMailbox(deps: Toolbox, tenant: string, id: string): Promise<Mailbox & { etag: string }> {
  const mailbox = isId(id) ? await readMailbox(deps, tenant, id) : undefined
  if (mailbox === undefined) throw notFound('mailbox')
  return mailbox
}

/** Every mailbox of one tenant. */
export async function listMailboxes(deps: Toolbox, tenant: string): Promise<Mailbox[]> {
  const mailboxes: Mailbox[] = []
  const rows = deps.tables.query(deps.names.table('mailboxes'), {
    partitionRange: [`${tenant}~`, `${tenant}~~`],
    rowRange: [mailboxRowKey, `${mailboxRowKey}~`],
  })
  for await (const row of rows) mailboxes.push(fromRow(row))
  return mailboxes
}
