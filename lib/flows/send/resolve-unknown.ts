/**
 * A mail whose hand-over was interrupted may or may not have left. Evidence first: the transport's own look-up (Graph:
 * the draft, then Sent Items), then the Sent folder by Message-ID. A Message-ID found there proves it was sent; one not
 * found proves nothing. Without evidence the mail's own policy decides: `resend` with the same Message-ID, or `stop` for
 * a person (REL-03, P-09). A look-up that fails for now is repeated until the mail's deadline.
 */
import { asGatewayError } from '../../errors.js'
import type { MailAttempt } from '../../model/mail.js'
import { backoffMs } from '../../protocol/backoff.js'
import { amend, type JournalEntry, moveMail } from './journal.js'
import { handOverMs } from './lane.js'
import { hintKey } from './outbox.js'
import { attemptOf, finish, leaveUnknown, logAttempt, wait, withAttempt } from './record-outcome.js'
import type { SendDependencies } from './send-dependencies.js'
import type { SendRoute } from './send-route.js'

type Evidence = 'sent' | 'not-sent' | 'undecided'

/** `entry` is `unknown`; `cause` tells how it became so. */
export async function resolveUnknown(
  deps: SendDependencies,
  route: SendRoute,
  entry: JournalEntry,
  cause: MailAttempt,
): Promise<void> {
  const now = deps.clock.now()
  let evidence: Evidence
  try {
    evidence = await lookUp(deps, route, entry)
  } catch (error) {
    const problem = asGatewayError(error)
    if (now < entry.mail.deadline) return lookAgain(deps, entry, cause, problem.retryAfterMs)
    evidence = 'undecided'
  }
  if (evidence === 'sent') {
    const found = attemptOf(now, { code: 'sent', text: 'Found among the sent mail after an interrupted hand-over.' })
    await finish(deps, entry, 'sent', found, { delivered: entry.mail.recipients })
  } else if (evidence === 'not-sent' || entry.mail.whenUnknown === 'resend') await wait(deps, entry, now, cause)
  else await leaveUnknown(deps, entry, cause)
}

async function lookUp(deps: SendDependencies, route: SendRoute, entry: JournalEntry): Promise<Evidence> {
  const { mail } = entry
  if (route.sender.lookUp) {
    const evidence = mail.draftId === '' ? {} : { draftId: mail.draftId }
    const signal = AbortSignal.timeout(handOverMs)
    const answer = await route.sender.lookUp(
      route.target,
      route.authority,
      { messageId: mail.messageId, evidence },
      signal,
    )
    if (answer !== 'undecided') return answer
  }
  return (await deps.findSent?.(mail.tenant, route.mailbox, mail.messageId)) === true ? 'sent' : 'undecided'
}

async function lookAgain(
  deps: SendDependencies,
  entry: JournalEntry,
  cause: MailAttempt,
  retryAfterMs: number | undefined,
): Promise<void> {
  const { retryBaseMs: baseMs, retryCapMs: capMs } = deps.settings
  const at = deps.clock.now() + backoffMs(entry.mail.history.length + 1, { baseMs, capMs }, retryAfterMs)
  const key = hintKey('d', at, entry.mail.id)
  const changes = { claim: '', history: withAttempt(entry.mail, cause) }
  const moved =
    key === entry.mail.outboxKey ? await amend(deps, entry, changes) : await moveMail(deps, entry, key, { changes })
  await logAttempt(deps, moved.mail, cause)
}
