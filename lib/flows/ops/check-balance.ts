/**
 * Every ten minutes: do the counts add up (REL-32)? Accepted mail is sent, failed, cancelled or open, and each open
 * mail has one place where it is found again: its hint in the outbox of a mailbox whose lane is due. The journal is
 * compared with the outbox in both directions, one slice of one tenant at a time; a run stops after its share of time
 * and the next one goes on there. A mail without a place is put back, so that it leaves; what should not have happened
 * is still told: attention, one log line for the alert, a row in the sending log.
 *
 * A process that dies in an acceptance is no reason for an alarm: it leaves a hint without a mail that nobody was told
 * was accepted, or a mail of the last minute whose lane was not woken. Both are repaired and counted
 * (`acceptance-repaired`). What a crash does not explain is told: a hint that was written by a later step, a mail that
 * was in the journal (its message named it, or a look saw it there) and is not any more, mails of different minutes
 * asleep.
 */
import { GatewayError } from '../../errors.js'
import { idAlphabet } from '../../model/ids.js'
import { finalStates, type Mail } from '../../model/mail.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { clearAttention, findAttention, raiseAttention } from '../../rows/attention.js'
import { type Balance, readBalance, writeBalance } from '../../rows/balance.js'
import { isScheduled } from '../../rows/due.js'
import { writeLog } from '../../rows/logs.js'
import { findMail, listOpenMails, type OpenMail } from '../../rows/mails.js'
import {
  type Hint,
  hasHint,
  isDueMail,
  listHints,
  markJournaled,
  putHint,
  removeHint,
  wakeLane,
} from '../../rows/outbox.js'
import { listTenantsFrom } from '../../rows/tenants.js'

const shareMs = 20_000
/** An acceptance takes less. */
const underWayMs = 60_000
/** Younger than this a difference may be a write in progress. */
const settledMs = 10 * 60_000
/** A hint without its mail is shown so long, then removed. */
const ghostMs = 24 * 3_600_000

/** Returns how many mails did not add up in this run. */
export async function checkBalance(deps: Toolbox): Promise<number> {
  const { cursor, ...before } = await readBalance(deps)
  let { ofTenant, ofPass } = before
  let ofRun = 0
  const started = deps.clock.now()
  for await (const { id: tenant, state } of listTenantsFrom(deps, cursor.tenant)) {
    // Its mail goes with it; nothing of it may be put back or told any more.
    if (state === 'removing') continue
    const hints: Hint[] = []
    for await (const hint of listHints(deps, tenant)) hints.push(hint)
    ofTenant = tenant === cursor.tenant ? ofTenant : await sleepingLanes(deps, tenant, hints)
    for (const slice of idAlphabet) {
      if (tenant === cursor.tenant && slice < cursor.slice) continue
      if (deps.clock.now() - started > shareMs) {
        await writeBalance(deps, { cursor: { tenant, slice }, ofTenant, ofPass })
        return ofRun
      }
      const found = await compareSlice(deps, { tenant, slice }, hints)
      ofTenant += found
      ofRun += found
    }
    await tell(deps, tenant, ofTenant)
    ofPass += ofTenant
    ofTenant = 0
  }
  const done = { at: deps.clock.now(), difference: ofPass }
  await writeBalance(deps, { ...done, cursor: { tenant: '', slice: '' }, ofTenant: 0, ofPass: 0 })
  return ofRun
}

/** A mailbox with mail due whose lane nobody will look at. */
async function sleepingLanes(deps: Toolbox, tenant: string, hints: Hint[]): Promise<number> {
  const late = hints.filter((hint) => hint.kind === 'due' && deps.clock.now() - hint.dueAt > underWayMs)
  let found = 0
  for (const mailboxId of new Set(late.map((hint) => hint.mailboxId))) {
    if (await isScheduled(deps, { kind: 'lane', tenant, id: mailboxId })) continue
    const asleep = late.filter((hint) => hint.mailboxId === mailboxId)
    const settled = asleep.filter((hint) => deps.clock.now() - hint.dueAt > settledMs)
    await wakeLane(deps, { tenant, mailboxId })
    if (isOneCrash(asleep)) deps.log.info('acceptance-repaired', { tenant, mailboxId, count: asleep.length })
    else found += settled.length
  }
  return found
}

/** Each acceptance wakes the lane, so what is asleep after a crash was accepted with the last of them. */
function isOneCrash(asleep: Hint[]): boolean {
  const times = asleep.map((hint) => hint.at)
  return asleep.every((hint) => hint.isFirst) && Math.max(...times) - Math.min(...times) < underWayMs
}

