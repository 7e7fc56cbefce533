/**
 * Journey 3, step 3: takes the mails after the cursor one by one, oldest first, and stores and hands over each. A mail
 * that cannot be taken is set aside (aside.ts) and the next one goes on; what stands aside is tried when the others are
 * done. What is in hand is written down before it can end the process: in a healthy poll that there is some, in one
 * write; after a poll that died also which, one mail at a time, so that the guilty one is known and no other is accused
 * (REL-25).
 */
import { asGatewayError, GatewayError, RowChangedError } from '../../errors.js'
import { sourceOf } from '../../model/transports.js'
import { noRoomCode } from '../../ports/bytes-in-hand.js'
import type { FetchedMail, FetchLimits, ReceiveSession } from '../../ports/receiver.js'
import { writeLog } from '../../rows/logs.js'
import { receivedId } from '../../rows/received.js'
import { actionOf } from './after-receive.js'
import { deathsAlone, isOfTheMail, longestAside, namesTheMail, newAside, refusalsOfServer, strikesOf } from './aside.js'
import type { Poll } from './poll.js'
import { type FailedMail, forgetQuarantined, quarantine } from './quarantine.js'
import { type KnownContent, knownContent } from './resync.js'
import { storeMail } from './store-mail.js'

/** In which a poll begins with another mail; the rest of its time is for what is in hand. */
const beginsWithinMs = 48_000
const longestOwed = 28_000

