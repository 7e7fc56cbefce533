import type { Mailbox } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import type { StoredReceived } from '../../rows/received.js'
import { listContents } from '../../rows/received-lists.js'

/** Content of mail received before the server's ids were lost. */
export interface KnownContent {
  /** True once per mail known under this key: an attacker's copy of a mail cannot swallow a second one (SEC-33). */
  take(contentKey: string): boolean
  /** A mail that its server id already told apart: what is known of it is spoken for. */
  recognise(mail: Pick<StoredReceived, 'storedAt' | 'contentKey'>): void
}

/**
 * Counts what was received before the resync began, less what earlier polls of the same resync already recognised. Read
 * per poll, because a resync may take several.
 */
export async function knownContent(deps: Toolbox, mailbox: Mailbox, resyncSince: number): Promise<KnownContent> {
  const counts = new Map<string, number>()
  const known = listContents(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id })
  for await (const { contentKey, storedAt, duplicate } of known) {
    const during = storedAt >= resyncSince
    if (contentKey === '' || during !== duplicate) continue
    counts.set(contentKey, (counts.get(contentKey) ?? 0) + (during ? -1 : 1))
  }
  const take = (contentKey: string): boolean => {
    const left = counts.get(contentKey) ?? 0
    if (left > 0) counts.set(contentKey, left - 1)
    return left > 0
  }
  return {
    take,
    recognise({ storedAt, contentKey }) {
      if (storedAt < resyncSince) take(contentKey)
    },
  }
}
