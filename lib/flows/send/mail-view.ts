import { whoActs } from '../../model/attention.js'
import type { Mail, MailAttempt } from '../../model/mail.js'

const iso = (ms: number): string => (ms > 0 ? new Date(ms).toISOString() : '')

/** An attempt as people read it: with who must act, empty when nobody has to. */
function told({ hint, ...attempt }: MailAttempt) {
  // Rows of older versions do not tell the administrators apart.
  const actor =
    hint === undefined && attempt.class === 'needs-admin' ? 'An administrator' : whoActs(attempt.class, hint ?? '')
  return { ...attempt, whoActs: actor }
}

/** What apps and people see of a mail: state, attempts, the last error with its remedy; no leases, hashes or blobs. */
export function mailView(mail: Mail) {
  const history = mail.history.map(told)
  const last = history.at(-1)
  const { id, mailboxId, state, held, from, recipients, refused, delivered, messageId, bytes, attempts } = mail
  const { subject, metadata } = mail
  return {
    id,
    mailboxId,
    state,
    held,
    from,
    recipients,
    refused: refused.map((one) => ({ ...one, remedy: one.remedy ?? '' })),
    delivered,
    messageId,
    subject,
    metadata,
    bytes,
    attempts,
    lastError: last === undefined || last.code === 'sent' ? null : last,
    history,
    plannedAt: iso(mail.plannedAt),
    notBefore: iso(mail.notBefore),
    deadline: iso(mail.deadline),
    // Of an unknown mail: when the gateway looks for it; empty once only a person can tell.
    lookUpAt:
      mail.state === 'unknown' && mail.outboxKey.startsWith('d~') ? iso(Number(mail.outboxKey.split('~')[1])) : '',
    whenUnknown: mail.whenUnknown,
    acceptedAt: mail.acceptedAt,
    finalAt: mail.finalAt,
  }
}

export type MailView = ReturnType<typeof mailView>
