/** Mail of one mailbox, and apart from it what was not imported, for people who act on it (M-107, M-108). */
import type { MailboxRef } from '../../model/mailbox.js'
import type { PageQuery } from '../../model/page.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { pageOfNotImported, pageOfReceived } from '../../rows/received-lists.js'
import { type ReceivedMail, receivedView } from './received-view.js'

export interface ReceivedPage {
  mails: ReceivedMail[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

/** Mail of one mailbox, newest first. */
export async function listReceived(deps: Toolbox, mailbox: MailboxRef, page: PageQuery): Promise<ReceivedPage> {
  await getMailbox(deps, mailbox.tenant, mailbox.mailboxId)
  const { found, next } = await pageOfReceived(deps, mailbox, page)
  return { mails: found.map(receivedView), next }
}

/** Stored but not yet handed over, or quarantined; in the order of the ids. */
export async function listNotImported(deps: Toolbox, mailbox: MailboxRef, page: PageQuery): Promise<ReceivedPage> {
  await getMailbox(deps, mailbox.tenant, mailbox.mailboxId)
  const { found, next } = await pageOfNotImported(deps, mailbox, page)
  return { mails: found.map(receivedView), next }
}