export async function fetchMails(poll: Poll, session: ReceiveSession, signal: AbortSignal): Promise<void> {
  const { deps, settings, mailbox, receiving, state, progress } = poll
  const acts = actionOf(settings, mailbox).action !== 'leave'
  let known: KnownContent | undefined
  let refusals = 0
  // The memory of this instance is in use: nobody's fault, the mail comes with the next poll.
  let waitsForRoom = false
  const limits: FetchLimits = { ...limitsOf(poll), mayTake, moved }
  // The first poll died, and nobody wrote down under which numbers it told its mails.
  if (state.busy && state.cursor === undefined) progress.resyncSince = deps.clock.now()
  if (!(await takeBehind(state.cursor))) return
  // A server that numbers anew in each session (RFC 4315 UIDNOTSTICKY) lets no later poll go on from here: mail that is
  // known does not use up this one.
  for (let before = 0; isAllKnown(before); ) {
    before = progress.duplicates
    if (!(await takeBehind(progress.cursor))) return
  }
  if (!progress.more) await takeAside()

  /** The latest listing had known mail, there is more of it, and this poll has room and time. */
  function isAllKnown(before: number): boolean {
    const { more, resynced, duplicates, handedOver, quarantined } = progress
    const isMoving = more && resynced && duplicates > before
    return isMoving && handedOver + quarantined < settings.mailsPerPoll && !isOver() && session.usable?.() !== false
  }

  /** One listing of the session; false when this poll is over. */
  async function takeBehind(cursor: string | undefined): Promise<boolean> {
    for await (const mail of session.fetch(cursor, limits)) {
      // After the time limit the row belongs to somebody else, whatever this lease says.
      signal.throwIfAborted()
      if (await mayTake([mail.serverId])) await takeOne(mail)
      // The session is at this mail already, which is not taken.
      if (waitsForRoom) {
        progress.more = true
        return false
      }
      progress.cursor = session.cursor()
      progress.more = isOver()
      if (progress.more) return false
    }
    noteResync()
    progress.cursor = session.cursor()
    progress.more = session.more()
    return true
  }

  function isOver(): boolean {
    const isFull = JSON.stringify(progress.owed).length > longestOwed
    const isLate = performance.now() - progress.startedAt > beginsWithinMs
    return waitsForRoom || deps.stopping.aborted || isLate || isFull
  }

  /** A page is done, with or without mail in it: whoever comes next begins behind it. */
  async function moved(cursor: string): Promise<boolean> {
    noteResync()
    signal.throwIfAborted()
    const { resyncSince, aside, owed } = progress
    await receiving.write({ cursor, source: sourceOf(mailbox), resyncSince, aside, owed })
    progress.cursor = cursor
    return !isOver()
  }

  function noteResync(): void {
    if (!session.resynced() || progress.resynced) return
    progress.resynced = true
    // Numbered anew once more before the last resync was over: what that one told is known by now.
    progress.resyncSince = deps.clock.now()
  }

  /** False for a mail that stands aside. */
  async function mayTake(serverIds: readonly string[]): Promise<boolean> {
    noteResync()
    const [serverId = ''] = serverIds
    const stands = progress.aside.find((one) => one.serverId === serverId)
    if (serverIds.length === 1 && stands !== undefined && !stands.listedOnly) return false
    if (!state.busy && progress.busy) return true
    await hold(state.busy ? serverId : '')
    return true
  }

  async function hold(serverId: string): Promise<void> {
    if (progress.busy && progress.inHand === serverId) return
    const { cursor = '', owed, aside, resyncSince } = progress
    // With source and cursor, so that a position of another server does not outlive a crash in the first poll here.
    const position = { source: sourceOf(mailbox), cursor, resyncSince }
    const beside = state.busy || serverId !== '' ? { inHand: serverId, aside, owed } : {}
    await receiving.write({ busy: true, ...position, ...beside })
    Object.assign(progress, { busy: true, inHand: serverId })
  }

  /** Each named before it is touched: one of them may be what ended the process. */
  async function takeAside(): Promise<void> {
    const due = progress.aside.filter(({ tryAt }) => tryAt <= deps.clock.now())
    for (const { serverId, deaths, listedOnly, askedAt } of due) {
      if (waitsForRoom) progress.more = true
      if (isOver() || session.usable?.() === false) return
      signal.throwIfAborted()
      // Not listed any more, or it would have struck again.
      if (listedOnly) {
        forget({ serverId })
        continue
      }
      const mail = session.one(serverId, limits)
      if (deaths >= deathsAlone)
        await setAside({ mail, reason: killedTheProcess(), fetchRaw: false, attempts: deaths, askedAt })
      else if (deaths === 0) await takeNamed(mail)
      // It may have ended a process: it is tried alone in this one, whatever mailbox it is in.
      else if (deps.memory.suspects === 0) {
        deps.memory.suspects++
        await takeNamed(mail).finally(() => deps.memory.suspects--)
      }
    }
  }

  async function takeNamed(mail: FetchedMail): Promise<void> {
    await hold(mail.serverId)
    await takeOne(mail)
  }

  async function takeOne(mail: FetchedMail): Promise<void> {
    try {
      if (progress.resyncSince > 0) known ??= await knownContent(deps, mailbox, progress.resyncSince)
      const isAsked = askedFor(mail) !== undefined
      const stored = await storeMail(deps, mailbox, { mail, known, isAsked, maxBytes: settings.maxMailBytes })
      if (stored === 'handed-over') progress.handedOver++
      if (stored === 'duplicate') progress.duplicates++
      if (acts && stored !== 'duplicate') progress.owed.push(mail.serverId)
      if (stored !== 'known') refusals = 0
      forget(mail)
    } catch (error) {
      if (error instanceof RowChangedError || signal.aborted) throw error
      const fault = asGatewayError(error)
      if (fault.code === 'mail_gone') {
        // Its owner removed it between the listing and the fetch: there is nothing to import, and the log says so.
        if (askedFor(mail) !== undefined) await forgetQuarantined(deps, mailbox, receivedId(mail.serverId))
        forget(mail)
        return noteGone(poll, mail, fault)
      }
      if (fault.code === noRoomCode) {
        waitsForRoom = true
        return
      }
      if (!isOfTheMail(fault)) throw fault
      await refused(mail, fault)
    }
  }

  async function refused(mail: FetchedMail, fault: GatewayError): Promise<void> {
    const now = deps.clock.now()
    const before = progress.aside.find((one) => one.serverId === mail.serverId)
    const { at, strikes, ...one } = before ?? newAside(mail.serverId, now)
    // The one more fact: another mail came, now or since this one was first refused.
    const isIts = namesTheMail(fault) || progress.handedOver + progress.duplicates > 0 || state.lastMailAt >= at
    const struck = strikes + (isIts || refusals === 0 ? 1 : 0)
    progress.fault = fault
    if (struck >= strikesOf(fault))
      await setAside({
        mail,
        reason: fault,
        fetchRaw: fault.code !== 'mail_too_large',
        attempts: struck,
        askedAt: before?.askedAt,
      })
    else {
      const tryAt = now + settings.pollMinMs
      const aside = progress.aside.filter((other) => other.serverId !== mail.serverId)
      aside.push({ ...one, at, strikes: struck, tryAt, code: fault.code, ...(mail.listedOnly && { listedOnly: true }) })
      // No room left: it waits before the cursor, and the mails behind it too.
      if (JSON.stringify(aside).length > longestAside) throw fault
      progress.aside = aside
      if (before === undefined) await noteAside(poll, mail, fault)
      if (mail.listedOnly) throw fault
    }
    if (isIts) return
    refusals++
    // Nothing could be read in this poll, or the connection went with the mail: that may be the server.
    if (refusals >= refusalsOfServer || session.usable?.() === false) throw fault
  }

  async function setAside(failed: FailedMail): Promise<void> {
    await quarantine(deps, mailbox, failed)
    forget(failed.mail)
    progress.quarantined++
  }

  function askedFor({ serverId }: Pick<FetchedMail, 'serverId'>): number | undefined {
    return progress.aside.find((one) => one.serverId === serverId)?.askedAt
  }

  function forget({ serverId }: Pick<FetchedMail, 'serverId'>): void {
    progress.aside = progress.aside.filter((one) => one.serverId !== serverId)
  }
}

