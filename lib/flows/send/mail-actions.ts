/**
 * What apps and people do with an accepted mail: look, release, cancel, retry, send now, resolve. Each is a conditional
 * step of the journal and may be repeated: asking again for what already is gives the same answer. A step the state
 * does not allow is `wrong_state`.
 */

import { conflict, GatewayError } from '../../errors.js'
import { earliestStart, type Mail, type MailState } from '../../model/mail.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention } from '../../rows/attention.js'
import { changeRow } from '../../rows/change-row.js'
import { setDue } from '../../rows/due.js'
import { leaseMs, whileLeased } from '../../rows/lane.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { getMail, type JournalEntry, moveMail } from '../../rows/mails.js'
import { listHints, wakeLane } from '../../rows/outbox.js'
import { settingsOf } from '../../rows/settings.js'
import { blobName } from './accept-mail.js'
import { openGate } from './gate.js'
import { type MailView, mailView } from './mail-view.js'
import { attemptOf, finishMail, mailboxRemoved, withAttempt } from './record-outcome.js'

export type ResolvedOutcome = 'sent' | 'not-sent' | 'resend'

export async function readMail(deps: Toolbox, tenant: string, id: string): Promise<MailView> {
  return mailView((await getMail(deps, tenant, id)).mail)
}

export async function releaseMail(deps: Toolbox, tenant: string, id: string): Promise<MailView> {
  return act(deps, { tenant, id }, async (entry) => {
    const { mail } = entry
    if (mail.state === 'cancelled') throw wrongState(mail, 'released')
    if (!mail.held) return entry
    const at = Math.max(mail.notBefore, earliestStart(mail, deps.clock.now()))
    const deadline = mail.deadline === 0 ? at + (await lifeOf(deps, mail)) : mail.deadline
    const released = await moveMail(deps, entry, { hint: ['due', at], held: false, notBefore: at, deadline })
    await wakeLane(deps, { tenant, mailboxId: mail.mailboxId })
    return released
  })
}

export async function cancelMail(deps: Toolbox, tenant: string, id: string): Promise<MailView> {
  return act(deps, { tenant, id }, async (entry) => {
    const { state, history } = entry.mail
    if (state === 'cancelled' || (state === 'sent' && history.at(-1)?.code === 'cancelled')) return entry
    if (state !== 'queued' && state !== 'waiting') throw wrongState(entry.mail, 'cancelled')
    const attempt = attemptOf(deps.clock.now(), { code: 'cancelled', text: 'Cancelled on request.' })
    return finishMail(deps, entry, { state: 'cancelled', attempt, held: false })
  })
}

/**
 * Before a mailbox goes, which is switched off already: everything of it that has not left fails and is told, also what
 * a worker only prepares, alive or dead: its row changes, so that it never gets to a hand-over (C6). What was handed
 * over cannot be taken back; after the longest lease the lane looks what became of it (C7). Returns how many mails.
 */
