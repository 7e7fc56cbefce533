/**
 * Journey 3, for a mail that cannot be stored the usual way: its raw bytes, when they can be had, go to the quarantine
 * container and a row with the reason takes the mail's place, so that the mails behind it arrive and people see what is
 * missing (REL-25). The mail stays at the server untouched.
 */
import type { GatewayError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FetchedMail } from '../../ports/receiver.js'
import { mailboxPartition } from '../common/mailbox-rows.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { eventIdOf, inboundBlob, receivedId, receivedKey } from './received-rows.js'
import { insertBoth, listRow } from './store-mail.js'

export async function quarantine(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  mail: FetchedMail,
  reason: GatewayError,
  options: { fetchRaw: boolean },
): Promise<void> {
  const id = receivedId(mail.serverId)
  const name = inboundBlob(mailbox.tenant, mailbox.id, id)
  const stored = await deps.blobs.get(deps.names.container('inbound'), name)
  const raw = stored ?? (options.fetchRaw ? await mail.raw().catch(() => undefined) : undefined)
  if (raw !== undefined)
    await deps.blobs.put(deps.names.container('quarantine'), name, raw, { contentType: 'message/rfc822' })

  const table = deps.names.table('received')
  const partitionKey = mailboxPartition(mailbox.tenant, mailbox.id)
  const columns = {
    partitionKey,
    rowKey: receivedKey(id),
    state: 'quarantined',
    blob: raw === undefined ? '' : name,
    code: reason.code,
    description: reason.description.slice(0, 1_000),
  }
  const existing = await deps.tables.get(table, partitionKey, receivedKey(id))
  if (existing !== undefined) {
    if (existing['state'] === 'stored') await deps.tables.update(table, columns, existing.etag ?? '')
    return
  }
  const row = {
    ...columns,
    v: 1,
    eventId: eventIdOf(mailbox.tenant, mailbox.id, id),
    bytes: raw?.byteLength ?? mail.size,
    from: '',
    messageId: '',
    receivedAt: mail.receivedAt,
    storedAt: deps.clock.now(),
    contentKey: '',
    duplicate: false,
  }
  if ((await insertBoth(deps, row, listRow(partitionKey, mail.receivedAt, id))) === undefined)
    await deps.tables.insert(table, row)
}
