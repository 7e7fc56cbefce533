/**
 * Sends one mail under the lane: claim → `sending` → bytes from the blob → the sender, which has `handing-over` written
 * durably before its point of no return → sent, waiting, failed or unknown. Whoever lost the claim meanwhile meets a
 * changed ETag and stops before anything leaves. An instance that is being taken away begins no hand-over. The class of
 * an error alone decides: transient waits, permanent is final, needs-… closes the gate and leaves the mail as it is.
 */

import { asGatewayError, GatewayError, type Hint, RowChangedError } from '../../errors.js'
import { sha256 } from '../../model/ids.js'
import type { Mail } from '../../model/mail.js'
import { AllRefusedError, type RefusedRecipient, type SendReceipt, type SendSession } from '../../ports/sender.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { backoffMs } from '../../protocol/backoff.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { clearAttention } from '../../rows/attention.js'
import type { LeasedLane } from '../../rows/lane.js'
import { findMail, type JournalEntry, stepMail } from '../../rows/mails.js'
import { retryWhileStorageIsDown } from '../../rows/retry-while-storage-is-down.js'
import { unconfirmedHint } from '../tokens/connection-state.js'
import { blobName } from './accept-mail.js'
import { attemptOf, deferMail, finishMail, markUnknown, openRecipients, permanentRefusal } from './record-outcome.js'
import { answerLost } from './resolve-unknown.js'
import type { SendRoute } from './send-route.js'

export type SendVerdict =
  /** `answer`: what the server said of this mail; absent when it was not asked. `failed`: why nobody will get it. */
  | { next: 'go-on'; answer?: 'taken' | 'refused'; failed?: GatewayError }
  /** The session is no longer to be trusted. */
  | { next: 'reopen'; error: GatewayError }
  /** The peer or a person must be waited for: nothing more from this mailbox now. */
  | { next: 'stop'; error: GatewayError }
  /** Another worker holds the mail: not ours any more. */
  | { next: 'lost' }
  /** This instance is being taken away; the mail is queued as before, for another one. */
  | { next: 'stopped' }

/** Fault of this mail alone although its class asks for a person: the mailbox itself is fine. */
const mailHints: ReadonlySet<Hint | undefined> = new Set<Hint>(['sender', 'recipient', 'message', 'split'])
/** The peer speaks about the mailbox, not about the mail. */
const laneHints = new Set(['throttle', 'slow', 'quota-day', 'quota-organisation'])

const refusedThis = { next: 'go-on', answer: 'refused' } as const satisfies SendVerdict

/** What a mail goes out by. */
interface Outlet {
  lane: LeasedLane
  route: SendRoute
  session: SendSession
}

export async function sendMail(
  deps: Toolbox,
  { lane, route, session }: Outlet,
  queued: JournalEntry,
): Promise<SendVerdict> {
  const now = deps.clock.now()
  let entry = await stepMail(deps, queued, {
    state: 'sending',
    claim: lane.claim,
    attempts: queued.mail.attempts + 1,
    draftId: '',
  })
  const raw = await deps.blobs.get(deps.names.container('outbound'), blobName(entry.mail))
  if (raw === undefined || sha256(raw) !== entry.mail.sha256) {
    await finishMail(deps, entry, { state: 'failed', attempt: attemptOf(now, contentLost()) })
    return { next: 'go-on' }
  }
  const { mail } = entry
  const recipients = openRecipients(mail)
  let entered = false
  let receipt: SendReceipt
  try {
    receipt = await session.send(
      { mailId: mail.id, messageId: mail.messageId, from: mail.from, recipients, raw, again: mail.attempts > 1 },
      async ({ draftId }) => {
        if (!(await lane.ready())) throw new LaneLostError()
        if (deps.stopping.aborted) throw new StoppedError()
        lane.handing = true
        const begunAt = deps.clock.now()
        // Whoever removes the mailbox changed the mail's row, or waits.
        entry = await stepMail(deps, entry, { state: 'handing-over', draftId: draftId ?? '', handedAt: begunAt })
        if (!(await lane.isWanted(begunAt))) throw new UnwantedError()
        entered = true
      },
    )
  } catch (cause) {
    // Nothing left: the same state as of a worker that died here, but without the wait for its lease.
    if (deps.stopping.aborted && !lane.handing) {
      await retryWhileStorageIsDown(deps, () => stepMail(deps, entry, { state: 'queued', claim: '' }))
      return { next: 'stopped' }
    }
    if (cause instanceof UnwantedError) {
      await retryWhileStorageIsDown(deps, () => putBack(deps, entry))
      return { next: 'lost' }
    }
    if (cause instanceof RowChangedError || cause instanceof LaneLostError) return { next: 'lost' }
    const error = asGatewayError(cause)
    return retryWhileStorageIsDown(deps, async () =>
      entered && error.outcome !== 'not-sent'
        ? unknown(deps, { route, entry }, error)
        : failedAttempt(deps, await current(deps, entry, lane), error),
    )
  } finally {
    lane.handing = false
  }
  await retryWhileStorageIsDown(deps, () => keepReceipt(deps, entry, { tried: recipients, receipt }))
  return { next: 'go-on', answer: 'taken' }
}

class LaneLostError extends Error {}
class StoppedError extends Error {}
class UnwantedError extends Error {}

/** It did not leave: what becomes of it is decided by whoever finds the mailbox as it is now. */
async function putBack(deps: Toolbox, entry: JournalEntry): Promise<void> {
  const now = deps.clock.now()
  const text = 'The mailbox was switched off, removed or taken over before the mail was sent.'
  await deferMail(deps, entry, { until: now, attempt: attemptOf(now, { code: 'mailbox_not_sending', text }) })
}

