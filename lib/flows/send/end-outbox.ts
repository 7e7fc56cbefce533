/**
 * Ends open mail of an outbox that is not drained, page by page while any of a page is over: who waits for an answer
 * gets it with the first look.
 */
import { RowChangedError } from '../../errors.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { listDueHints } from '../../rows/outbox.js'
import { type DueMail, expire, pickMail } from './pick-mail.js'
import { attemptOf, finishMail, leaveUnknown, mailboxRemoved } from './record-outcome.js'

/** What is past its deadline behind a gate that nobody opened. Returns when to look again, 0 when all is done. */
export async function expireOutbox(deps: Toolbox, mailbox: MailboxRef): Promise<number> {
  const now = deps.clock.now()
  return endMails(deps, mailbox, {
    isOver: (deadline) => deadline <= now,
    end: ({ kind, entry }) =>
      kind === 'send'
        ? expire(deps, entry)
        : leaveUnknown(deps, entry, "The gateway could not search the mailbox before the mail's deadline."),
  })
}

/** Everything of a mailbox that was removed. Returns when to look again, 0 when all is done. */
export async function endRemovedOutbox(deps: Toolbox, mailbox: MailboxRef): Promise<number> {
  return endMails(deps, mailbox, {
    isOver: () => true,
    end: ({ kind, entry }) =>
      kind === 'send'
        ? finishMail(deps, entry, { state: 'failed', attempt: attemptOf(deps.clock.now(), mailboxRemoved()) })
        : leaveUnknown(deps, entry, 'The mailbox was removed, so the gateway cannot search it.'),
  })
}

interface Ending {
  isOver(deadline: number): boolean
  end(pick: Exclude<DueMail, { kind: 'nothing' }>): Promise<unknown>
}

async function endMails(deps: Toolbox, mailbox: MailboxRef, { isOver, end }: Ending): Promise<number> {
  const until = deps.clock.now() + deps.config.laneSeconds * 1_000
  const seen = new Set<string>()
  let again = 0
  for (let over = 1; over > 0; ) {
    over = 0
    const hints = await listDueHints(deps, mailbox, deps.config.laneMails + seen.size)
    for (const hint of hints.filter(({ key }) => !seen.has(key))) {
      if (deps.stopping.aborted || deps.clock.now() >= until) return deps.clock.now()
      seen.add(hint.key)
      const pick = await pickMail(deps, mailbox.tenant, hint)
      if (pick.kind !== 'nothing' && !isOver(pick.entry.mail.deadline)) continue
      over += 1
      if (pick.kind === 'nothing') {
        again = Math.max(again, pick.until ?? 0)
        continue
      }
      await end(pick).catch((error: unknown) => {
        if (!(error instanceof RowChangedError)) throw error
      })
    }
  }
  return again
}
