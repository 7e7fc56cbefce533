/**
 * The lane: the row whose lease one worker holds while it drains a mailbox, with the gate (closed when someone must
 * act), a pause (the peer asked us to wait), and the counters of the peer's limits. Table `mailboxes`, partition
 * `T~{mailbox}`, row `lane~0`. People and other flows change the gate without the lease, so the holder tolerates a
 * changed ETag as long as the fence is still its own.
 */
import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { MailboxRef } from '../model/mailbox.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { changeRow } from './change-row.js'
import { columnsOf } from './columns.js'
import { type Lease, takeLease } from './lease.js'
import { findMailbox, mailboxPartition } from './mailboxes.js'

export const laneKey = 'lane~0'
/** Longest single hand-over; the lease always outlasts it. */
export const handOverMs = 120_000
export const leaseMs = 240_000
/** From the signal that this instance goes: longer than the platform then lets it live (stop-work.ts). */
export const leavingMs = 15_000
/**
 * A mail leaves at most so long after its journal was begun, or after a look that found its mailbox there and the lane
 * leased. Who removes a mailbox waits longer (`whileLeased`).
 */
const lookLastsMs = 5_000

/** Its columns; times in milliseconds, 0 for never. */
export interface LaneColumns {
  gate: 'open' | 'closed'
  /** Code of the error that closed it. */
  gateCode: string
  /** The same in words. */
  gateReason: string
  gateSince: number
  /** A closed gate lets one probe through then. */
  gateUntil: number
  /** When somebody who did not hold the lane opened it. */
  gateOpenedAt: number
  /** Nothing is tried before. */
  pausedUntil: number
  /** Consecutive failures of the peer, not of a mail. */
  failures: number
  /** The latest of them in words. */
  failure: string
  /** Mails refused permanently since the last one that was taken. */
  refused: number
  /** The latest refusal in words. */
  refusal: string
  refusedAt: number
  /** Code of the refusal that people were told of; empty when they were told of none. */
  refusedCode: string
  minuteStart: number
  minuteMails: number
  dayStart: number
  dayRecipients: number
  /** The latest mail that was taken. */
  lastSuccess: number
  leaseUntil: number
  fence: number
}

/** As read. */
export interface Lane extends LaneColumns, MailboxRef {
  row: Row
}

/** Of a mailbox that never sent, an open lane that nobody holds. */
export function laneColumns(row: Row | undefined): LaneColumns {
  const { text, number } = columnsOf(row)
  return {
    gate: text('gate') === 'closed' ? 'closed' : 'open',
    gateCode: text('gateCode'),
    gateReason: text('gateReason'),
    gateSince: number('gateSince'),
    gateUntil: number('gateUntil'),
    gateOpenedAt: number('gateOpenedAt'),
    pausedUntil: number('pausedUntil'),
    failures: number('failures'),
    failure: text('failure'),
    refused: number('refused'),
    refusal: text('refusal'),
    refusedAt: number('refusedAt'),
    refusedCode: text('refusedCode'),
    minuteStart: number('minuteStart'),
    minuteMails: number('minuteMails'),
    dayStart: number('dayStart'),
    dayRecipients: number('dayRecipients'),
    lastSuccess: number('lastSuccess'),
    leaseUntil: number('leaseUntil'),
    fence: number('fence'),
  }
}

/** Time from which the lane may be drained; 0 for now, Infinity while the gate stays closed until somebody opens it. */
export function laneOpensAt(lane: LaneColumns, now: number): number {
  const gate = lane.gate === 'open' ? 0 : lane.gateUntil === 0 ? Number.POSITIVE_INFINITY : lane.gateUntil
  const at = Math.max(gate, lane.pausedUntil)
  return at <= now ? 0 : at
}

