/**
 * Queue part: keeps up to 32 connections alive. Each one stands alone: its failure is noted at its own row, moves its
 * own next time and delays no other. A connection that is gone leaves the schedule. An instance that is being taken
 * away passes on what it has not begun.
 */
import { asGatewayError, GatewayError } from '../../errors.js'
import type { Message } from '../../model/messages.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { setDue } from '../../rows/due.js'
import { findGrant, resourcesOf } from '../../rows/grants.js'
import { enqueue } from '../../rows/messages.js'
import { refreshGrant } from './refresh-grant.js'

const atOnce = 8
/** Renewed when less than this is left: about a third of the usual hour. */
const minLifeMs = 25 * 60_000

export async function refreshBatch(deps: Toolbox, { connections }: Message<'connection-refresh'>): Promise<void> {
  for (let at = 0; at < connections.length; at += atOnce) {
    if (deps.stopping.aborted) return enqueue(deps, 'connection-refresh', { connections: connections.slice(at) })
    await Promise.all(
      connections.slice(at, at + atOnce).map(async ({ tenant, connectionId }) => {
        try {
          await refreshOne(deps, tenant, connectionId)
        } catch (error) {
          deps.log.warn('grant-not-refreshed', { tenant, connectionId, code: asGatewayError(error).code })
        }
      }),
    )
  }
}

async function refreshOne(deps: Toolbox, tenant: string, connectionId: string): Promise<void> {
  const found = await findGrant(deps, tenant, connectionId)
  const isOver = found === undefined || ['needs-reconnect', 'removed'].includes(found.connection.state)
  if (isOver || found.grant.kind === 'password')
    return setDue(deps, { kind: 'grant', tenant, id: connectionId }, Number.POSITIVE_INFINITY)
  const used = resourcesOf(found.grant)
  let justRead: typeof found | undefined = found
  let nextDue = Number.POSITIVE_INFINITY
  for (const resource of used.length > 0 ? used : (['graph'] as const)) {
    try {
      const wish = { resource, minLifeMs, setsDue: true, ...(justRead === undefined ? {} : { read: justRead }) }
      const { expiresAt } = await refreshGrant(deps, { tenant, connectionId }, wish)
      justRead = undefined
      // Somewhere inside the time in which it is renewed, so that nobody marches in step.
      const before = minLifeMs * (0.6 + Math.random() * 0.35)
      nextDue = Math.min(nextDue, Math.max(deps.clock.now() + 60_000, expiresAt - before))
    } catch (error) {
      // The refresh has set the time of its next try.
      if (error instanceof GatewayError) return
      throw error
    }
  }
  await setDue(deps, { kind: 'grant', tenant, id: connectionId }, nextDue)
}
