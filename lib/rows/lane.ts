/**
 * The lane: the row whose lease one worker holds while it drains a mailbox, with the gate (closed when someone must
 * act), a pause (the peer asked us to wait), and the counters of the peer's limits. People and other flows change the
 * gate without the lease, so the holder tolerates a changed ETag as long as the fence is still its own.
 */
import { RowChangedError, RowExistsError, RowMissingError } from '../errors.js'
import type { Row } from '../ports/tables.js'
import type { Toolbox } from '../ports/toolbox.js'
import { type Lease, takeLease } from './lease.js'
import { fromRow, mailboxPartition, mailboxRowKey } from './mailboxes.js'

export const laneKey = 'lane~0'
/** Longest single hand-over; the lease always outlasts it. */
export const handOverMs = 120_000
export const leaseMs = 240_000
/** From the signal that this instance goes: longer than the platform then lets it live (stop-work.ts). */
export const leavingMs = 15_000
/**
 * A mail leaves at most so long after its journal was begun, or after a look that found its mailbox there and the lane
 * held. Who removes a mailbox waits longer (`whileHeld`).
 */
const lookLastsMs = 5_000

export interface LaneState {
  gateOpen: boolean
  /** Milliseconds: a closed gate lets one probe through then; 0 for never. */
  gateUntil: number
  /** Milliseconds: when the gate closed. */
  gateSince: number
  /** Milliseconds: nothing is tried before. */
  pausedUntil: number
  /** Consecutive failures of the peer, not of a mail. */
  failures: number
  /** Mails refused permanently since the last one that was taken. */
  refused: number
  /** Code of the refusal that people were told of; empty when they were told of none. */
  refusedCode: string
  minuteStart: number
  minuteMails: number
  dayStart: number
  dayRecipients: number
}

export function laneState(row: Row | undefined): LaneState {
  const number = (column: string): number => Number(row?.[column] ?? 0)
  return {
    gateOpen: row?.['gate'] !== 'closed',
    gateUntil: number('gateUntil'),
    gateSince: number('gateSince'),
    pausedUntil: number('pausedUntil'),
    failures: number('failures'),
    refused: number('refused'),
    refusedCode: String(row?.['refusedCode'] ?? ''),
    minuteStart: number('minuteStart'),
    minuteMails: number('minuteMails'),
    dayStart: number('dayStart'),
    dayRecipients: number('dayRecipients'),
  }
}

/** Time from which the lane may be drained; 0 for now, Infinity while the gate stays closed until somebody opens it. */
export function laneOpensAt(lane: LaneState, now: number): number {
  const gate = lane.gateOpen ? 0 : lane.gateUntil === 0 ? Number.POSITIVE_INFINITY : lane.gateUntil
  const at = Math.max(gate, lane.pausedUntil)
  return at <= now ? 0 : at
}

export async function readLane(deps: Toolbox, tenant: string, mailboxId: string): Promise<Row> {
  const table = deps.names.table('mailboxes')
  const partitionKey = mailboxPartition(tenant, mailboxId)
  const known = await deps.tables.get(table, partitionKey, laneKey)
  if (known) return known
  try {
    await deps.tables.insert(table, { partitionKey, rowKey: laneKey, v: 1, gate: 'open', fence: 0, leaseUntil: 0 })
  } catch (error) {
    if (!(error instanceof RowExistsError)) throw error
  }
  return (await deps.tables.get(table, partitionKey, laneKey)) ?? { partitionKey, rowKey: laneKey }
}

/** Changes the lane without holding it; the last word of a few tries counts. */
export async function changeLane(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  change: (row: Row) => Omit<Row, 'partitionKey' | 'rowKey'> | undefined,
): Promise<void> {
  for (let tries = 0; ; tries++) {
    const row = await readLane(deps, tenant, mailboxId)
    const columns = change(row)
    if (columns === undefined) return
    try {
      const { partitionKey, rowKey } = row
      await deps.tables.update(deps.names.table('mailboxes'), { ...columns, partitionKey, rowKey }, row.etag ?? '')
      return
    } catch (error) {
      if (!(error instanceof RowChangedError) || tries >= 9) throw error
    }
  }
}

