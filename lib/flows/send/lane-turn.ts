/** One turn of a drain: one mail of the outbox is sent or looked up, and the lane heeds what came of it. */
import { asGatewayError, isStorageUnavailable, RowChangedError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FlowConfig } from '../../ports/flow-config.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { unlessStopping } from '../../ports/unless-stopping.js'
import type { LeasedLane } from '../../rows/lane.js'
import type { JournalEntry } from '../../rows/mails.js'
import { type Hint, markJournaled } from '../../rows/outbox.js'
import { countFailure, noteAnswer, stopLane } from './lane-health.js'
import { countMail, laneAllows } from './lane-limits.js'
import { type LaneSession, laneSession } from './open-session.js'
import { organisationOpensAt } from './pause-organisation.js'
import { pickMail } from './pick-mail.js'
import { openRecipients } from './record-outcome.js'
import { resolveUnknown } from './resolve-unknown.js'
import { type SendVerdict, sendMail } from './send-mail.js'
import { findRoute, type SendRoute } from './send-route.js'

/** What the turns of one drain share. */
export interface Draining {
  lane: LeasedLane
  mailbox: Mailbox
  /** What counts for this mailbox. */
  settings: FlowConfig
  /** Keys of the hints looked at. */
  seen: Set<string>
  /** The mail that the message was about. */
  announced: string
  /** Found with the first mail that needs it. */
  route: SendRoute | undefined
  session: LaneSession | undefined
  /** Many mails refused in one go are one failure of the peer. */
  struggled: boolean
}

/** How a drain ends. */
export type DrainEnd =
  /** The outbox says whether anything is left. */
  | { next: 'leave' }
  /** Nothing is tried before `until`, milliseconds. */
  | { next: 'wait'; until: number }

export type TurnEnd = { next: 'go-on' } | DrainEnd

const goOn: TurnEnd = { next: 'go-on' }
const leave: DrainEnd = { next: 'leave' }
const waitUntil = (until: number): DrainEnd => ({ next: 'wait', until })

/** As it is stored and as it goes out. */
const copiesToSend = 2
const roomWaitMs = 20_000
const roomAgainMs = 5_000

export async function takeTurn(deps: Toolbox, draining: Draining, hint: Hint): Promise<TurnEnd> {
  const { lane, mailbox, settings } = draining
  const pick = await pickMail(deps, lane.tenant, hint)
  if (pick.kind === 'nothing') {
    if (pick.isMissing && hint.mailId === draining.announced) await markJournaled(deps, lane.tenant, hint)
    return goOn
  }
  try {
    draining.route ??= await unlessStopping(deps.stopping, findRoute(deps, mailbox, settings))
    const { route } = draining
    draining.session ??= laneSession(deps, route)
    const { session } = draining
    if (pick.kind === 'send') return await send(deps, { draining, lane, route, session }, pick.entry)
    await resolveUnknown(deps, route, pick.entry)
    return goOn
  } catch (error) {
    // Broken off by ourselves: it says nothing about anybody.
    if (deps.stopping.aborted) return leave
    // Somebody cancelled or moved this mail: the next one.
    if (error instanceof RowChangedError) return goOn
    // A fault of ours or of our storage says nothing about the peer: the message comes back.
    if (isStorageUnavailable(error) || asGatewayError(error).code === 'unexpected') throw error
    const { connectionId = '', organisation = '' } = draining.route ?? {}
    return waitUntil(await stopLane(deps, { lane, connectionId, organisation }, asGatewayError(error)))
  }
}

/** A drain that has found its way to the mail server. */
interface OpenDraining {
  draining: Draining
  lane: LeasedLane
  route: SendRoute
  session: LaneSession
}

async function send(deps: Toolbox, open: OpenDraining, entry: JournalEntry): Promise<TurnEnd> {
  const { lane, route, session } = open
  const recipients = openRecipients(entry.mail).length
  const allowedAt =
    organisationOpensAt(deps, lane.tenant, route.organisation) ||
    laneAllows(lane.state, route.limits, { recipients, now: deps.clock.now() })
  if (allowedAt > 0) {
    lane.note({ pausedUntil: allowedAt })
    return waitUntil(allowedAt)
  }
  const giveBack = await deps.inHand.take(entry.mail.bytes * copiesToSend, roomWaitMs)
  if (giveBack === undefined) return waitUntil(deps.clock.now() + roomAgainMs)
  try {
    if (deps.stopping.aborted) return leave
    const sendSession = await session.get()
    const verdict = await session.limited(() => sendMail(deps, { lane, route, session: sendSession }, entry))
    lane.note(countMail(lane.state, recipients, deps.clock.now()))
    return await heed(deps, open, verdict)
  } finally {
    giveBack()
  }
}

async function heed(
  deps: Toolbox,
  { draining, lane, route, session }: OpenDraining,
  verdict: SendVerdict,
): Promise<TurnEnd> {
  const { connectionId, organisation } = route
  const connected = { lane, connectionId, organisation }
  switch (verdict.next) {
    case 'lost':
    case 'stopped':
      return leave
    case 'go-on':
      await noteAnswer(deps, connected, verdict)
      return goOn
    case 'reopen':
      await session.drop()
      if (!draining.struggled) await countFailure(deps, connected, verdict.error)
      draining.struggled = true
      return goOn
    case 'stop':
      return waitUntil(await stopLane(deps, connected, verdict.error))
  }
}
