/**
 * What a due hint is worth. The journal row decides: a mail to send, a trace of a worker that died, or nothing. A dead
 * worker's `sending` never left and starts over; its `handing-over` may have left and becomes unknown, as soon as its
 * hand-over cannot be under way any more: a worker that was told to go may still be finishing it.
 */
import { GatewayError, RowChangedError } from '../../errors.js'
import { finalStates } from '../../model/mail.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { handOverMs } from '../../rows/lane.js'
import { findMail, type JournalEntry, stepMail } from '../../rows/mails.js'
import { type Hint, removeHint, staleHintMs } from '../../rows/outbox.js'
import { attemptOf, cleanUpFinal, finishMail, handOverInterrupted, markUnknown } from './record-outcome.js'

export type DueMail =
  | { kind: 'send'; entry: JournalEntry }
  | { kind: 'resolve'; entry: JournalEntry }
  /**
   * `isMissing`: the journal does not know the mail. `until`: it may be under way before that time, in milliseconds.
   */
  | { kind: 'nothing'; isMissing?: boolean; until?: number }

const nothing: DueMail = { kind: 'nothing' }

export async function pickMail(deps: Toolbox, tenant: string, hint: Hint): Promise<DueMail> {
  const entry = await findMail(deps, tenant, hint.mailId)
  const now = deps.clock.now()
  const old = now - hint.at > staleHintMs
  // An acceptance in progress or interrupted, or worse: the check of the balance finds out.
  if (entry === undefined) return { kind: 'nothing', isMissing: true }
  if (entry.newer) return nothing
  const { mail } = entry
  if (mail.outboxKey !== hint.key || mail.mailboxId !== hint.mailboxId) {
    // Either a move in progress or the trace of one that was interrupted.
    if (old) await removeHint(deps, { tenant, mailboxId: hint.mailboxId }, hint.key)
    return nothing
  }
  if (finalStates.has(mail.state)) {
    await cleanUpFinal(deps, mail)
    return nothing
  }
  if (mail.held) return nothing
  try {
    switch (mail.state) {
      case 'queued':
      case 'waiting':
        if (now >= mail.deadline) await expire(deps, entry)
        return now >= mail.deadline || mail.notBefore > now ? nothing : { kind: 'send', entry }
      case 'sending':
        return { kind: 'send', entry: await stepMail(deps, entry, { state: 'queued', claim: '' }) }
      case 'handing-over':
        if (now < mail.handedAt + handOverMs) return { kind: 'nothing', until: mail.handedAt + handOverMs }
        return { kind: 'resolve', entry: await markUnknown(deps, entry, attemptOf(now, interrupted())) }
      case 'unknown':
        return { kind: 'resolve', entry }
      default:
        return nothing
    }
  } catch (error) {
    if (error instanceof RowChangedError) return nothing
    throw error
  }
}

const interrupted = (): GatewayError =>
  new GatewayError(handOverInterrupted, 'transient', {
    outcome: 'unknown',
    description: 'The worker ended while it was handing the mail over.',
    remedy: 'The gateway checks whether the mail was sent.',
  })

/** Gives up a mail past its deadline. */
export async function expire(deps: Toolbox, entry: JournalEntry): Promise<void> {
  const last = entry.mail.history.at(-1)
  const error = new GatewayError('deadline_passed', 'permanent', {
    description: `The mail could not be sent before its deadline.${last ? ` Last error: ${last.text}` : ''}`,
    remedy: last?.remedy || 'Correct the cause, then retry the mail.',
    ...(last?.reply ? { peerLine: last.reply } : {}),
  })
  await finishMail(deps, entry, { state: 'failed', attempt: attemptOf(deps.clock.now(), error) })
}
