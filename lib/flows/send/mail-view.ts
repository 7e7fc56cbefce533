import type { Mail } from '../../model/mail.js'

const iso = (ms: number): string => (ms > 0 ? new Date(ms).toISOString() : '')

/** What apps and people see of a mail: state, attempts, the last error with its remedy; no leases, hashes or blobs. */
export function mailView(mail: Mail) {
  const last = mail.history.at(-1)
  const { id, mailboxId, state, held, from, recipients, refused, delivered, messageId, bytes, attempts, history } = mail
  return {
    id,
    mailboxId,
    state,
    held,
    from,
    recipients,
    refused,
    delivered,
    messageId,
    bytes,
    attempts,
    lastError: last === undefined || last.code === 'sent' ? null : last,
    history,
    notBefore: iso(mail.notBefore),
    deadline: iso(mail.deadline),
    whenUnknown: mail.whenUnknown,
    acceptedAt: mail.acceptedAt,
    finalAt: mail.finalAt,
  }
}

export type MailView = ReturnType<typeof mailView>
