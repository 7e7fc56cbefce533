/**
 * What is broken now, who must act, what to do, in the order of the keys: by kind, then by id. Only unhealthy subjects
 * have a row. A tenant sees its own and the registrations of the deployment that stop its mailboxes; `~` sees
 * everybody's.
 */
import { type AttentionItem, attentionActions } from '../../model/attention.js'
import type { PageQuery } from '../../model/page.js'
import { connectionIdsOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { stopsTenants } from '../../rows/attention.js'
import { type AttentionPage, pageOfEverybody, pageOfTenant } from '../../rows/attention-lists.js'
import { listConnections } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { listMailboxes } from '../../rows/mailboxes.js'

export async function listAttention(deps: Toolbox, tenant: string, page: PageQuery): Promise<AttentionPage> {
  const found = tenant === '~' ? await pageOfEverybody(deps, page) : await concerningTenant(deps, tenant, page)
  return { attention: await throughMailboxes(deps, found.attention), next: found.next }
}

async function concerningTenant(deps: Toolbox, tenant: string, page: PageQuery): Promise<AttentionPage> {
  const { attention, next } = await pageOfTenant(deps, tenant, page)
  const isShared = (item: AttentionItem) => item.tenant === '~' && stopsTenants(item)
  const connections = attention.some(isShared) ? await listConnections(deps, tenant) : []
  const used = new Set(connections.map((one) => one.registrationId))
  return { attention: attention.filter((item) => item.tenant !== '~' || (isShared(item) && used.has(item.id))), next }
}

/** A connection is renewed through a mailbox on it, whichever; with one alone the card is about that one. */
async function throughMailboxes(deps: Toolbox, items: AttentionItem[]): Promise<AttentionItem[]> {
  const tenants = new Set(items.filter(({ kind }) => kind === 'connection').map(({ tenant }) => tenant))
  const mailboxes = new Map(
    await mapInBatches([...tenants], async (tenant) => [tenant, await listMailboxes(deps, tenant)] as const),
  )
  return items.map((item) => {
    if (item.kind !== 'connection') return item
    const [first, ...others] = (mailboxes.get(item.tenant) ?? []).filter((one) =>
      connectionIdsOf(one).includes(item.id),
    )
    if (first === undefined) return item
    return { ...item, mailboxId: others.length === 0 ? first.id : '', actions: attentionActions(item, first.id) }
  })
}
