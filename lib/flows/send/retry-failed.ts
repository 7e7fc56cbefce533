/**
 * Somebody repaired what stopped a mailbox. Mail that waited is sent automatically; mail that failed meanwhile, because
 * an administrator or the owner had to act first, is final and is taken up again here in one call (D16). What failed
 * for a reason of its own, an unknown recipient for instance, stays as it is. A call looks at a bounded number of mails
 * and may be repeated: what it took up is not failed any more.
 */

import { GatewayError } from '../../errors.js'
import type { MailboxRef } from '../../model/mailbox.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { getMailbox } from '../../rows/mailboxes.js'
import { retryMail } from './mail-actions.js'
import type { MailView } from './mail-view.js'
import { searchMails } from './search-mails.js'

export interface RetriedMails {
  /** Taken up again; with `dryRun` those that would be. */
  mails: number
  /** Whose content is no longer kept: they have to be submitted anew. */
  contentGone: number
  /** Why they had failed. */
  codes: string[]
  /** There may be more: call again. */
  more: boolean
}

const most = { mails: 200, ms: 20_000 }

export async function retryFailedMails(
  deps: Toolbox,
  { tenant, mailboxId }: MailboxRef,
  { dryRun = false }: { dryRun?: boolean } = {},
): Promise<RetriedMails> {
  await getMailbox(deps, tenant, mailboxId)
  const started = deps.clock.now()
  const codes = new Set<string>()
  const result = { mails: 0, contentGone: 0 }
  for await (const mail of failedMails(deps, { tenant, mailboxId })) {
    if (result.mails >= most.mails || deps.clock.now() - started > most.ms)
      return { ...result, codes: [...codes], more: true }
    if (!waitedForSomebody(mail)) continue
    codes.add(mail.lastError?.code ?? '')
    const outcome = dryRun ? 'mails' : await takeUp(deps, tenant, mail.id)
    if (outcome !== undefined) result[outcome] += 1
  }
  return { ...result, codes: [...codes], more: false }
}

async function* failedMails(deps: Toolbox, { tenant, mailboxId }: MailboxRef): AsyncIterable<MailView> {
  let after = ''
  do {
    const page = await searchMails(deps, tenant, { mailboxId, state: 'failed', limit: 100, after })
    yield* page.mails
    after = page.next
  } while (after !== '')
}

const waitedForSomebody = ({ lastError }: MailView): boolean =>
  lastError !== null && (lastError.class === 'needs-admin' || lastError.class === 'needs-reconnect')

/** Undefined when somebody else took it up meanwhile. */
async function takeUp(deps: Toolbox, tenant: string, id: string): Promise<'mails' | 'contentGone' | undefined> {
  try {
    await retryMail(deps, tenant, id)
    return 'mails'
  } catch (error) {
    if (!(error instanceof GatewayError) || error.class !== 'permanent') throw error
    return error.code === 'mail_content_gone' ? 'contentGone' : undefined
  }
}