export async function endOpenMails(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<number> {
  let ended = 0
  const end = async (entry: JournalEntry): Promise<JournalEntry> => {
    // Final, unknown or on its way: its state stands.
    if (!(['queued', 'waiting', 'sending'] as MailState[]).includes(entry.mail.state)) return entry
    const attempt = attemptOf(deps.clock.now(), mailboxRemoved())
    const over = await finishMail(deps, entry, { state: 'failed', attempt, held: false })
    ended += 1
    return over
  }
  const endAll = async (): Promise<void> => {
    for await (const hint of listHints(deps, tenant, { mailboxId })) {
      try {
        await act(deps, { tenant, id: hint.mailId }, end)
      } catch (error) {
        if (!(error instanceof GatewayError) || error.class !== 'permanent') throw error
      }
    }
  }
  await endAll()
  await whileLeased(deps, { tenant, id: mailboxId }, endAll)
  await setDue(deps, { kind: 'lane', tenant, id: mailboxId }, deps.clock.now() + leaseMs)
  return ended
}

/** Mails that would end with the mailbox, counted up to 1,000. */
export async function countOpenMails(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<number> {
  let open = 0
  for await (const hint of listHints(deps, tenant, { mailboxId })) if (hint.kind !== 'unknown' && ++open >= 1_000) break
  return open
}

/**
 * Ends a wait, or takes up a failed mail again; also opens the mailbox's gate, because a person says that it should be
 * tried. A planned start stays: only `sendMailNow` replaces it.
 */
export async function retryMail(deps: Toolbox, tenant: string, id: string): Promise<MailView> {
  return act(deps, { tenant, id }, async (entry) => {
    const { mail } = entry
    const now = deps.clock.now()
    if (mail.held || !(['queued', 'waiting', 'failed'] as MailState[]).includes(mail.state))
      throw wrongState(mail, 'tried again')
    const at = earliestStart(mail, now)
    const changes: Partial<Mail> = { notBefore: at }
    if (mail.state === 'failed') {
      if ((await deps.blobs.get(deps.names.container('outbound'), blobName(mail))) === undefined)
        throw conflict('mail_content_gone', 'The content of this mail is no longer kept.', 'Submit the mail again.')
      // Who was refused permanently is tried again too: that is what the person who asks has seen to.
      Object.assign(changes, { finalAt: '', refused: [], deadline: at + (await lifeOf(deps, mail)) })
    }
    if (mail.state !== 'queued') changes.state = 'queued'
    const retried = await moveMail(deps, entry, { ...changes, hint: ['due', at] })
    await openGate(deps, { tenant, mailboxId: mail.mailboxId })
    return retried
  })
}

/**
 * A planned or waiting mail leaves now; its planned start is replaced. Opens the mailbox's gate as `retryMail` does.
 */
export async function sendMailNow(deps: Toolbox, tenant: string, id: string): Promise<MailView> {
  return act(deps, { tenant, id }, async (entry) => {
    const { mail } = entry
    if (mail.held || (mail.state !== 'queued' && mail.state !== 'waiting')) throw wrongState(mail, 'sent now')
    const now = deps.clock.now()
    const moved = await moveMail(deps, entry, { hint: ['due', now], plannedAt: 0, notBefore: now })
    await openGate(deps, { tenant, mailboxId: mail.mailboxId })
    return moved
  })
}

/** A person's word about a mail of unknown outcome. */
export async function resolveMail(
  deps: Toolbox,
  tenant: string,
  { id, outcome }: { id: string; outcome: ResolvedOutcome },
): Promise<MailView> {
  const view = await act(deps, { tenant, id }, async (entry) => {
    const { mail } = entry
    const now = deps.clock.now()
    const code = `resolved_${outcome.replace('-', '_')}`
    if (mail.state !== 'unknown') {
      if (mail.history.at(-1)?.code === code) return entry
      throw wrongState(mail, 'resolved')
    }
    const attempt = attemptOf(now, {
      code,
      text: `Decided by a person: ${outcome}.`,
    })
    if (outcome !== 'resend') return finishMail(deps, entry, { state: outcome === 'sent' ? 'sent' : 'failed', attempt })
    const history = withAttempt(mail, attempt)
    const deadline = Math.max(mail.deadline, now + (await lifeOf(deps, mail)))
    const changes = { notBefore: now, deadline, history, claim: '' }
    const again = await moveMail(deps, entry, { ...changes, hint: ['due', now], state: 'queued' })
    await wakeLane(deps, { tenant, mailboxId: mail.mailboxId })
    return again
  })
  await clearAttention(deps, { tenant, kind: 'mail-unknown', id })
  return view
}

async function act(
  deps: Toolbox,
  { tenant, id }: Pick<Mail, 'tenant' | 'id'>,
  step: (entry: JournalEntry) => Promise<JournalEntry>,
): Promise<MailView> {
  // A worker may move it meanwhile: what it is then decides.
  return changeRow(async () => mailView((await step(await getMail(deps, tenant, id))).mail))
}

const wrongState = (mail: Mail, wish: string) =>
  conflict(
    'wrong_state',
    `A mail that is ${mail.held ? 'held' : mail.state} cannot be ${wish}.`,
    'Read the mail again; only its current state counts.',
  )

async function lifeOf(deps: Toolbox, mail: Mail): Promise<number> {
  const mailbox = await findMailbox(deps, mail.tenant, mail.mailboxId)
  return (mailbox === undefined ? deps.config : await settingsOf(deps, mailbox)).deadlineMs
}
