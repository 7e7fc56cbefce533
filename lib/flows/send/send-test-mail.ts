/**
 * One mail to see whether a mailbox can send, with the answer at once (M-033). It takes the mailbox's lane itself, so
 * that it waits behind no other mail, and tries the server even behind a closed gate or in the pause after a refusal: a
 * person asked. It is never held and
 * never waits: what could not leave now is failed, with its diagnosis, so that no test arrives tomorrow. A test that
 * got through opens the gate and ends the alarm.
 */

import { asGatewayError, GatewayError, RowChangedError } from '../../errors.js'
import { finalStates, type MailState } from '../../model/mail.js'
import { parseMailSubmission } from '../../model/mail-submission.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { readLane, takeLane } from '../../rows/lane.js'
import { listLog } from '../../rows/logs.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { findMail, getMail } from '../../rows/mails.js'
import { wakeLane } from '../../rows/outbox.js'
import { settingsOf } from '../../rows/settings.js'
import { retryGrant } from '../tokens/retry-grant.js'
import { acceptMail } from './accept-mail.js'
import { openGate } from './gate.js'
import { noteAnswer } from './lane-health.js'
import { countMail } from './lane-limits.js'
import { mailView } from './mail-view.js'
import { laneSession } from './open-session.js'
import { attemptOf, finishMail } from './record-outcome.js'
import { sendMail } from './send-mail.js'
import { findRoute } from './send-route.js'

export interface TestMailResult {
  mailId: string
  /** Row of the sending log; empty when logging failed. */
  logId: string
  /** Final, or `unknown` when the connection broke while the mail was handed over. */
  state: MailState
  /** What the catalogue says about a failure. */
  diagnosis: ReturnType<typeof mailView>['lastError']
}

/** `to`: absent sends the mailbox a mail of its own. */
export async function sendTestMail(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  to?: string,
): Promise<TestMailResult> {
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  const settings = await settingsOf(deps, mailbox)
  if (mailbox.send.transport !== 'none') await retryGrant(deps, tenant, mailbox.send.connectionId)
  const before = await readLane(deps, { tenant, mailboxId })
  const lane = await takeLane(deps, before)
  if (lane === undefined) throw laneBusy()
  let mailId: string
  try {
    const subject = `Test mail from ${mailbox.key}`
    const text = `This mail shows that ${mailbox.address} can send. No reply is needed.\n`
    const submission = parseMailSubmission({ mailboxId, to: [to ?? mailbox.address], subject, text })
    mailId = (await acceptMail(deps, tenant, { submission })).mail.id
    await tryNow()
  } finally {
    await lane.release()
    // Whoever was woken while the lane was taken has dropped the message.
    await wakeLane(deps, { tenant, mailboxId })
  }
  const view = mailView((await getMail(deps, tenant, mailId)).mail)
  const wasBad = before.gate === 'closed' || before.failures > 0
  if (view.state === 'sent' && wasBad) await openGate(deps, { tenant, mailboxId })
  const rows = await listLog(deps, tenant, { log: 'sending', mailboxId, limit: 50 })
  const logId = String(rows.find((one) => one['mailId'] === mailId)?.['id'] ?? '')
  return { mailId, logId, state: view.state, diagnosis: view.lastError }

  async function tryNow(): Promise<void> {
    let fault: unknown
    try {
      const route = await findRoute(deps, mailbox!, settings)
      const session = laneSession(deps, route)
      try {
        const open = await session.get()
        const entry = await getMail(deps, tenant, mailId)
        const verdict = await session.limited(() => sendMail(deps, { lane: lane!, route, session: open }, entry))
        // Another instance sends it: it stays queued.
        if (verdict.next === 'stopped') return
        lane!.note(countMail(lane!.state, 1, deps.clock.now()))
        // A refusal proves that the server answers, not that the mailbox is well: only a mail that left opens the gate.
        const { connectionId, organisation } = route
        if (verdict.next === 'go-on') await noteAnswer(deps, { lane: lane!, connectionId, organisation }, verdict)
      } finally {
        await session.drop()
      }
    } catch (error) {
      if (error instanceof RowChangedError) return
      fault = error
    }
    const after = await findMail(deps, tenant, mailId)
    if (after === undefined || finalStates.has(after.mail.state) || after.mail.state === 'unknown') return
    const last = after.mail.history.at(-1)
    const attempt = fault === undefined && last ? last : attemptOf(deps.clock.now(), asGatewayError(fault))
    await finishMail(deps, after, { state: 'failed', attempt })
  }
}

const laneBusy = (): GatewayError =>
  new GatewayError('mailbox_busy', 'transient', {
    status: 409,
    retryAfterMs: 30_000,
    description: 'The mailbox is sending other mail right now.',
    remedy: 'Try again in half a minute; mail that is sent is the better test.',
  })