function limitsOf({ deps, settings, state }: Poll): FetchLimits {
  const { mailsPerPoll, maxMailBytes, firstSyncDays } = settings
  const day = 24 * 3_600_000
  const first = deps.clock.now() - firstSyncDays * day
  // After a long outage the window reaches back to where mail was last seen (P-15).
  const since = state.lastMailAt > 0 ? Math.min(first, state.lastMailAt - day) : first
  const alone = state.failures > 0 || state.busy || state.aside.length > 0
  return { maxMails: mailsPerPoll, maxBytes: maxMailBytes, since, alone }
}

async function noteGone(
  { deps, mailbox }: Poll,
  mail: FetchedMail,
  { code, class: errorClass, description, remedy }: GatewayError,
): Promise<void> {
  const about = { tenant: mailbox.tenant, mailboxId: mailbox.id, receivedId: receivedId(mail.serverId) }
  const why = { code, class: errorClass, description, remedy }
  await writeLog(deps, 'receivinglog', { ...about, outcome: 'gone', ...why })
}

/** Once per mail: it is tried again beside the others. */
async function noteAside(
  { deps, mailbox }: Poll,
  mail: FetchedMail,
  { code, class: errorClass, description, remedy, peerLine }: GatewayError,
): Promise<void> {
  const about = { tenant: mailbox.tenant, mailboxId: mailbox.id, receivedId: receivedId(mail.serverId) }
  const why = { code, class: errorClass, description, remedy, peerLine }
  await writeLog(deps, 'receivinglog', { ...about, outcome: 'set-aside', ...why, failed: true })
}

function killedTheProcess(): GatewayError {
  return new GatewayError('mail_killed_poll', 'permanent', {
    description: `The gateway stopped ${deathsAlone} times while it was processing this mail and no other mail of the mailbox.`,
    remedy:
      'Read it in the mailbox itself. Once the cause is removed, import it; if it stops the gateway again, report it.',
  })
}