async function isStillWanted(deps: Toolbox, { tenant, mailboxId, fence }: HeldLane): Promise<boolean> {
  const mailboxes = deps.names.table('mailboxes')
  const partition = mailboxPartition(tenant, mailboxId)
  const [mailbox, lane] = await Promise.all([
    deps.tables.get(mailboxes, partition, mailboxRowKey),
    deps.tables.get(mailboxes, partition, laneKey),
  ])
  return mailbox !== undefined && fromRow(mailbox).active && lane?.['fence'] === fence
}

/**
 * For a mailbox that was switched off because it goes: `take` takes away what has not left, again and again while a
 * worker holds the lane and could go by what it saw before. Afterwards nothing of the mailbox leaves any more: a worker
 * that stands still for longer looks first (C6).
 */
export async function whileHeld(
  deps: Toolbox,
  { tenant, id }: { tenant: string; id: string },
  take: () => Promise<unknown>,
): Promise<void> {
  const until = deps.clock.now() + lookLastsMs + 1_000
  const isHeld = async (): Promise<boolean> => {
    const lane = await deps.tables.get(deps.names.table('mailboxes'), mailboxPartition(tenant, id), laneKey)
    return Number(lane?.['leaseUntil'] ?? 0) > (await deps.tables.serverNow())
  }
  while (deps.clock.now() < until && (await isHeld())) {
    await take()
    await deps.clock.sleep(250)
  }
}

/** A held lane as the drain uses it. */
export interface HeldLane {
  tenant: string
  mailboxId: string
  fence: number
  claim: string
  state: LaneState
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
  note(columns: Omit<Row, 'partitionKey' | 'rowKey'>): void
  /** False when the gate was to be closed but somebody opened it while the lane was held. */
  release(): Promise<boolean>
}

export async function takeLane(
  deps: Toolbox,
  tenant: string,
  mailboxId: string,
  row: Row,
): Promise<HeldLane | undefined> {
  const taken = await takeLease(deps.tables, deps.names.table('mailboxes'), row, deps.worker, leaseMs)
  if (taken === undefined) return undefined
  const lease: Lease = taken
  const takenAt = deps.clock.now()
  let noted: Omit<Row, 'partitionKey' | 'rowKey'> = {}
  const renew = async (ms: number): Promise<boolean> => {
    try {
      await lease.renew(ms)
      return true
    } catch (error) {
      if (error instanceof RowChangedError) return false
      throw error
    }
  }
  const lane: HeldLane = {
    tenant,
    mailboxId,
    fence: lease.fence,
    claim: `${laneKey}:${lease.fence}`,
    state: laneState(lease.row),
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
      const ending = (now: Row) => {
        const isOpened = Number(now['gateOpenedAt'] ?? 0) >= takenAt
        overruled = noted['gate'] === 'closed' && isOpened
        // Whoever opened it removed the card too: the next refusal must raise it again.
        const untold = isOpened && 'refusedCode' in noted ? { refusedCode: '' } : {}
        return { ...(overruled ? {} : { ...noted, ...untold }), leaseOwner: '', leaseUntil: 0 }
      }
      try {
        await lease.write(ending(lease.row))
      } catch (error) {
        // The mailbox was removed, and its lane with it.
        if (error instanceof RowMissingError) return true
        if (!(error instanceof RowChangedError)) throw error
        // Others moved the gate meanwhile: the fence tells whether the lease is still ours to give back.
        await changeLane(deps, tenant, mailboxId, (now) => (now['fence'] === lease.fence ? ending(now) : undefined))
      }
      return !overruled
    },
  }
  return lane
}
