/** Mailboxes that a filter means, in the order of their ids. */
import type { Connection } from '../model/connection.js'
import type { Mailbox } from '../model/mailbox.js'
import { asksConnections, isMeant, type MailboxFilter } from '../model/mailbox-filter.js'
import type { PageQuery } from '../model/page.js'
import type { Toolbox } from '../ports/toolbox.js'
import { listConnections } from './connections.js'
import { fromRow, mailboxRowKey } from './mailboxes.js'
import { pageOfPartitions } from './page-of-rows.js'

/** Of one request of the storage, which gives a thousand rows. */
const perRead = 999
/** A page that finds few stops here and says where to go on. */
const mostRead = 5 * perRead

/**
 * A page costs one range read for each thousand mailboxes looked at, five at most, and for what only connections know
 * one for each thousand of them. `next` is not empty while there is more to look at, even when little was found.
 */
export async function pageOfMatchingMailboxes(
  deps: Toolbox,
  { tenant, filter }: { tenant: string; filter: MailboxFilter },
  { limit, after = '' }: PageQuery,
): Promise<{ found: Mailbox[]; next: string }> {
  const connections = new Map<string, Connection>()
  if (asksConnections(filter)) for (const one of await listConnections(deps, tenant)) connections.set(one.id, one)
  const list = { table: deps.names.table('mailboxes'), tenant, rowKey: mailboxRowKey }
  const found: Mailbox[] = []
  let from = after
  for (let read = 0; read < mostRead; read += perRead) {
    const { rows, next } = await pageOfPartitions(deps, list, { limit: perRead, after: from })
    for (const row of rows) {
      const mailbox = fromRow(row)
      if (!isMeant(filter, mailbox, connections)) continue
      // One more than asked for shows that there is more.
      if (found.length === limit) return { found, next: found.at(-1)!.id }
      found.push(mailbox)
    }
    from = next
    if (next === '') break
  }
  return { found, next: from }
}
