/** Cards of many subjects (attention.ts): of a page, of some mailboxes, of everybody. */
import type { AttentionItem } from '../model/attention.js'
import type { Connection } from '../model/connection.js'
import { isTenantId } from '../model/ids.js'
import type { PageQuery } from '../model/page.js'
import type { Row, RowQuery } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { attentionFromRow, expiryCard, stopsTenants } from './attention.js'
import { mapInBatches } from './delete-rows.js'
import { behind, pageOfRows, wrongPlace } from './page-of-rows.js'
import { ofEverybody } from './tenant-ranges.js'

export interface AttentionPage {
  attention: AttentionItem[]
  next: string
}

/** A tenant's own, in the order of the keys, then those of the deployment's registrations. */
export async function pageOfTenant(deps: Toolbox, tenant: string, page: PageQuery): Promise<AttentionPage> {
  const table = deps.names.table('attention')
  const stretches = [
    { partition: tenant, prefix: '' },
    { partition: '~', prefix: 'registration~' },
  ]
  const { rows, next } = await pageOfRows(deps, { table, stretches }, page)
  return { attention: rows.map(attentionFromRow), next }
}

/** Operators may read every partition, so a place names one. */
export async function pageOfEverybody(deps: Toolbox, { limit, after = '' }: PageQuery): Promise<AttentionPage> {
  const [, owner = '', key = ''] = after === '' ? [] : (/^([a-z0-9-]+|~)~([\w.~=:@+-]{1,150})$/.exec(after) ?? [])
  if (after !== '' && (key === '' || (owner !== '~' && !isTenantId(owner)))) throw wrongPlace()
  const [, end] = ofEverybody
  const parts: RowQuery[] =
    after === ''
      ? [{ partitionRange: ofEverybody }]
      : [{ partition: owner, rowRange: [behind(key), end] }, { partitionRange: [behind(owner), end] }]
  const rows: Row[] = []
  const table = deps.names.table('attention')
  for (const part of parts)
    for await (const row of deps.tables.query(table, { ...part, limit: limit + 1 - rows.length })) rows.push(row)
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    attention: page.map(attentionFromRow),
    next: rows.length > limit && last !== undefined ? `${last.partitionKey}~${last.rowKey}` : '',
  }
}

/** Every card there is. */
export async function* everyAttention(deps: Toolbox): AsyncGenerator<AttentionItem> {
  const rows = deps.tables.query(deps.names.table('attention'), { partitionRange: ofEverybody })
  for await (const row of rows) yield attentionFromRow(row)
}

/** Messages that nobody could handle, of all tenants. */
export async function* buriedMessages(deps: Toolbox): AsyncGenerator<AttentionItem> {
  const rows = deps.tables.query(deps.names.table('attention'), {
    partitionRange: ofEverybody,
    rowRange: ['message~', 'message~~'],
  })
  for await (const row of rows) yield attentionFromRow(row)
}

/**
 * What any of these mailboxes may suffer from: cards of their own, of their connections, of those connections'
 * registrations. So many reads as there are connections and registrations, however many other cards the tenant has.
 */
export async function attentionOfMailboxes(
  deps: Toolbox,
  tenant: string,
  { mailboxIds, connections }: { mailboxIds: readonly string[]; connections: readonly Connection[] },
): Promise<AttentionItem[]> {
  const table = deps.names.table('attention')
  const ids = [...mailboxIds].sort()
  const own: Row[] = []
  const between = [
    { column: 'mailboxId', is: 'ge' as const, value: ids.at(0) ?? '' },
    { column: 'mailboxId', is: 'le' as const, value: ids.at(-1) ?? '' },
  ]
  if (ids.length > 0)
    for await (const row of deps.tables.query(table, { partition: tenant, where: between })) own.push(row)
  const ofConnections = await mapInBatches([...new Set(connections.map(({ id }) => id))], (id) =>
    deps.tables.get(table, tenant, `connection~${id}`),
  )
  const used = [...new Set(connections.map((one) => one.registrationId))].filter((id) => id !== '')
  const registrations = used.flatMap((id) => [id, expiryCard(id)])
  const ofRegistrations = await mapInBatches(registrations, async (id) => {
    const [of, shared] = await Promise.all(
      [tenant, '~'].map((owner) => deps.tables.get(table, owner, `registration~${id}`)),
    )
    return [of, shared !== undefined && stopsTenants(attentionFromRow(shared)) ? shared : undefined]
  })
  const found = [...ofConnections, ...own, ...ofRegistrations.flat()].filter((row) => row !== undefined)
  const isNew = (row: Row, at: number) => found.findIndex((one) => one.rowKey === row.rowKey) === at
  return found.filter(isNew).map(attentionFromRow)
}
