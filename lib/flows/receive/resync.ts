import type { Mailbox } from '../../model/mailbox.js'
import type { Row } from '../../ports/tables.js'
import { mailboxPartition } from '../../rows/mailboxes.js'
import type { ReceiveDependencies } from './receive-dependencies.js'

/** Content of mail received before the server's ids were lost. */
export interface KnownContent {
  /** True once per mail known under this key: an attacker's copy of a mail cannot swallow a second one (SEC-33). */
  take(contentKey: string): boolean
  /** A mail that its server id already told apart: what is known of it is spoken for. */
  recognise(row: Row): void
}

/**
 * Counts what was received before the resync began, less what earlier polls of the same resync already recognised. Read
 * per poll, because a resync may take several.
 */
export async function knownContent(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  resyncSince: number,
): Promise<KnownContent> {
  const counts = new Map<string, number>()
  const rows = deps.tables.query(deps.names.table('received'), {
    partition: mailboxPartition(mailbox.tenant, mailbox.id),
    rowRange: ['h~', 'h~~'],
    select: ['contentKey', 'storedAt', 'duplicate'],
  })
  for await (const row of rows) {
    const key = String(row['contentKey'] ?? '')
    const during = Number(row['storedAt']) >= resyncSince
    if (key === '' || (during && row['duplicate'] !== true) || (!during && row['duplicate'] === true)) continue
    counts.set(key, (counts.get(key) ?? 0) + (during ? -1 : 1))
  }
  const take = (contentKey: string): boolean => {
    const left = counts.get(contentKey) ?? 0
    if (left > 0) counts.set(contentKey, left - 1)
    return left > 0
  }
  return {
    take,
    recognise(row) {
      if (Number(row['storedAt']) < resyncSince) take(String(row['contentKey'] ?? ''))
    },
  }
}
