/** Open mail from the outbox; with `includeDone` also what became final today and yesterday, from the sending log (M-042). */
import { isId } from '../../model/ids.js'
import { finalStates } from '../../model/mail.js'
import { sideBySide } from '../common/delete-rows.js'
import { logDay } from '../common/log-row.js'
import { findMail } from './journal.js'
import { type MailView, mailView } from './mail-view.js'
import { openHints } from './outbox.js'
import type { SendDependencies } from './send-dependencies.js'

export interface MailListOptions {
  /** Default 100, at most 500. */
  limit?: number | undefined
  includeDone?: boolean | undefined
  mailboxId?: string | undefined
}

export async function listMails(
  deps: SendDependencies,
  tenant: string,
  options: MailListOptions = {},
): Promise<{ mails: MailView[] }> {
  const limit = Math.min(Math.max(options.limit ?? 100, 1), 500)
  const { mailboxId } = options
  if (mailboxId !== undefined && !isId(mailboxId)) return { mails: [] }
  const ids = new Set<string>()
  for await (const hint of openHints(deps, tenant, mailboxId)) {
    ids.add(hint.mailId)
    if (ids.size >= limit) break
  }
  const open = (await readAll(deps, tenant, [...ids])).filter((mail) => !finalStates.has(mail.state))
  if (!options.includeDone || open.length >= limit) return { mails: open }
  const done = await readAll(deps, tenant, await doneIds(deps, tenant, mailboxId, limit - open.length))
  return { mails: [...open, ...done.filter((mail) => finalStates.has(mail.state))] }
}

async function doneIds(
  deps: SendDependencies,
  tenant: string,
  mailboxId: string | undefined,
  limit: number,
): Promise<string[]> {
  const ids = new Set<string>()
  const now = deps.clock.now()
  for (const at of [now, now - 86_400_000]) {
    const table = deps.names.log('sendinglog', logDay('sendinglog', at))
    if (!(await deps.tables.list(table)).includes(table)) continue
    const rows = deps.tables.query(table, { partitionRange: [`${tenant}~0`, `${tenant}~3`] })
    for await (const row of rows) {
      const fits = mailboxId === undefined || row['mailboxId'] === mailboxId
      if (fits && finalStates.has(String(row['state']) as never)) ids.add(String(row['mailId']))
      if (ids.size >= limit) return [...ids]
    }
  }
  return [...ids]
}

/** A few side by side: a page is at most 500 point reads. */
async function readAll(deps: SendDependencies, tenant: string, ids: string[]): Promise<MailView[]> {
  const entries = await sideBySide(ids, (id) => findMail(deps, tenant, id))
  return entries.flatMap((entry) => (entry === undefined ? [] : [mailView(entry.mail)]))
}
