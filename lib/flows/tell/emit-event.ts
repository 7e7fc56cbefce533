/**
 * Tells the tenant's app what happened: one message to the tenant's own queue, and one delivery row per webhook
 * endpoint of the tenant that a worker drains apart, so that a dead endpoint never holds up a cursor or a send. The
 * event id is stable per cause; telling twice is recognisable, telling never is not.
 */
import { type EventData, type EventType, eventSchemas, type GatewayEvent } from '../../model/event.js'
import { writeBySchema } from '../../model/write-by-schema.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { saveDelivery } from '../../rows/deliveries.js'
import { setDue } from '../../rows/due.js'
import { enqueue } from '../../rows/messages.js'
import { listEndpointsOf } from '../../rows/webhook-endpoints.js'

const sevenDaysSeconds = 7 * 24 * 3600
const endpointCacheMs = 60_000

/** The id is stable per cause. */
interface NewEvent<T extends EventType> {
  tenant: string
  type: T
  id: string
  data: EventData<T>
}

export async function emitEvent<T extends EventType>(
  deps: Toolbox,
  { tenant, type, id, data }: NewEvent<T>,
): Promise<void> {
  const told: GatewayEvent<T> = { v: 1, id, type, tenant, time: new Date(deps.clock.now()).toISOString(), data }
  const event = writeBySchema(eventSchemas[type], told)
  await deps.queues.send(deps.names.eventsQueue(tenant), event, { ttlSeconds: sevenDaysSeconds })
  for (const endpointId of await endpointIdsOf(deps, tenant)) {
    await saveDelivery(deps, { tenant, endpointId }, { eventId: id, event: JSON.stringify(event) })
    await setDue(deps, { kind: 'webhook', tenant, id: endpointId }, deps.clock.now())
    await enqueue(deps, 'webhook', { tenant, endpointId })
  }
}

async function endpointIdsOf(deps: Toolbox, tenant: string): Promise<string[]> {
  const known = deps.memory.endpointIds.get(tenant)
  if (known && known.until > deps.clock.now()) return known.value
  const endpointIds: string[] = []
  for await (const { id } of listEndpointsOf(deps, tenant)) endpointIds.push(id)
  deps.memory.endpointIds.set(tenant, { value: endpointIds, until: deps.clock.now() + endpointCacheMs })
  return endpointIds
}

/** After an endpoint was added, changed or removed in this process. */
export function forgetEndpoints(deps: Toolbox, tenant: string): void {
  deps.memory.endpointIds.delete(tenant)
}