async function compareSlice(deps: Toolbox, { tenant, slice }: Balance['cursor'], all: Hint[]): Promise<number> {
  const hints = all.filter((hint) => hint.mailId.startsWith(slice))
  const known = new Set(hints.map((hint) => `${hint.mailboxId} ${hint.key}`))
  const open = new Set<string>()
  let found = 0
  for await (const mail of listOpenMails(deps, tenant, slice)) {
    open.add(mail.id)
    if (known.has(`${mail.mailboxId} ${mail.outboxKey}`)) continue
    if (await putBack(deps, tenant, mail)) found += 1
  }
  for (const hint of hints) {
    if (!open.has(hint.mailId)) found += (await isOrphanedHint(deps, tenant, hint)) ? 1 : 0
    else if (hint.isFirst && !hint.isJournaled && deps.clock.now() - hint.at > settledMs)
      await markJournaled(deps, tenant, hint)
  }
  return found
}

/** The mail may have moved while we looked: only what both rows say now counts. */
async function putBack(deps: Toolbox, tenant: string, { id }: OpenMail): Promise<boolean> {
  const now = await findMail(deps, tenant, id)
  if (now === undefined || finalStates.has(now.mail.state)) return false
  const { mail } = now
  if (await hasHint(deps, mail)) return false
  // A step in between wrote its new hint before it changed the mail.
  if ((await findMail(deps, tenant, id))?.etag !== now.etag) return false
  await putHint(deps, mail, mail.state)
  if (isDueMail(mail)) await wakeLane(deps, mail)
  const description = 'An accepted mail was in no outbox; the gateway put it back.'
  await note(deps, mail, { code: 'mail_without_place', description })
  return true
}

async function isOrphanedHint(deps: Toolbox, tenant: string, hint: Hint): Promise<boolean> {
  const age = deps.clock.now() - hint.at
  const { mailId: id, mailboxId } = hint
  if (age < settledMs || (await findMail(deps, tenant, id)) !== undefined) return false
  let blob = ''
  const stored = deps.blobs.list(deps.names.container('outbound'), `${tenant}/${id}-`)
  for await (const { name } of stored) blob = name
  const isInterrupted = hint.isFirst && !hint.isJournaled
  if (blob === '' || age > ghostMs || isInterrupted) {
    await removeHint(deps, { tenant, mailboxId }, hint.key)
    if (blob !== '' && isInterrupted) await noteInterrupted(deps, { tenant, id, mailboxId, state: 'queued' }, blob)
    return false
  }
  const description = `A stored mail is not in the journal; its content is kept as ${blob} for a day.`
  await note(deps, { tenant, id, mailboxId, state: 'queued' }, { code: 'mail_without_journal', description })
  return true
}

type Noted = Pick<Mail, 'tenant' | 'id' | 'mailboxId' | 'state'>

/** Nobody got an answer, so nobody counts on it; the content goes with what else is left over (remove-orphans.ts). */
async function noteInterrupted(deps: Toolbox, mail: Noted, blob: string): Promise<void> {
  const { tenant, id: mailId, mailboxId, state } = mail
  const code = 'acceptance_interrupted'
  const description = `The gateway stopped before it accepted this mail. Its content is kept as ${blob} for a day.`
  const remedy = 'Nobody has to act: the application got no answer and submits the mail again.'
  deps.log.info('acceptance-repaired', { tenant, mailboxId, count: 0 })
  await writeLog(deps, 'sendinglog', { tenant, mailId, mailboxId, state, code, description, remedy })
}

async function note(deps: Toolbox, mail: Noted, why: { code: string; description: string }): Promise<void> {
  const { tenant, id: mailId, mailboxId, state } = mail
  const remedy = "Report it to the operator: the gateway's counts do not add up."
  await writeLog(deps, 'sendinglog', { tenant, mailId, mailboxId, state, ...why, remedy, failed: true })
}

async function tell(deps: Toolbox, tenant: string, difference: number): Promise<void> {
  if (difference === 0) {
    await clearAttention(deps, { tenant, kind: 'balance', id: tenant })
    return
  }
  const error = new GatewayError('balance_not_closed', 'needs-admin', {
    hint: 'operator',
    description: `${difference} accepted mails were not where they must be. The gateway put back mails that had no place.`,
    remedy: 'Search the sending log for the codes mail_without_place and mail_without_journal, and report the cause.',
  })
  const card = { tenant, kind: 'balance', id: tenant } as const
  await raiseAttention(deps, card, error)
  const sinceMs = deps.clock.now() - Date.parse((await findAttention(deps, card))?.since ?? '')
  deps.log.error('balance-not-closed', { tenant, difference, sinceMs })
}
