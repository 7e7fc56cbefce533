/**
 * What is older than the retention goes. The day's log names every mail and every mailbox of that day, so it is walked
 * just before its table is dropped: final mails with the rest of their content, mail that was handed over with its raw
 * copy. What is still open, or became final later, stays; the log of that later day finds it again. Log rows go as they
 * are worked off, a bounded number per run, so that the next run goes on where this one stopped or died. Mail in
 * quarantine waits 90 days for a person, unless its mailbox is gone.
 */
import { finalStates } from '../../model/mail.js'
import type { MailboxRef } from '../../model/mailbox.js'
import { dayTableNames } from '../../model/names.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { type LoggedSubject, listOldTables, workOffLog } from '../../rows/day-tables.js'
import { type Budget, mapInBatches } from '../../rows/delete-rows.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { findMail, removeMail } from '../../rows/mails.js'
import { removeReceived } from '../../rows/received.js'
import { listTakenBefore, type TakenMail } from '../../rows/received-lists.js'
import { showQuarantine } from '../receive/tell-quarantined.js'
import { blobName } from '../send/accept-mail.js'

const dayMs = 86_400_000
const auditDays = 400
const quarantineDays = 90
/** Log rows and received mails of one run. */
const runBudget = 2_000

/** Returns the tables that were dropped. */
export async function purgeOld(deps: Toolbox, retentionDays: number, most = runBudget): Promise<string[]> {
  const budget: Budget = { left: most }
  const dropped: string[] = []
  for (const name of dayTableNames) {
    const keptDays = name === 'auditlog' ? auditDays : retentionDays
    const old = await listOldTables(deps, name, deps.clock.now() - keptDays * dayMs)
    const before = startOfDay(deps.clock.now() - retentionDays * dayMs)
    for (const table of old) {
      const log = { table, budget, before }
      if (name === 'sendinglog' && !(await forgetMails(deps, log))) break
      if (name === 'receivinglog' && !(await forgetReceived(deps, log))) break
      await deps.tables.drop(table)
      dropped.push(table)
    }
  }
  return dropped
}

const startOfDay = (ms: number): number => Math.floor(ms / dayMs) * dayMs

/** One day of a log: what it names and is older than `before` (milliseconds) goes. */
interface OldLog {
  table: string
  budget: Budget
  before: number
}

const forgetMails = (deps: Toolbox, log: OldLog): Promise<boolean> =>
  workOffLog(deps, log, (subjects) => mapInBatches(subjects, (one) => forgetMail(deps, one, log.before)))

/**
 * Open mail stays, whatever its age. The row goes first and only as it was read: somebody may try it again just now.
 */
async function forgetMail(deps: Toolbox, { tenant, mailId: id }: LoggedSubject, before: number): Promise<void> {
  if (id === '') return
  const container = deps.names.container('outbound')
  const entry = await findMail(deps, tenant, id)
  if (entry === undefined) {
    // Left by a run that died between row and content.
    for await (const { name, etag } of deps.blobs.list(container, `${tenant}/${id}-`))
      await deps.blobs.remove(container, name, etag)
    return
  }
  const { mail } = entry
  if (!finalStates.has(mail.state) || !(Date.parse(mail.finalAt) < before)) return
  if (!(await removeMail(deps, entry))) return
  // Only a failed mail still has content.
  if (mail.state === 'failed') await deps.blobs.remove(container, blobName(mail))
}

async function forgetReceived(deps: Toolbox, log: OldLog): Promise<boolean> {
  const done = new Set<string>()
  return workOffLog(deps, log, async (subjects) => {
    for (const { tenant, mailboxId } of subjects) {
      if (mailboxId === '' || log.budget.left <= 0 || done.has(`${tenant}~${mailboxId}`)) continue
      await purgeMailbox(deps, { tenant, mailboxId }, log)
      done.add(`${tenant}~${mailboxId}`)
    }
  })
}

async function purgeMailbox(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  { budget, before }: OldLog,
): Promise<void> {
  const mailbox = await findMailbox(deps, tenant, mailboxId)
  const quarantinedBefore = Math.min(before, deps.clock.now() - quarantineDays * dayMs)
  const old: TakenMail[] = []
  for await (const mail of listTakenBefore(deps, { tenant, mailboxId }, before)) {
    const inQuarantine = mail.state === 'quarantined' && mail.storedAt < quarantinedBefore
    if (mailbox !== undefined && mail.state !== 'handed-over' && !inQuarantine) continue
    // Used up in the middle of a mailbox: its log rows stay, and the next run comes back here.
    if (old.push(mail) >= budget.left) break
  }
  budget.left -= old.length
  await mapInBatches(old, (mail) => forgetReceivedMail(deps, mail))
  if (mailbox !== undefined && old.some(({ state }) => state === 'quarantined')) await showQuarantine(deps, mailbox)
}

async function forgetReceivedMail(deps: Toolbox, mail: TakenMail): Promise<void> {
  const containers = mail.state === 'quarantined' ? (['inbound', 'quarantine'] as const) : (['inbound'] as const)
  if (mail.blob !== '') for (const name of containers) await deps.blobs.remove(deps.names.container(name), mail.blob)
  await removeReceived(deps, mail)
}