/** A write whose answer got lost may have landed: go on from what is there, if it is still our claim. */
async function current(deps: Toolbox, entry: JournalEntry, lane: LeasedLane): Promise<JournalEntry> {
  const found = await findMail(deps, entry.mail.tenant, entry.mail.id)
  if (found === undefined || found.mail.claim !== lane.claim) throw new RowChangedError('another worker has the mail')
  return found
}

interface HandedOver {
  /** Recipients. */
  tried: string[]
  receipt: SendReceipt
}

/** The effect is certain now: a worker that meanwhile called it unknown is corrected, not believed. */
async function keepReceipt(deps: Toolbox, entry: JournalEntry, handedOver: HandedOver): Promise<void> {
  try {
    await recordReceipt(deps, entry, handedOver)
  } catch (error) {
    if (!(error instanceof RowChangedError)) throw error
    const { tenant, id, claim } = entry.mail
    const found = await findMail(deps, tenant, id)
    const wasDoubted = found?.mail.state === 'unknown'
    if (found && (wasDoubted || (found.mail.state === 'handing-over' && found.mail.claim === claim)))
      await recordReceipt(deps, found, handedOver)
    // Its card asks a person what is known by now.
    if (wasDoubted) await clearAttention(deps, { tenant, kind: 'mail-unknown', id })
  }
}

async function recordReceipt(deps: Toolbox, entry: JournalEntry, { tried, receipt }: HandedOver): Promise<void> {
  const now = deps.clock.now()
  const { delivered, refused, again } = judge(entry.mail, tried, receipt.refused)
  if (again.length > 0 && now < entry.mail.deadline) {
    const error = partlyRefused(again)
    const until = retryAt(deps, entry.mail, error)
    await deferMail(deps, entry, { until, attempt: attemptOf(now, error), delivered, refused })
    return
  }
  const late = again.map(permanentRefusal)
  const text = refused.length + late.length > 0 ? 'Sent, but the server refused some recipients.' : 'Sent.'
  const attempt = attemptOf(now, { code: 'sent', text, reply: receipt.reply })
  await finishMail(deps, entry, { state: 'sent', attempt, delivered, refused: [...refused, ...late] })
}

function judge(mail: Mail, tried: string[], answers: RefusedRecipient[]) {
  const isRefused = (address: string) => answers.find((answer) => sameAddress(answer.address, address))
  const again = answers.filter((answer) => answer.transient)
  return {
    again,
    delivered: [...mail.delivered, ...tried.filter((address) => isRefused(address) === undefined)],
    refused: [...mail.refused, ...answers.filter((answer) => !answer.transient).map(permanentRefusal)],
  }
}

async function failedAttempt(deps: Toolbox, entry: JournalEntry, error: GatewayError): Promise<SendVerdict> {
  const now = deps.clock.now()
  const attempt = attemptOf(now, error)
  const { mail } = entry
  const answers = error instanceof AllRefusedError ? error.refused : []
  const { refused, again } = judge(mail, [], answers)
  const changes = answers.length > 0 ? { refused } : {}
  const needsPerson = error.class === 'needs-admin' || error.class === 'needs-reconnect'
  // The mailbox waits, not the mail: whatever ends the wait, it leaves at once.
  if ((needsPerson && !mailHints.has(error.hint)) || error.hint === unconfirmedHint) {
    await deferMail(deps, entry, { until: now, attempt })
    return { next: 'stop', error }
  }
  const retry = error.class === 'transient' && (answers.length === 0 || again.length > 0)
  if (!retry || now >= mail.deadline) {
    const partly = mail.delivered.length > 0
    const late = partly ? again.map(permanentRefusal) : []
    const changes = answers.length > 0 ? { refused: [...refused, ...late] } : {}
    await finishMail(deps, entry, { ...changes, state: 'failed', attempt })
    return partly ? refusedThis : { ...refusedThis, failed: error }
  }
  await deferMail(deps, entry, { ...changes, until: retryAt(deps, mail, error), attempt })
  if (laneHints.has(error.hint ?? '')) return { next: 'stop', error }
  return answers.length > 0 ? refusedThis : { next: 'reopen', error }
}

async function unknown(
  deps: Toolbox,
  { route, entry }: { route: SendRoute; entry: JournalEntry },
  error: GatewayError,
): Promise<SendVerdict> {
  await answerLost(deps, route, await markUnknown(deps, entry, attemptOf(deps.clock.now(), error)))
  return { next: 'reopen', error }
}

/** Never later than the deadline, so that giving up is told in time. */
function retryAt(deps: Toolbox, mail: Mail, error: GatewayError): number {
  const { retryBaseMs: baseMs, retryCapMs: capMs } = deps.config
  const now = deps.clock.now()
  return Math.min(
    now + backoffMs(mail.attempts, { baseMs, capMs, retryAfterMs: error.retryAfterMs }),
    Math.max(mail.deadline, now),
  )
}

function partlyRefused(again: RefusedRecipient[]): GatewayError {
  return new GatewayError('recipients_wait', 'transient', {
    hint: 'recipient',
    description: `The server temporarily refused ${again.length} recipients; the others have the mail.`,
    remedy: 'Nothing to do: the gateway retries only the refused ones.',
    ...(again[0] ? { peerLine: again[0].reply } : {}),
  })
}

const contentLost = (): GatewayError =>
  new GatewayError('mail_content_lost', 'permanent', {
    description: 'The stored mail is missing or does not match its checksum.',
    remedy: 'Submit the mail again.',
  })
