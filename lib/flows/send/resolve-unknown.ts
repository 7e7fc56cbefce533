/**
 * A mail whose hand-over was interrupted may or may not have left. Evidence first: the transport's own look-up (Graph:
 * the draft, then Sent Items), then the Sent folder by Message-ID. A Message-ID found there proves it was sent; one not
 * found proves nothing. A server that lost its answer may still be at work, so a live worker asks a minute later; a
 * draft that could still leave is stopped, and looked at once more before it counts as not sent (C5, decision 28).
 * Without evidence, also where a grant lets it only send, the mail's own policy decides: `resend` once with the same Message-ID, or `stop` for a person
 * (REL-03, P-09). A look-up that fails for now is repeated until the mail's deadline. What was found is told with the
 * mail.
 */
import { asGatewayError } from '../../errors.js'
import type { Mail } from '../../model/mail.js'
import type { SendEvidence } from '../../ports/sender.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { backoffMs } from '../../protocol/backoff.js'
import { clearAttention } from '../../rows/attention.js'
import { handOverMs } from '../../rows/lane.js'
import { type JournalEntry, moveMail } from '../../rows/mails.js'
import { hintKey } from '../../rows/outbox.js'
import { findSent } from './find-sent.js'
import {
  attemptOf,
  deferMail,
  explained,
  finishMail,
  handOverInterrupted,
  leaveUnknown,
  openRecipients,
} from './record-outcome.js'
import type { SendRoute } from './send-route.js'

interface Finding {
  evidence: SendEvidence
  /** One sentence for people. */
  text: string
}

/** What a peer whose answer got lost is given to finish its work before it is asked. */
export const settleMs = 60_000

/** How long after its answer got lost a send may still be carried out; one that came a minute late was seen. */
export const latestSendMs = 300_000
/** After a dead worker's lease at least two minutes have passed since its hand-over. */
const stoppedMs = 30_000

/** The answer to a hand-over got lost a moment ago; `entry` is `unknown`. */
export async function answerLost(deps: Toolbox, route: SendRoute, entry: JournalEntry): Promise<void> {
  if (canLookUp(route)) return lookAgain(deps, entry, deps.clock.now() + settleMs)
  return resolveUnknown(deps, route, entry)
}

/** `entry` is `unknown`; the last line of its history tells how it became so. */
export async function resolveUnknown(deps: Toolbox, route: SendRoute, entry: JournalEntry): Promise<void> {
  const now = deps.clock.now()
  const { mail } = entry
  const inTime = now < mail.deadline
  let finding: Finding
  try {
    finding = await lookUp(deps, route, mail)
  } catch (error) {
    const problem = asGatewayError(error)
    if (inTime) return lookAgain(deps, entry, retryAt(deps, mail, problem.retryAfterMs))
    finding = { evidence: 'undecided', text: `The gateway could not search the mailbox: ${problem.description}` }
  }
  const { evidence, text } = finding
  if (evidence === 'sent') {
    const attempt = attemptOf(now, { code: 'sent', text: `The hand-over was interrupted. ${text}` })
    const delivered = [...mail.delivered, ...openRecipients(mail)]
    await finishMail(deps, entry, { state: 'sent', attempt, delivered })
    await clearAttention(deps, { tenant: mail.tenant, kind: 'mail-unknown', id: mail.id })
  } else if (evidence === 'stopped') await lookAgain(deps, entry, stoppedUntil(mail, now))
  else if (evidence === 'not-sent') await again(deps, entry, { text })
  else if (mail.whenUnknown === 'resend' && !mail.resent && inTime)
    await again(deps, entry, { text: `${text} The gateway sends it once more, as the mail asks.`, resent: true })
  else {
    const once = mail.resent
      ? ' It has already been sent twice, so the gateway does not send it again automatically.'
      : ''
    await leaveUnknown(deps, entry, text + once)
  }
}

const workerDied = (mail: Mail): boolean => mail.history.at(-1)?.code === handOverInterrupted

/** When a draft that was stopped just now tells for certain. */
function stoppedUntil(mail: Mail, now: number): number {
  if (workerDied(mail)) return now + stoppedMs
  const lostAt = Date.parse(mail.history.at(-1)?.at ?? '') || now
  return Math.max(lostAt + latestSendMs, now + settleMs)
}

const canLookUp = ({ sender, mailbox }: SendRoute): boolean =>
  sender.lookUp !== undefined || mailbox.receive.transport !== 'none'

async function lookUp(deps: Toolbox, route: SendRoute, mail: Mail): Promise<Finding> {
  const { sender, mailbox } = route
  // A copy in the Sent folder may be that of the attempt that reached the others.
  const isPartly = mail.delivered.length > 0
  let looked = sender.lookUp !== undefined
  let why = 'cannot read the Sent folder of this mailbox.'
  if (sender.lookUp) {
    const evidence = mail.draftId === '' ? {} : { draftId: mail.draftId }
    const signal = AbortSignal.timeout(handOverMs)
    const { messageId } = mail
    const answer = await sender.lookUp(route.target, route.authority, { messageId, evidence, signal })
    if (answer === 'sent' && !isPartly) return { evidence: answer, text: 'The mailbox shows the mail as sent.' }
    if (answer === 'stopped') return { evidence: answer, text: 'The mailbox contains the mail as a draft.' }
    if (answer === 'unreadable') {
      looked = false
      why = 'may not read the Sent folder of this mailbox, so it cannot look up whether the mail was sent.'
    }
    if (answer === 'not-sent') return { evidence: answer, text: 'The mailbox shows that the mail had not been sent.' }
  }
  if (isPartly)
    return {
      evidence: 'undecided',
      text: 'Some recipients have the mail from an earlier attempt, so the Sent folder says nothing about the rest.',
    }
  const found = await findSent(deps, mailbox, mail.messageId)
  if (found === true) return { evidence: 'sent', text: 'The mail is in the Sent folder.' }
  const text =
    looked || found === false
      ? 'The mail is not in the Sent folder, which does not prove that it was not sent.'
      : `The gateway ${why}`
  return { evidence: 'undecided', text }
}

/** Another hand-over, at once after a worker that died; not so when a server lost an answer, it may lose the next. */
async function again(
  deps: Toolbox,
  entry: JournalEntry,
  { text, ...changes }: { text: string; resent?: true },
): Promise<void> {
  const now = deps.clock.now()
  const at = workerDied(entry.mail)
    ? now
    : Math.min(retryAt(deps, entry.mail, undefined), Math.max(entry.mail.deadline, now))
  const { before, attempt } = explained(entry, { text, remedy: 'Nobody has to act.', hint: '' })
  await deferMail(deps, before, { ...changes, until: at, attempt })
  await clearAttention(deps, { tenant: entry.mail.tenant, kind: 'mail-unknown', id: entry.mail.id })
}

function retryAt(deps: Toolbox, mail: Mail, retryAfterMs: number | undefined): number {
  const { retryBaseMs: baseMs, retryCapMs: capMs } = deps.config
  return deps.clock.now() + backoffMs(mail.history.length, { baseMs, capMs, retryAfterMs })
}

async function lookAgain(deps: Toolbox, entry: JournalEntry, at: number): Promise<void> {
  const isThere = hintKey('due', at, entry.mail.id) === entry.mail.outboxKey
  if (!isThere) await moveMail(deps, entry, { hint: ['due', at], claim: '' })
}
