/**
 * The gate of a mailbox closes when someone must act (needs-reconnect, needs-admin): its mail waits without being
 * tried, people are told once, and opening it is one write however many mails wait. A gate closed for an
 * administrator lets one probe through each hour, so that a repair nobody reported is noticed. A server that refuses
 * everybody permanently, such as with a 5xx greeting, often means "later" (Postfix treats it so,
 * `smtp_skip_5xx_greeting`): it is probed after five minutes and then at growing distances, an hour at most. Only a new
 * sign-in is never guessed at.
 */

import type { GatewayError } from '../../errors.js'
import type { ConnectionRef } from '../../model/connection.js'
import { hashId } from '../../model/ids.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, raiseMailboxAttention } from '../../rows/attention.js'
import { changeLane, type LaneColumns } from '../../rows/lane.js'
import { closedLaneDueMs, wakeLane } from '../../rows/outbox.js'
import { emitEvent } from '../tell/emit-event.js'

const firstProbeMs = 5 * 60_000

/** Columns that close the gate; `since`: when it closed for the first time without having opened meanwhile. */
export function closedGate(now: number, since: number, error: GatewayError) {
  return {
    gate: 'closed' as const,
    gateCode: error.code,
    gateReason: error.description.slice(0, 500),
    gateSince: since,
    gateUntil: error.class === 'needs-reconnect' ? 0 : now + probeAfterMs(now - since, error),
  }
}

/** As long again as it has been closed: a probe each time the distance has doubled. */
function probeAfterMs(closedForMs: number, error: GatewayError): number {
  if (error.class === 'needs-admin') return closedLaneDueMs
  return Math.min(Math.max(closedForMs, firstProbeMs), closedLaneDueMs)
}

export const openedGate: Partial<LaneColumns> = {
  gate: 'open',
  gateCode: '',
  gateReason: '',
  gateUntil: 0,
  pausedUntil: 0,
  failures: 0,
  failure: '',
  // Its card goes with the gate's; the next refusal raises it again.
  refusedCode: '',
}

/** Attention and event, once per reason. */
export async function tellGateClosed(
  deps: Toolbox,
  { tenant, mailboxId, connectionId }: MailboxRef & ConnectionRef,
  error: GatewayError,
): Promise<void> {
  const isNew = await raiseMailboxAttention(deps, { tenant, kind: 'mailbox-send', mailboxId, connectionId }, error)
  if (!isNew) return
  const since = String(Math.floor(deps.clock.now() / 60_000))
  await emitEvent(deps, {
    tenant,
    type: 'connection.changed',
    id: hashId('gate-closed', tenant, mailboxId, error.code, since),
    data: {
      mailboxId,
      connectionId,
      direction: 'send',
      state: error.class,
      code: error.code,
      description: error.description.slice(0, 500),
      remedy: error.remedy.slice(0, 500),
    },
  })
}

/** After a reconnect, a repair or on a person's word. */
export async function openGate(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<void> {
  const gateOpenedAt = deps.clock.now()
  await changeLane(deps, { tenant, mailboxId }, () => ({ ...openedGate, gateOpenedAt }))
  await clearAttention(deps, { tenant, kind: 'mailbox-send', id: mailboxId })
  await wakeLane(deps, { tenant, mailboxId })
}
