/** Open mail from the outbox; with `includeDone` also what became final today and yesterday, from the sending log (M-042). */
import { invalidInput } from '../../errors.js'
import { isId } from '../../model/ids.js'
import { finalStates } from '../../model/mail.js'
import { sideBySide } from '../common/delete-rows.js'
import { logDay } from '../common/log-row.js'
import { findMail } from './journal.js'
import { type MailView, mailView } from './mail-view.js'
import { type Hint, openHints } from './outbox.js'
import type { SendDependencies } from './send-dependencies.js'

export interface MailListOptions {
  /** Default 100, at most 500. */
  limit?: number | undefined
  includeDone?: boolean | undefined
  mailboxId?: string | undefined
  /** `next` of the page before. */
  after?: string | undefined
}

export interface MailPage {
  mails: MailView[]
  /** Pass as `after` for the next page of open mail; empty at the end. */
  next: string
}

export async function listMails(
  deps: SendDependencies,
  tenant: string,
  options: MailListOptions = {},
): Promise<MailPage> {
  const limit = Math.min(Math.max(options.limit ?? 100, 1), 500)
  const { mailboxId } = options
  if (mailboxId !== undefined && !isId(mailboxId))
    throw invalidInput('mailbox', 'must be the id of a mailbox, 26 characters')
  const ids = new Set<string>()
  let last: Hint | undefined
  let next = ''
  for await (const hint of openHints(deps, tenant, mailboxId, afterOf(options))) {
    if (ids.size >= limit) {
      next = `${last?.mailboxId}~${last?.key}`
      break
    }
    ids.add(hint.mailId)
    last = hint
  }
  const open = (await readAll(deps, tenant, [...ids])).filter((mail) => !finalStates.has(mail.state))
  if (!options.includeDone || next !== '' || open.length >= limit) return { mails: open, next }
  const done = await readAll(deps, tenant, await doneIds(deps, tenant, mailboxId, limit - open.length))
  return { mails: [...open, ...done.filter((mail) => finalStates.has(mail.state))], next }
}

function afterOf({ after, mailboxId }: MailListOptions): Pick<Hint, 'mailboxId' | 'key'> | undefined {
  if (after === undefined || after === '') return undefined
  const [, box = '', key = ''] = /^([a-z2-7]{26})~([dhu]~\d{13}~[a-z2-7]{26})$/.exec(after) ?? []
  if (box === '' || (mailboxId !== undefined && box !== mailboxId))
    throw invalidInput('after', 'must be `next` of the page before, unchanged; leave it out for the first page')
  return { mailboxId: box, key }
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
