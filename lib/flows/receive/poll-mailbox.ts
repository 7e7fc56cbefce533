/**
 * Journey 3 for one mailbox. Reads mailbox and position in one request, takes the lease, opens the transport, fetches
 * what is new (fetch-mails), saves the cursor, does what is owed at the server, sets when to look again. An idle poll
 * costs three storage requests: read, lease, due row; its lease simply runs out, which is before the next poll is due.
 * Failures are judged by class alone: transient ones back off, those that need a person are told once and polled
 * rarely.
 */
import { asGatewayError, type GatewayError, RowChangedError, RowExistsError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import { noRoomCode } from '../../ports/bytes-in-hand.js'
import type { ReceiveSession } from '../../ports/receiver.js'
import { unlessStopping } from '../../ports/unless-stopping.js'
import { setDue } from '../../rows/due.js'
import { type Lease, takeLease } from '../../rows/lease.js'
import { writeLog } from '../../rows/logs.js'
import {
  columnsOf,
  createReceivingRow,
  type ReceivingState,
  readReceiving,
  sourceOf,
  stateOf,
} from '../../rows/receiving-state.js'
import { withSettingsOf } from '../../rows/settings.js'
import { actionOf, afterReceive } from './after-receive.js'
import { afterDeath, asideDueAt } from './aside.js'
import { fetchMails, type Progress } from './fetch-mails.js'
import { takeUpImports } from './import-mails.js'
import type { PollJob } from './mailboxes-due.js'
import { breakerFailures, nextPollAt } from './next-poll.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { findReceiveRoute } from './receive-route.js'
import { tellStopped, tellWorking } from './tell-receiving.js'
import { leaseMs, withinTime } from './within-time.js'

const cursorLifeMs = 6 * 3_600_000
/** A second refusal sooner than this may be the same bad moment. */
const confirmedAfterMs = 30_000

export interface PollResult {
  tenant: string
  mailboxId: string
  /** `off`: not to be polled; `held`: another worker has it. */
  outcome: 'off' | 'held' | 'idle' | 'mail' | 'failed'
  handedOver: number
  quarantined: number
  code: string
}

/**
 * `longestMs`: with a mail that comes slowly. `release`: gives the lease back even after an idle poll, one request
 * more, so that the next may come at once.
 */
export async function pollMailbox(
  shared: ReceiveDependencies,
  tenant: string,
  mailboxId: string,
  options: { timeLimitMs?: number; longestMs?: number; release?: boolean } = {},
): Promise<PollResult> {
  const result: PollResult = { tenant, mailboxId, outcome: 'idle', handedOver: 0, quarantined: 0, code: '' }
  const { mailbox, row, asked } = await readReceiving(shared, tenant, mailboxId)
  if (mailbox === undefined || !mailbox.active || mailbox.receive.transport === 'none') {
    await setDue(shared, 'poll', tenant, mailboxId, Number.POSITIVE_INFINITY)
    return { ...result, outcome: 'off' }
  }
  const deps = await withSettingsOf(shared, mailbox)
  const lease = await leaseOf(deps, mailbox, row)
  if (lease === undefined) {
    const held = Math.min(Math.max(Number(row?.['leaseUntil'] ?? 0) - deps.clock.now(), 1_000), leaseMs)
    await setDue(deps, 'poll', tenant, mailboxId, deps.clock.now() + held)
    return { ...result, outcome: 'held' }
  }
  const state = await stateOf(deps, mailbox, lease.row)
  const progress = begin(deps, mailbox, state)
  try {
    if (asked !== undefined) await takeUpImports(deps, mailbox, { asked, lease, progress })
    const time = { ...options, deps, lease, startedAt: progress.startedAt, arrived: () => progress.arrived() }
    const refusal = await withinTime(time, (signal) => run(deps, mailbox, lease, state, progress, signal))
    await succeed(deps, mailbox, lease, state, progress, refusal, options.release === true)
    const outcome = progress.handedOver + progress.quarantined > 0 ? 'mail' : 'idle'
    const { handedOver, quarantined, fault } = progress
    return { ...result, outcome, handedOver, quarantined, code: fault?.code ?? '' }
  } catch (error) {
    // Broken off by ourselves before any mail was touched: it says nothing about the server.
    if (error === deps.stopping.reason) {
      await lease.release()
      await continueBacklog(deps, mailbox)
      return result
    }
    // Whoever has the lease now goes on from the cursor in the row.
    if (error instanceof RowChangedError) return { ...result, outcome: 'held', handedOver: progress.handedOver }
    const failure = asGatewayError(error)
    const { handedOver, quarantined } = progress
    const counted = { ...result, handedOver, quarantined, code: failure.code }
    // Cut short: what came before it was taken, and nobody is at fault.
    if (failure.code === noRoomCode) {
      progress.more = true
      await succeed(deps, mailbox, lease, state, progress, undefined, true)
      return { ...counted, outcome: handedOver + quarantined > 0 ? 'mail' : 'idle' }
    }
    await fail(deps, mailbox, lease, state, progress, failure)
    return { ...counted, outcome: 'failed' }
  }
}

async function leaseOf(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  row: Awaited<ReturnType<typeof readReceiving>>['row'],
): Promise<Lease | undefined> {
  try {
    const receiving = row ?? (await createReceivingRow(deps, mailbox))
    // Written with the lease, so that an idle poll leaves its time behind without a request of its own.
    const wentWell = Number(receiving['failures'] ?? 0) === 0
    const columns = {
      polledAt: deps.clock.now(),
      lastSuccessAt: Number(receiving[wentWell ? 'polledAt' : 'lastSuccessAt'] ?? 0),
    }
    return await takeLease(deps.tables, deps.names.table('mailboxes'), receiving, deps.worker, leaseMs, columns)
  } catch (error) {
    if (error instanceof RowExistsError) return undefined
    throw error
  }
}

function begin(deps: ReceiveDependencies, mailbox: Mailbox, state: ReceivingState): Progress {
  // Another server, account or folder: its ids say nothing about mail we have (transport switch).
  if (state.source !== sourceOf(mailbox)) {
    if (state.cursor !== undefined) state.resyncSince = deps.clock.now()
    Object.assign(state, { cursor: undefined, owed: [], inHand: '', aside: [] })
  }
  if (state.busy) state.aside = afterDeath(state.aside, state.inHand, deps.clock.now())
  return {
    startedAt: performance.now(),
    arrived: () => 0,
    cursor: state.cursor,
    handedOver: 0,
    quarantined: 0,
    duplicates: 0,
    resynced: false,
    resyncSince: state.resyncSince,
    more: false,
    busy: false,
    inHand: state.busy ? state.inHand : '',
    aside: state.aside,
    fault: undefined,
    owed: [],
  }
}

async function run(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  lease: Lease,
  state: ReceivingState,
  progress: Progress,
  signal: AbortSignal,
): Promise<GatewayError | undefined> {
  const action = actionOf(deps, mailbox)
  const route = await findReceiveRoute(deps, mailbox)
  if (route === undefined) return undefined
  const { target, authority } = route
  signal.throwIfAborted()
  const opened = deps.receivers[target.transport].open(target, authority, signal)
  const session: ReceiveSession = await unlessStopping(deps.stopping, opened)
  progress.arrived = () => session.bytesArrived?.() ?? 0
  try {
    const { refusal: earlier } = await afterReceive(session, state.owed, action, true)
    await fetchMails(deps, mailbox, lease, session, state, progress, signal)
    signal.throwIfAborted()
    if (progress.owed.length === 0) return earlier
    await lease.write(await columnsOf(deps, mailbox, { cursor: progress.cursor, owed: progress.owed }))
    state.owed = progress.owed
    const { refusal, owed } = await afterReceive(session, progress.owed, action, false)
    progress.owed = owed
    return refusal ?? earlier
  } finally {
    await session.close().catch(() => {})
  }
}

async function succeed(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  lease: Lease,
  state: ReceivingState,
  progress: Progress,
  refusal: GatewayError | undefined,
  release: boolean,
): Promise<void> {
  const { tenant, id } = mailbox
  const { handedOver, quarantined, duplicates, resynced } = progress
  const now = deps.clock.now()
  const recovered = state.failures > 0 || state.attention
  const eventful = handedOver + quarantined > 0 || resynced || recovered || refusal !== undefined
  const source = sourceOf(mailbox)
  const lastMailAt = handedOver > 0 ? now : state.lastMailAt
  // Pages without any mail are followed at the pace of polls: their number is the server's word only. So is a listing of
  // known mail alone, which a server that numbers anew in each session gives again and again.
  const moved = handedOver + quarantined + (resynced ? 0 : duplicates)
  const isSlow = progress.more && moved === 0 && !deps.stopping.aborted
  const goesOn = progress.more && !isSlow
  const history = { now, lastMailAt: isSlow ? now : lastMailAt, failures: 0, more: goesOn }
  const dueAt = Math.min(nextPollAt(history, deps.settings), asideDueAt(progress.aside, now, deps.settings.pollMinMs))
  // A newer cursor alone is rarely worth a write: the older one still stands before every mail not yet seen.
  const stale = progress.cursor !== state.cursor && now - state.cursorAt > cursorLifeMs
  if (state.attention) await tellWorking(deps, mailbox, Number(lease.row['lastSuccessAt'] ?? 0))
  const toWrite = eventful || progress.busy || state.busy || state.owed.length > 0 || state.source !== source || stale
  if (toWrite || release || state.resyncSince > 0 || dueAt - now < lease.remainingMs()) {
    const resyncSince = progress.more ? progress.resyncSince : 0
    await lease.release(
      await columnsOf(deps, mailbox, {
        ...cleanState,
        cursor: progress.cursor ?? '',
        source,
        lastMailAt,
        resyncSince,
        aside: progress.aside,
        // Where it was cut short.
        owed: progress.owed,
      }),
    )
  }
  // A backlog goes on at once in a job of its own; the due row is only the net behind it.
  await setDue(deps, 'poll', tenant, id, goesOn ? now + leaseMs * 2 : dueAt)
  if (goesOn) await continueBacklog(deps, mailbox)
  if (!eventful) return
  await writeLog(deps, 'receivinglog', {
    tenant,
    mailboxId: id,
    outcome: recovered ? 'recovered' : quarantined > 0 ? 'not-imported' : handedOver > 0 ? 'received' : 'resynced',
    handedOver,
    quarantined,
    duplicates,
    resynced,
    code: refusal?.code,
    description: refusal?.description,
    peerLine: refusal?.peerLine,
  })
}

async function continueBacklog(deps: ReceiveDependencies, { tenant, id, epoch }: Mailbox): Promise<void> {
  const job: PollJob = { v: 1, mailboxes: [{ tenant, mailboxId: id, epoch }] }
  await deps.queues.send(deps.names.queue('mailbox-poll'), job)
}

const cleanState = {
  failures: 0,
  code: '',
  problem: '',
  refusedAt: 0,
  attention: false,
  busy: false,
  inHand: '',
}

async function fail(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  lease: Lease,
  state: ReceivingState,
  progress: Progress,
  error: GatewayError,
): Promise<void> {
  const { tenant, id } = mailbox
  const failures = state.failures + 1
  const now = deps.clock.now()
  const needsPerson = error.class === 'needs-reconnect' || error.class === 'needs-admin'
  // One refusal may be a bad moment of the server: a second one, later, decides (P-08).
  const unconfirmed = needsPerson && !(state.refusedAt > 0 && now - state.refusedAt >= confirmedAfterMs)
  const isMailbox = needsPerson ? !unconfirmed : error.class === 'permanent' && error.hint !== 'message'
  const attention = state.attention || isMailbox || failures >= breakerFailures
  const since = Number(lease.row['lastSuccessAt'] ?? 0)
  const told = attention && (await tellStopped(deps, mailbox, error, { since, toldBefore: state.attention }))
  await lease.release(
    await columnsOf(deps, mailbox, {
      cursor: progress.cursor ?? '',
      source: sourceOf(mailbox),
      lastMailAt: progress.handedOver > 0 ? now : state.lastMailAt,
      failures,
      code: error.code,
      problem: error.description.slice(0, 500),
      refusedAt: needsPerson ? state.refusedAt || now : state.refusedAt,
      attention,
      busy: false,
      inHand: '',
      aside: progress.aside,
      // Without a saved list nothing is owed twice: actions at the server are repeatable.
      owed: [...new Set([...state.owed, ...progress.owed])],
      resyncSince: progress.resyncSince,
    }),
  )
  const { retryAfterMs } = error
  const history = { now, lastMailAt: state.lastMailAt, failures, failed: error.class, unconfirmed, more: false }
  const dueAt = nextPollAt(retryAfterMs === undefined ? history : { ...history, retryAfterMs }, deps.settings)
  await setDue(deps, 'poll', tenant, id, dueAt)
  if (!told && failures > 1 && state.code === error.code) return
  await writeLog(deps, 'receivinglog', {
    tenant,
    mailboxId: id,
    outcome: 'failed',
    handedOver: progress.handedOver,
    failures,
    code: error.code,
    class: error.class,
    description: error.description,
    remedy: error.remedy,
    peerLine: error.peerLine,
    failed: true,
  })
}
