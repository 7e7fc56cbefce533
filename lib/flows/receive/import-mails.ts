/**
 * Somebody wants what is in quarantine: a row beside the mailbox's `receiving` says since when, and a worker polls at
 * once. The poll takes every mail that went into quarantine before into the list of those that stand aside, from which
 * it is tried after all others, named before it is touched: from the bytes that were kept, else it is fetched again.
 * One that ended the process before needs to do it only once more to be back in quarantine, so that importing never
 * goes round.
 */

import type { Mailbox, MailboxRef } from '../../model/mailbox.js'
import { sourceOf } from '../../model/transports.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { getMailbox } from '../../rows/mailboxes.js'
import type { StoredReceived } from '../../rows/received.js'
import { listQuarantined } from '../../rows/received-lists.js'
import { type AsideMail, endImportRequest, type ImportRequest, requestImport } from '../../rows/receiving-state.js'
import { deathsAlone, longestAside, newAside } from './aside.js'
import type { Poll } from './poll.js'
import { pollNow } from './poll-now.js'
import { showQuarantine } from './tell-quarantined.js'

export interface ImportAnswer {
  /** Mails that a worker tries within seconds. */
  importing: number
  /** Mails that nobody can fetch any more: of another server, account or folder than the mailbox has today. */
  outOfReach: number
}

/** Room in the list for mails that are refused meanwhile. */
const longestImports = longestAside / 2
/** Storage tells its time in whole seconds now and then. */
const clockStepMs = 1_000

export async function importMails(deps: Toolbox, { tenant, mailboxId }: MailboxRef): Promise<ImportAnswer> {
  const mailbox = await getMailbox(deps, tenant, mailboxId)
  const askedAt = (await deps.tables.serverNow()) + clockStepMs
  const answer: ImportAnswer = { importing: 0, outOfReach: 0 }
  for await (const mail of listQuarantined(deps, { tenant, mailboxId }, askedAt))
    answer[canImport(mailbox, mail) ? 'importing' : 'outOfReach'] += 1
  if (answer.importing === 0) {
    await showQuarantine(deps, mailbox)
    return answer
  }
  await requestImport(deps, mailbox, askedAt)
  await pollNow(deps, { tenant, mailboxId })
  return answer
}

/** What somebody asked for. The request stays while the list has no room for all. */
export async function takeUpImports(
  { deps, mailbox, receiving, progress }: Poll,
  request: ImportRequest,
): Promise<void> {
  const { askedAt } = request
  const aside = [...progress.aside]
  let isAll = true
  for await (const mail of listQuarantined(deps, { tenant: mailbox.tenant, mailboxId: mailbox.id }, askedAt)) {
    if (!canImport(mailbox, mail)) continue
    if (aside.some((one) => one.serverId === mail.serverId)) continue
    isAll = JSON.stringify(aside).length < longestImports
    if (!isAll) break
    aside.push({ ...toImport(mail, deps.clock.now()), askedAt })
  }
  await receiving.write({ aside, source: sourceOf(mailbox) })
  progress.aside = aside
  if (isAll) await endImportRequest(deps, mailbox, request)
}

function toImport({ serverId, code }: StoredReceived, now: number): AsideMail {
  return { ...newAside(serverId, now), deaths: code === 'mail_killed_poll' ? deathsAlone - 1 : 0, code }
}

/** An id of another server may be that of another mail here. */
const canImport = (mailbox: Mailbox, { serverId, source }: StoredReceived): boolean =>
  serverId !== '' && source === sourceOf(mailbox)
