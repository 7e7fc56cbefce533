/**
 * Journey 3, for a mail that cannot be stored the usual way: its raw bytes, when they can be had, go to the quarantine
 * container and a row with the reason takes the mail's place, so that the mails behind it arrive and people see what is
 * missing (REL-25), with a line of its own among the failures of the log. The mail stays at the server untouched.
 */
import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FetchedMail } from '../../ports/receiver.js'
import type { Row } from '../../ports/tables.js'
import { topHeaders } from '../../protocol/mail-headers.js'
import { writeLog } from '../common/log-row.js'
import { mailboxPartition } from '../common/mailbox-rows.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { arrivalOf, eventIdOf, inboundBlob, receivedId, receivedKey } from './received-rows.js'
import { insertBoth, listRow } from './store-mail.js'

export async function quarantine(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  reason: GatewayError,
  { fetchRaw, attempts }: { fetchRaw: boolean; attempts: number },
): Promise<void> {
  const id = receivedId(mail.serverId)
  const name = inboundBlob(mailbox.tenant, mailbox.id, id)
  const stored = await deps.blobs.get(deps.names.container('inbound'), name)
  const raw = stored ?? (fetchRaw ? await mail.raw().catch(() => undefined) : undefined)
  if (raw !== undefined)
    await deps.blobs.put(deps.names.container('quarantine'), name, raw, { contentType: 'message/rfc822' })
  const { code, description, remedy } = reason
  const why = {
    state: 'quarantined',
    blob: raw === undefined ? '' : name,
    code,
    description: description.slice(0, 1_000),
    remedy: remedy.slice(0, 1_000),
    attempts,
  }
  if (!(await setAside(deps, mailbox, mail, why, raw))) return
  const about = { tenant: mailbox.tenant, mailboxId: mailbox.id, receivedId: id, attempts }
  const verdict = { code, class: reason.class, description, remedy, peerLine: reason.peerLine }
  await writeLog(deps, 'receivinglog', { ...about, outcome: 'not-imported', ...verdict }, true)
}

/** False when it was set aside before. */
async function setAside(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  why: Omit<Row, 'partitionKey' | 'rowKey'>,
  raw: Uint8Array | undefined,
): Promise<boolean> {
  const id = receivedId(mail.serverId)
  const table = deps.names.table('received')
  const partitionKey = mailboxPartition(mailbox.tenant, mailbox.id)
  const columns = { ...why, partitionKey, rowKey: receivedKey(id) }
  const existing = await deps.tables.get(table, partitionKey, receivedKey(id))
  if (existing !== undefined) {
    if (existing['state'] !== 'stored') return false
    await deps.tables.update(table, columns, existing.etag ?? '')
    return true
  }
  const date = raw === undefined ? '' : topHeaders(raw).date
  const receivedAt = arrivalOf(mail.receivedAt, date, deps.clock.now())
  const row = {
    ...columns,
    v: 1,
    eventId: eventIdOf(mailbox.tenant, mailbox.id, id),
    bytes: raw?.byteLength ?? mail.size,
    from: '',
    messageId: '',
    receivedAt,
    storedAt: deps.clock.now(),
    contentKey: '',
    duplicate: false,
  }
  if ((await insertBoth(deps, row, listRow(partitionKey, receivedAt, id))) === undefined)
    await deps.tables.insert(table, row)
  return true
}