/** `undefined` for a mailbox that never sent. */
export async function findLane(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<Lane | undefined> {
  const row = await deps.tables.get(deps.names.table('mailboxes'), mailboxPartition(tenant, mailboxId), laneKey)
  return row && { ...laneColumns(row), tenant, mailboxId, row }
}

/** Made when there is none yet. */
export async function readLane(deps: Toolbox, ref: MailboxRef): Promise<Lane> {
  const known = await findLane(deps, ref)
  if (known) return known
  const key = { partitionKey: mailboxPartition(ref.tenant, ref.mailboxId), rowKey: laneKey }
  try {
    await deps.tables.insert(deps.names.table('mailboxes'), { ...key, v: 1, gate: 'open', fence: 0, leaseUntil: 0 })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
  }
  const { tenant, mailboxId } = ref
  return (await findLane(deps, ref)) ?? { ...laneColumns(undefined), tenant, mailboxId, row: key }
}

/** Changes the lane without holding it, as its holder may do at the same moment. */
export async function changeLane(
  deps: Toolbox,
  ref: MailboxRef,
  change: (lane: Lane) => LaneChange | undefined,
): Promise<void> {
  await changeRow(async () => {
    const lane = await readLane(deps, ref)
    const columns = change(lane)
    if (columns === undefined) return
    const { partitionKey, rowKey, etag = '' } = lane.row
    await deps.tables.update(deps.names.table('mailboxes'), { ...columns, partitionKey, rowKey }, etag)
  })
}

/** Of the lease only its end: whoever holds it is known by the fence. */
export type LaneChange = Partial<LaneColumns & { leaseOwner: '' }>

async function isStillWanted(deps: Toolbox, leased: LeasedLane): Promise<boolean> {
  const [mailbox, lane] = await Promise.all([
    findMailbox(deps, leased.tenant, leased.mailboxId),
    findLane(deps, leased),
  ])
  return mailbox?.active === true && lane?.fence === leased.fence
}

/**
 * For a mailbox that was switched off because it goes: `take` takes away what has not left, again and again while a
 * worker holds the lane and could go by what it saw before. Afterwards nothing of the mailbox leaves any more: a worker
 * that stands still for longer looks first (C6).
 */
export async function whileLeased(
  deps: Toolbox,
  { tenant, id }: { tenant: string; id: string },
  take: () => Promise<unknown>,
): Promise<void> {
  const until = deps.clock.now() + lookLastsMs + 1_000
  const isLeased = async (): Promise<boolean> => {
    const lane = await findLane(deps, { tenant, mailboxId: id })
    return (lane?.leaseUntil ?? 0) > (await deps.tables.serverNow())
  }
  while (deps.clock.now() < until && (await isLeased())) {
    await take()
    await deps.clock.sleep(250)
  }
}

/** A leased lane as the drain uses it. */
export interface LeasedLane {
  tenant: string
  mailboxId: string
  fence: number
  claim: string
  state: LaneColumns
  /** A mail is being handed over: it is finished, even when this instance is stopping. */
  handing: boolean
  /** Room for one more hand-over; renews when needed, false when the lane was lost or its gate closed by others. */
  ready(): Promise<boolean>
  /**
   * Looks, unless `lookedAt` (milliseconds) was a moment ago: a worker may have stood still. False when the mailbox was
   * switched off or removed meanwhile, or another worker holds the lane.
   */
  isWanted(lookedAt: number): Promise<boolean>
  /**
   * This instance goes: the lease ends soon, whether or not somebody is left to release it. False: the lane was lost.
   */
  cutShort(): Promise<boolean>
  /** Columns written with the next renewal or the release. */
  note(columns: Partial<LaneColumns>): void
  /** False when the gate was to be closed but somebody opened it while the lane was leased. */
  release(): Promise<boolean>
}

/** The lane as just read; `undefined` when somebody else holds it. */
export async function takeLane(deps: Toolbox, { tenant, mailboxId, row }: Lane): Promise<LeasedLane | undefined> {
  const taken = await takeLease(deps, { table: deps.names.table('mailboxes'), row, durationMs: leaseMs })
  if (taken === undefined) return undefined
  const lease: Lease = taken
  const takenAt = deps.clock.now()
  let noted: Partial<LaneColumns> = {}
  const renew = async (ms: number): Promise<boolean> => {
    try {
      await lease.renew(ms)
      return true
    } catch (error) {
      if (error instanceof RowChangedError) return false
      throw error
    }
  }
  const lane: LeasedLane = {
    tenant,
    mailboxId,
    fence: lease.fence,
    claim: `${laneKey}:${lease.fence}`,
    state: laneColumns(lease.row),
    handing: false,
    ready: async () => lease.remainingMs() > handOverMs || (!deps.stopping.aborted && renew(leaseMs)),
    cutShort: () => renew(leavingMs),
    async isWanted(lookedAt) {
      let at = lookedAt
      for (let looks = 0; deps.clock.now() - at > lookLastsMs; looks++) {
        if (looks === 3) return false
        at = deps.clock.now()
        if (!(await isStillWanted(deps, lane))) return false
      }
      return true
    },
    note(columns) {
      noted = { ...noted, ...columns }
    },
    async release() {
      let overruled = false
      const ending = (now: LaneColumns): LaneChange => {
        const isOpened = now.gateOpenedAt >= takenAt
        overruled = noted.gate === 'closed' && isOpened
        // Whoever opened it removed the card too: the next refusal must raise it again.
        const untold = isOpened && 'refusedCode' in noted ? { refusedCode: '' } : {}
        return { ...(overruled ? {} : { ...noted, ...untold }), leaseOwner: '', leaseUntil: 0 }
      }
      try {
        await lease.write(ending(laneColumns(lease.row)))
      } catch (error) {
        // The mailbox was removed, and its lane with it.
        if (error instanceof RowMissingError) return true
        if (!(error instanceof RowChangedError)) throw error
        // Others moved the gate meanwhile: the fence tells whether the lease is still ours to give back.
        await changeLane(deps, lane, (now) => (now.fence === lease.fence ? ending(now) : undefined))
      }
      return !overruled
    },
  }
  return lane
}
