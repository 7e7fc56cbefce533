/**
 * Tells the tenant's app what happened: one message to the tenant's own queue, and one delivery row per webhook
 * endpoint of the tenant that a worker drains apart, so that a dead endpoint never holds up a cursor or a send. The
 * event id is stable per cause; telling twice is recognisable, telling never is not.
 */
import { type EventData, type EventType, eventSchemas, type GatewayEvent } from '../../model/event.js'
import { writeBySchema } from '../../model/write-by-schema.js'
import type { Row } from '../../ports/tables.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'

const sevenDaysSeconds = 7 * 24 * 3600
const endpointCacheMs = 60_000
type Remembered = Map<string, { until: number; endpoints: Row[] }>
/** By store, which all journeys of one process share; their dependencies are objects of their own. */
const endpointCache = new WeakMap<Toolbox['tables'], Remembered>()

export async function emitEvent<T extends EventType>(
  deps: Toolbox,
  tenant: string,
  type: T,
  id: string,
  data: EventData<T>,
): Promise<void> {
  const told: GatewayEvent<T> = { v: 1, id, type, tenant, time: new Date(deps.clock.now()).toISOString(), data }
  const event = writeBySchema(eventSchemas[type], told)
  await deps.queues.send(deps.names.eventsQueue(tenant), event, { ttlSeconds: sevenDaysSeconds })
  for (const endpoint of await endpointsOf(deps, tenant)) {
    const endpointId = endpoint.rowKey.slice('endpoint~'.length)
    const ms = String(deps.clock.now()).padStart(13, '0')
    await deps.tables.upsert(deps.names.table('deliveries'), {
      partitionKey: `${tenant}~${endpointId}`,
      rowKey: `${ms}~${id}`,
      v: 1,
      event: JSON.stringify(event),
      attempts: 0,
      notBefore: 0,
    })
    await setDue(deps, 'webhook', tenant, endpointId, deps.clock.now())
    await deps.queues.send(deps.names.queue('webhook'), { v: 1, tenant, endpointId })
  }
}

async function endpointsOf(deps: Toolbox, tenant: string): Promise<Row[]> {
  const cache: Remembered = endpointCache.get(deps.tables) ?? new Map()
  endpointCache.set(deps.tables, cache)
  const known = cache.get(tenant)
  if (known && known.until > deps.clock.now()) return known.endpoints
  const endpoints: Row[] = []
  const range: [string, string] = ['endpoint~', 'endpoint~~']
  for await (const row of deps.tables.query(deps.names.table('tenants'), { partition: tenant, rowRange: range }))
    endpoints.push(row)
  cache.set(tenant, { until: deps.clock.now() + endpointCacheMs, endpoints })
  return endpoints
}

/** After an endpoint was added, changed or removed in this process. */
export function forgetEndpoints(deps: Toolbox, tenant: string): void {
  endpointCache.get(deps.tables)?.delete(tenant)
}
