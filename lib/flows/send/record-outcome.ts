/**
 * What became of an attempt, written in the order that no crash can falsify: journal, event, blob, index, outbox hint,
 * log. A crash after the journal leaves the hint behind; the next look at the lane then repeats the rest with the same
 * event id.
 */
import { type ErrorClass, GatewayError, RowChangedError } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import type { Mail, MailAttempt, MailState, PermanentRefusal } from '../../model/mail.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { maskAddress, sameAddress } from '../../protocol/mail-address.js'
import { clearAttention, raiseAttention } from '../../rows/attention.js'
import { writeLog } from '../../rows/logs.js'
import { indexFinals } from '../../rows/mail-index.js'
import { findMail, type JournalEntry, moveMail, stepMail } from '../../rows/mails.js'
import { removeHints } from '../../rows/outbox.js'
import { emitEvent } from '../tell/emit-event.js'
import { blobName } from './accept-mail.js'

/** Code of a hand-over whose worker died. */
export const handOverInterrupted = 'hand_over_interrupted'
const maybeArrived = 'An earlier hand-over had an unknown outcome: the mail may have arrived once.'

const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) || text === '' ? '' : '.'}`
const short = (text: string, most = 300): string => text.slice(0, most)

export function attemptOf(
  now: number,
  result: GatewayError | { code: string; text: string; reply?: string },
): MailAttempt {
  const at = new Date(now).toISOString()
  if (!(result instanceof GatewayError))
    return { at, code: result.code, class: '', text: short(result.text), remedy: '', reply: short(result.reply ?? '') }
  const { code, description, remedy, peerLine } = result
  return {
    at,
    code,
    class: result.class,
    hint: result.hint ?? '',
    text: short(description),
    remedy: short(remedy),
    reply: short(peerLine ?? ''),
  }
}

export const withAttempt = (mail: Mail, attempt: MailAttempt): MailAttempt[] => [...mail.history, attempt].slice(-20)

/** Recipients that have not accepted or permanently refused it in an earlier attempt (REL-06). */
export const openRecipients = (mail: Pick<Mail, 'recipients' | 'delivered' | 'refused'>): string[] =>
  mail.recipients.filter(
    (address) =>
      !mail.delivered.some((done) => sameAddress(done, address)) &&
      !mail.refused.some((done) => sameAddress(done.address, address)),
  )

export const permanentRefusal = ({ address, code, remedy, reply }: PermanentRefusal): PermanentRefusal => ({
  address,
  code,
  remedy: short(remedy ?? '', 120),
  reply: short(reply, 200),
})

/** What an attempt changes beside state, claim and history. */
type Changes = Omit<Partial<Mail>, 'state' | 'claim' | 'history'> & { attempt: MailAttempt }

/**
 * To `sent`, `failed` or `cancelled`, with everything that follows. What some recipients accepted in an earlier attempt
 * was sent, whatever becomes of the rest: they are listed as refused, with the reason.
 */
export async function finishMail(
  deps: Toolbox,
  entry: JournalEntry,
  { state, attempt: verdict, ...changes }: Changes & { state: 'sent' | 'failed' | 'cancelled' },
): Promise<JournalEntry> {
  if (state !== 'sent' && entry.mail.delivered.length > 0) {
    const { code, text, remedy, reply } = verdict
    const known = { ...entry.mail, ...changes }
    const rest = openRecipients(known).map((address) =>
      permanentRefusal({ address, code, remedy, reply: reply || text }),
    )
    const refused = [...known.refused, ...rest]
    return finishMail(deps, entry, { ...changes, state: 'sent', attempt: verdict, refused })
  }
  // A failure after a doubtful hand-over must not read as if nobody could have got the mail.
  const doubt = state === 'failed' && entry.mail.resent && verdict.class !== ''
  const attempt = doubt ? { ...verdict, text: short(`${sentence(verdict.text)} ${maybeArrived}`, 500) } : verdict
  const final = await stepMail(deps, entry, {
    ...changes,
    state,
    claim: '',
    finalAt: new Date(deps.clock.now()).toISOString(),
    history: withAttempt(entry.mail, attempt),
  })
  await cleanUpFinal(deps, final.mail)
  await logAttempt(deps, final.mail, attempt)
  return final
}

export const mailboxRemoved = (): GatewayError =>
  new GatewayError('mailbox_removed', 'permanent', {
    description: 'The mailbox was removed before this mail was sent.',
    remedy: 'Submit the mail again with a mailbox that exists.',
  })

/** A drain takes what it finished off together: index and hints of many mails are two requests. */
export type Finishing = Toolbox & { finals?: Mail[] }

/**
 * The part that may be repeated: event, blob, index, hint. A failed mail keeps its blob, so that it can be tried again.
 */
export async function cleanUpFinal(deps: Finishing, mail: Mail): Promise<void> {
  if (mail.state === 'sent' || mail.state === 'failed') {
    const last = mail.history.at(-1)
    const type = mail.state === 'sent' ? 'mail.sent' : 'mail.failed'
    const eventId = hashId(type, mail.tenant, mail.id, String(mail.attempts))
    const { id: mailId, mailboxId, messageId, attempts, metadata } = mail
    const told = { mailId, mailboxId, messageId, attempts, metadata, refusedCount: mail.refused.length }
    if (type === 'mail.sent') await emitEvent(deps, { tenant: mail.tenant, type, id: eventId, data: told })
    else
      await emitEvent(deps, {
        tenant: mail.tenant,
        type,
        id: eventId,
        data: {
          ...told,
          code: last?.code ?? 'failed',
          description: last?.text ?? '',
          remedy: last?.remedy ?? '',
        },
      })
  }
  if (mail.state !== 'failed') await deps.blobs.remove(deps.names.container('outbound'), blobName(mail))
  if (deps.finals === undefined) return takeOff(deps, [mail])
  deps.finals.push(mail)
  if (deps.finals.length >= togetherAtMost) await takeOffFinals(deps)
}

/** Mails of an ordinary size whose index rows fit into one request. */
const togetherAtMost = 20

/** What the drain finished and did not take off yet. */
export async function takeOffFinals(deps: Finishing): Promise<void> {
  const mails = [...(deps.finals ?? [])]
  await takeOff(deps, mails)
  deps.finals?.splice(0, mails.length)
}

/** From the outbox into the index. The hints go last: until then the next look at the lane repeats everything. */
async function takeOff(deps: Toolbox, mails: Mail[]): Promise<void> {
  await indexFinals(deps, mails)
  await removeHints(deps, mails)
}

/** `until`: milliseconds, when the next attempt is due. */
export async function deferMail(
  deps: Toolbox,
  entry: JournalEntry,
  { until, attempt, ...changes }: Changes & { until: number },
): Promise<JournalEntry> {
  const history = withAttempt(entry.mail, attempt)
  const waiting = await moveMail(deps, entry, {
    ...changes,
    hint: ['due', until],
    state: 'waiting',
    claim: '',
    notBefore: until,
    history,
  })
  await logAttempt(deps, waiting.mail, attempt)
  return waiting
}

const findingOut =
  'Nothing to do now: the gateway looks for the mail in the Sent folder and asks in the console if it cannot tell.'

/** The worker of this hand-over died or never got its answer: nobody knows whether the mail left. */
export async function markUnknown(deps: Toolbox, entry: JournalEntry, cause: MailAttempt): Promise<JournalEntry> {
  // Whatever broke, "it is tried again" would be read as "it is sent again".
  const told = { ...cause, hint: 'finding-out', remedy: findingOut }
  const doubtful = await stepMail(deps, entry, {
    state: 'unknown',
    claim: '',
    history: withAttempt(entry.mail, told),
  })
  await logAttempt(deps, doubtful.mail, told)
  return doubtful
}

/** The line that tells why the outcome is unknown, completed by what was found; `before` lacks that line. */
export function explained(
  entry: JournalEntry,
  { text, remedy, ...actor }: { text: string; remedy: string; class?: ErrorClass; hint: string },
) {
  const { mail } = entry
  const cause = mail.history.at(-1) ?? attemptOf(Date.parse(mail.acceptedAt), { code: 'outcome_unknown', text: '' })
  const attempt = {
    ...cause,
    ...actor,
    text: short(`${sentence(cause.text)} ${text}`.trim(), 500),
    remedy: short(remedy),
  }
  const before = { ...entry, mail: { ...mail, history: mail.history.slice(0, -1) } }
  return { attempt, before }
}

const byLookingUp = { class: 'permanent', hint: 'look-up' } as const

/** Nobody can tell what happened, and nobody but a person may decide: shown, told, never sent again automatically. */
export async function leaveUnknown(deps: Toolbox, entry: JournalEntry, found: string): Promise<JournalEntry> {
  const { mail } = entry
  const remedy = 'Check the Sent folder or ask a recipient, then decide: sent, not sent, or send again.'
  const { attempt, before } = explained(entry, { text: found, remedy, ...byLookingUp })
  const description = `A mail may or may not have been sent. ${attempt.text}`
  const reason = new GatewayError('outcome_unknown', byLookingUp.class, {
    hint: byLookingUp.hint,
    description,
    remedy,
    peerLine: attempt.reply,
  })
  await raiseAttention(
    deps,
    { tenant: mail.tenant, kind: 'mail-unknown', id: mail.id, mailboxId: mail.mailboxId },
    reason,
  )
  const { tenant, id, attempts } = mail
  await emitEvent(deps, {
    tenant,
    type: 'mail.unknown',
    id: hashId('mail.unknown', tenant, id, String(attempts)),
    data: {
      mailId: id,
      mailboxId: mail.mailboxId,
      messageId: mail.messageId,
      attempts,
      code: attempt.code,
      description: attempt.text,
      remedy,
      metadata: mail.metadata,
    },
  })
  // Last, because nobody looks at a parked mail again: until then the next look at the lane repeats what comes before.
  const doubtfulSince = Date.parse(attempt.at) || deps.clock.now()
  const parked = await moveMail(deps, entry, {
    hint: ['unknown', doubtfulSince],
    claim: '',
    history: withAttempt(before.mail, attempt),
  }).catch(async (error: unknown) => {
    // Somebody decided in this moment, and took away a card that was not there yet.
    if (error instanceof RowChangedError && (await findMail(deps, tenant, id))?.mail.state !== 'unknown')
      await clearAttention(deps, { tenant, kind: 'mail-unknown', id })
    throw error
  })
  await logAttempt(deps, parked.mail, attempt)
  return parked
}

/** One row per attempt: ids, codes and the server's line; recipients masked, no subject. */
async function logAttempt(deps: Toolbox, mail: Mail, attempt: MailAttempt): Promise<void> {
  deps.log.info('mail-attempt', {
    tenant: mail.tenant,
    mailboxId: mail.mailboxId,
    mailId: mail.id,
    state: mail.state,
    attempt: mail.attempts,
    code: attempt.code,
    class: attempt.class,
  })
  const bad: ReadonlySet<MailState> = new Set(['failed', 'unknown', 'waiting'])
  await writeLog(deps, 'sendinglog', {
    tenant: mail.tenant,
    mailId: mail.id,
    mailboxId: mail.mailboxId,
    state: mail.state,
    attempt: mail.attempts,
    recipients: mail.recipients.slice(0, 10).map(maskAddress).join(', '),
    recipientCount: mail.recipients.length,
    refusedCount: mail.refused.length,
    bytes: mail.bytes,
    code: attempt.code,
    class: attempt.class,
    description: attempt.text,
    remedy: attempt.remedy,
    peerLine: attempt.reply,
    failed: bad.has(mail.state),
  })
}
