/**
 * What is broken now, who must act, what to do, in the order of the keys: by kind, then by id. Only unhealthy subjects
 * have a row. A tenant sees its own and the registrations of the deployment that stop its mailboxes; `~` sees
 * everybody's.
 */
import { type AttentionItem, attentionActions } from '../../model/attention.js'
import { isTenantId } from '../../model/ids.js'
import { connectionIdsOf } from '../../model/mailbox.js'
import type { PageQuery } from '../../model/page.js'
import type { Row, RowQuery } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { attentionFromRow, stopsTenants } from '../../rows/attention.js'
import { listConnections } from '../../rows/connections.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { listMailboxes } from '../../rows/mailboxes.js'
import { behind, pageOfRows, type RowPage, wrongPlace } from '../../rows/page-of-rows.js'

export interface AttentionPage {
  attention: AttentionItem[]
  next: string
}

const ofDeployment = { partition: '~', prefix: 'registration~' }

export async function listAttention(deps: Toolbox, tenant: string, page: PageQuery): Promise<AttentionPage> {
  if (tenant === '~') return shown(deps, await pageOfEverybody(deps, page))
  const table = deps.names.table('attention')
  const { rows, next } = await pageOfRows(deps, table, [{ partition: tenant, prefix: '' }, ofDeployment], page)
  const shared = rows.some((row) => row.partitionKey === '~' && stopsTenants(row))
  const used = shared ? new Set((await listConnections(deps, tenant)).map((one) => one.registrationId)) : new Set()
  const concernsTenant = (row: Row) =>
    row.partitionKey !== '~' || (stopsTenants(row) && used.has(row.rowKey.split('~')[1] ?? ''))
  return shown(deps, { rows: rows.filter(concernsTenant), next })
}

async function shown(deps: Toolbox, { rows, next }: RowPage): Promise<AttentionPage> {
  return { attention: await throughMailboxes(deps, rows.map(attentionFromRow)), next }
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

/** Operators may read every partition, so a place names one. */
async function pageOfEverybody(deps: Toolbox, { limit, after = '' }: PageQuery): Promise<RowPage> {
  const [, owner = '', key = ''] = after === '' ? [] : (/^([a-z0-9-]+|~)~([\w.~=:@+-]{1,150})$/.exec(after) ?? [])
  if (after !== '' && (key === '' || (owner !== '~' && !isTenantId(owner)))) throw wrongPlace()
  const end = '~~'
  const parts: RowQuery[] =
    after === ''
      ? [{ partitionRange: ['0', end] }]
      : [{ partition: owner, rowRange: [behind(key), end] }, { partitionRange: [behind(owner), end] }]
  const rows: Row[] = []
  for (const part of parts)
    for await (const row of deps.tables.query(deps.names.table('attention'), {
      ...part,
      limit: limit + 1 - rows.length,
    }))
      rows.push(row)
  const last = rows.slice(0, limit).at(-1)
  return {
    rows: rows.slice(0, limit),
    next: rows.length > limit && last !== undefined ? `${last.partitionKey}~${last.rowKey}` : '',
  }
}
