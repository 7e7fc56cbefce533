/**
 * What the answers of the server say about the mailbox. One that judges a mail can be reached: failures before are
 * over. One that takes a mail makes everything well. One that refuses mail after mail permanently, or one mail for a
 * reason that only an administrator or the owner can end, leaves a mailbox that cannot send although every connection
 * works: people are told, once, until the server takes a mail again. All of it is written with the release of the lane,
 * so a healthy mail costs nothing more.
 */
import type { GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { backoffMs } from '../../protocol/backoff.js'
import { clearAttention, raiseMailboxAttention } from '../../rows/attention.js'
import type { LeasedLane } from '../../rows/lane.js'
import { closedLaneDueMs } from '../../rows/outbox.js'
import { closedGate, openedGate, tellGateClosed } from './gate.js'
import { closesGate } from './open-session.js'
import { pauseOrganisation } from './pause-organisation.js'
import type { SendVerdict } from './send-mail.js'

/** Failures in a row, of the peer or of mails, after which people are told. */
const tellAfterFailures = 5

/** A lane, and the connection that its mail goes over; `''` while nobody knows which. */
export interface ConnectedLane {
  lane: LeasedLane
  connectionId: string
  /** `''` while nobody knows which. */
  organisation: string
}

const noRefusal = { refused: 0, refusal: '', refusedAt: 0, refusedCode: '' }

/**
 * `verdict`: of one mail, when the server was asked. An opened session proves nothing, Graph is asked nothing for it.
 */
export async function noteAnswer(
  deps: Toolbox,
  connected: ConnectedLane,
  verdict: Extract<SendVerdict, { next: 'go-on' }>,
): Promise<void> {
  const { answer, failed } = verdict
  if (answer === undefined) return
  const { lane } = connected
  const { state, tenant, mailboxId } = lane
  const now = deps.clock.now()
  const isTaken = answer === 'taken'
  const wasWell = state.failures === 0 && state.gate === 'open'
  if (isTaken) lane.note({ lastSuccess: now, ...(state.refused === 0 ? {} : noRefusal) })
  if (!wasWell) lane.note(openedGate)
  if (!wasWell || (isTaken && state.refused > 0))
    await clearAttention(deps, { tenant, kind: 'mailbox-send', id: mailboxId })
  Object.assign(state, { failures: 0, gate: 'open' }, wasWell && !isTaken ? {} : { refusedCode: '' })
  if (isTaken) state.refused = 0
  if (failed !== undefined) await noteRefusal(deps, connected, failed)
}

async function noteRefusal(deps: Toolbox, { lane, connectionId }: ConnectedLane, error: GatewayError): Promise<void> {
  const { state, tenant, mailboxId } = lane
  state.refused += 1
  const needsSomebody = error.class === 'needs-admin' || error.class === 'needs-reconnect'
  const speaksOfMailbox = error.hint !== 'recipient' && state.refused >= tellAfterFailures
  if (state.refusedCode !== error.code && (needsSomebody || speaksOfMailbox)) {
    state.refusedCode = error.code
    await raiseMailboxAttention(deps, { tenant, kind: 'mailbox-send', mailboxId, connectionId }, error)
  }
  const { refused, refusedCode } = state
  lane.note({ refused, refusedCode, refusal: error.description.slice(0, 500), refusedAt: deps.clock.now() })
}

/** The peer asks us to wait, or for a person. Returns when to try again, milliseconds. */
export async function stopLane(deps: Toolbox, connected: ConnectedLane, error: GatewayError): Promise<number> {
  const now = deps.clock.now()
  const { lane, connectionId } = connected
  const { tenant, mailboxId } = lane
  if (closesGate(error)) {
    const { gate, gateSince } = lane.state
    const closed = closedGate(now, gate === 'open' ? now : gateSince, error)
    lane.note(closed)
    await tellGateClosed(deps, { tenant, mailboxId, connectionId }, error)
    return closed.gateUntil || now + closedLaneDueMs
  }
  if (error.hint === 'quota-organisation') {
    const { organisation } = connected
    const pausedUntil = await pauseOrganisation(deps, { tenant, mailboxId, organisation }, error)
    const failures = Math.max(lane.state.failures, 1)
    lane.note({ pausedUntil, failures, failure: error.description.slice(0, 500) })
    return pausedUntil
  }
  const failures = await countFailure(deps, connected, error)
  const { retryBaseMs: baseMs, retryCapMs } = deps.config
  // A day's quota is not back within the usual cap.
  const capMs = error.hint === 'quota-day' ? Math.max(retryCapMs, 3_600_000) : retryCapMs
  const pausedUntil = now + backoffMs(failures, { baseMs, capMs, retryAfterMs: error.retryAfterMs })
  lane.note({ pausedUntil })
  return pausedUntil
}

/** Returns how many there were in a row. */
export async function countFailure(
  deps: Toolbox,
  { lane, connectionId }: ConnectedLane,
  error: GatewayError,
): Promise<number> {
  const { tenant, mailboxId } = lane
  const failures = lane.state.failures + 1
  lane.state.failures = failures
  lane.note({ failures, failure: error.description.slice(0, 500) })
  if (failures === tellAfterFailures)
    await raiseMailboxAttention(deps, { tenant, kind: 'mailbox-send', mailboxId, connectionId }, error)
  return failures
}
