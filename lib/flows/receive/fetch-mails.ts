/**
 * Journey 3, step 3: takes the mails after the cursor one by one, oldest first, and stores and hands over each. The
 * cursor moves in memory only behind mails that are done, and reaches the row when the poll ends, well or badly. A mail
 * that fails gets a strike and ends the poll; the second strike (fifth, when waiting may help) quarantines it and the next
 * mail goes on. After a poll that died the mail in hand is written down first, and a mail that killed the process is not
 * touched again (REL-25).
 */
import { asGatewayError, GatewayError, RowChangedError } from '../../errors.js'
import type { Mailbox } from '../../model/mailbox.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../../ports/receiver.js'
import type { Lease } from '../common/lease.js'
import { writeLog } from '../common/log-row.js'
import { actionOf } from './after-receive.js'
import { quarantine } from './quarantine.js'
import type { ReceiveDependencies } from './receive-dependencies.js'
import { receivedId } from './received-rows.js'
import { columnsOf, type ReceivingState, sourceOf } from './receiving-state.js'
import { type KnownContent, knownContent } from './resync.js'
import { storeMail } from './store-mail.js'

/** Time a poll keeps for its last writes. */
const reserveMs = 12_000
const longestOwed = 28_000

/** What a poll did so far; filled while it runs, so that a failure loses nothing. */
export interface Progress {
  cursor: string | undefined
  handedOver: number
  quarantined: number
  duplicates: number
  resynced: boolean
  resyncSince: number
  more: boolean
  busy: boolean
  suspect: string
  strikes: number
  owed: string[]
}

export async function fetchMails(
  deps: ReceiveDependencies,
  mailbox: Mailbox,
  lease: Lease,
  session: ReceiveSession,
  state: ReceivingState,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const acts = actionOf(deps, mailbox).action !== 'leave'
  let known: KnownContent | undefined
  const limits = { ...limitsOf(deps, state), moved }
  // The first poll died, and nobody wrote down under which numbers it told its mails.
  if (state.busy && state.cursor === undefined) progress.resyncSince = deps.clock.now()
  for await (const mail of session.fetch(state.cursor, limits)) {
    noteResync()
    if (progress.resyncSince > 0) known ??= await knownContent(deps, mailbox, progress.resyncSince)
    // After the time limit the row belongs to somebody else, whatever this lease says.
    signal.throwIfAborted()
    const id = receivedId(mail.serverId)
    if (!progress.busy) {
      // With source and cursor, so that a position of another server does not outlive a crash in the first poll here.
      const { resyncSince } = progress
      const position = { source: sourceOf(mailbox), cursor: progress.cursor ?? '' }
      await lease.write(await columnsOf(deps, mailbox, { busy: true, resyncSince, ...position }))
      progress.busy = true
    }
    if (state.busy && state.suspect === id) {
      await quarantine(deps, mailbox, mail, killedTheProcess(), { fetchRaw: false, attempts: 2 })
      progress.quarantined++
    } else {
      if (state.busy) await lease.write({ suspect: id, strikes: 1 })
      await takeOne(mail, id)
    }
    progress.cursor = session.cursor()
    if (!hasTime() || JSON.stringify(progress.owed).length > longestOwed) {
      progress.more = true
      return
    }
  }
  noteResync()
  progress.cursor = session.cursor()
  progress.more = session.more()

  function hasTime(): boolean {
    return !deps.stopping.aborted && lease.remainingMs() >= reserveMs
  }

  /** A page is done, with or without mail in it: whoever comes next begins behind it. */
  async function moved(cursor: string): Promise<boolean> {
    noteResync()
    signal.throwIfAborted()
    const { resyncSince } = progress
    await lease.write(await columnsOf(deps, mailbox, { cursor, source: sourceOf(mailbox), resyncSince }))
    progress.cursor = cursor
    return hasTime()
  }

  function noteResync(): void {
    if (!session.resynced() || progress.resynced) return
    progress.resynced = true
    // Numbered anew once more before the last resync was over: what that one told is known by now.
    progress.resyncSince = deps.clock.now()
  }

  async function takeOne(mail: FetchedMail, id: string): Promise<void> {
    try {
      const stored = await storeMail(deps, mailbox, mail, known)
      if (stored === 'handed-over') progress.handedOver++
      if (stored === 'duplicate') progress.duplicates++
      if (acts && stored !== 'duplicate') progress.owed.push(mail.serverId)
    } catch (error) {
      if (error instanceof RowChangedError || signal.aborted) throw error
      const fault = asGatewayError(error)
      // Its owner removed it between the listing and the fetch: there is nothing to import, and the log says so.
      if (fault.code === 'mail_gone') return noteGone(deps, mailbox, id, fault)
      if (!isOfTheMail(fault)) throw fault
      progress.strikes = (progress.suspect === id ? progress.strikes : 0) + 1
      progress.suspect = id
      if (progress.strikes < strikesOf(fault)) throw fault
      await quarantine(deps, mailbox, mail, fault, {
        fetchRaw: fault.code !== 'mail_too_large',
        attempts: progress.strikes,
      })
      progress.quarantined++
    }
  }
}

function limitsOf(deps: ReceiveDependencies, state: ReceivingState): FetchLimits {
  const { mailsPerPoll, maxMailBytes, firstSyncDays } = deps.settings
  const day = 24 * 3_600_000
  const first = deps.clock.now() - firstSyncDays * day
  // After a long outage the window reaches back to where mail was last seen (P-15).
  const since = state.lastMailAt > 0 ? Math.min(first, state.lastMailAt - day) : first
  return { maxMails: mailsPerPoll, maxBytes: maxMailBytes, since, alone: state.failures > 0 }
}

async function noteGone(
  deps: ReceiveDependencies,
  { tenant, id: mailboxId }: Mailbox,
  receivedId: string,
  { code, class: errorClass, description, remedy }: GatewayError,
): Promise<void> {
  const why = { code, class: errorClass, description, remedy }
  await writeLog(deps, 'receivinglog', { tenant, mailboxId, receivedId, outcome: 'gone', ...why })
}

/** Storage, vault and sign-in faults are nobody's mail. */
function isOfTheMail({ class: errorClass, code }: GatewayError): boolean {
  return (errorClass === 'transient' || errorClass === 'permanent') && !/^(storage|vault)_/.test(code)
}

function strikesOf({ class: errorClass, code }: GatewayError): number {
  if (code === 'mail_too_large') return 1
  return errorClass === 'permanent' || code === 'unexpected' ? 2 : 5
}

function killedTheProcess(): GatewayError {
  return new GatewayError('mail_killed_poll', 'permanent', {
    description: 'The gateway stopped twice while it had this mail in hand.',
    remedy: 'Read it in the mailbox itself and report it to the operator.',
  })
}
