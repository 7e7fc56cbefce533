/**
 * Events that wait for a webhook endpoint, in the order in which they are delivered. Partition:
 * `{tenant}~{endpointId}`; row: `{ms, 13 digits}~{eventId}`. Only who holds the endpoint's lease changes one.
 */
import { RowMissingError } from '../errors.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { columnsOf } from './columns.js'
import { type Budget, deleteByQuery } from './delete-rows.js'

/** The endpoint that events wait for. */
export interface EndpointRef {
  tenant: string
  endpointId: string
}

export interface Delivery {
  eventId: string
  /** Milliseconds: when the event was told. */
  bornAt: number
  /** The event as it is posted, JSON. */
  event: string
  /** Failed ones. */
  attempts: number
  /** Milliseconds: not tried again before. */
  notBefore: number
  key: Required<Pick<Row, 'partitionKey' | 'rowKey' | 'etag'>>
}

const partitionOf = ({ tenant, endpointId }: EndpointRef): string => `${tenant}~${endpointId}`

/** `event`: JSON. */
export async function saveDelivery(
  deps: Toolbox,
  endpoint: EndpointRef,
  { eventId, event }: Pick<Delivery, 'eventId' | 'event'>,
): Promise<void> {
  const rowKey = `${String(deps.clock.now()).padStart(13, '0')}~${eventId}`
  const row = { partitionKey: partitionOf(endpoint), rowKey, v: 1, event, attempts: 0, notBefore: 0 }
  await deps.tables.upsert(deps.names.table('deliveries'), row)
}

/** The oldest first. */
export async function listDeliveries(deps: Toolbox, endpoint: EndpointRef, limit: number): Promise<Delivery[]> {
  const deliveries: Delivery[] = []
  const query = { partition: partitionOf(endpoint), limit }
  for await (const row of deps.tables.query(deps.names.table('deliveries'), query)) deliveries.push(fromRow(row))
  return deliveries
}

export async function hasDeliveries(deps: Toolbox, endpoint: EndpointRef): Promise<boolean> {
  return (await listDeliveries(deps, endpoint, 1)).length > 0
}

/** One that is gone meanwhile stays gone. */
export async function postponeDelivery(
  deps: Toolbox,
  { key: { partitionKey, rowKey, etag } }: Delivery,
  columns: Pick<Delivery, 'attempts' | 'notBefore'>,
): Promise<void> {
  try {
    await deps.tables.update(deps.names.table('deliveries'), { partitionKey, rowKey, ...columns }, etag)
  } catch (error) {
    if (!(error instanceof RowMissingError)) throw error
  }
}

export async function removeDelivery(deps: Toolbox, { key: { partitionKey, rowKey } }: Delivery): Promise<void> {
  await deps.tables.remove(deps.names.table('deliveries'), { partitionKey, rowKey })
}

/** False when the budget ended first. */
export async function deleteDeliveries(deps: Toolbox, endpoint: EndpointRef, budget: Budget): Promise<boolean> {
  return deleteByQuery(deps, { table: deps.names.table('deliveries'), partition: partitionOf(endpoint) }, budget)
}

function fromRow(row: Row): Delivery {
  const { partitionKey, rowKey, etag = '' } = row
  const { text, number } = columnsOf(row)
  return {
    eventId: rowKey.slice(rowKey.indexOf('~') + 1),
    bornAt: Number(rowKey.slice(0, 13)),
    event: text('event'),
    attempts: number('attempts'),
    notBefore: number('notBefore'),
    key: { partitionKey, rowKey, etag },
  }
}
