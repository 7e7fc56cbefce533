import { invalidInput } from '../../errors.js'
import { isId } from '../../model/ids.js'
import type { Hint } from '../../rows/outbox.js'
import { wrongPlace } from '../../rows/page-of-rows.js'

/** Where a page of mail begins: behind an open mail, or behind a finished one. */
export interface SearchPosition {
  open?: Pick<Hint, 'mailboxId' | 'key'>
  isFinal: boolean
  final?: string
}

const form = /^(?:o~([a-z2-7]{26})~([dhu]~\d{13}~[a-z2-7]{26})|f~(\d{13}~[a-z2-7]{26}))$/

/** A position names rows inside the caller's own tenant only; anything else is refused. */
export function searchPosition(after: string | undefined, mailboxId: string | undefined): SearchPosition {
  if (mailboxId !== undefined && !isId(mailboxId))
    throw invalidInput('mailbox', 'must be the id of a mailbox, 26 characters')
  if (after === undefined || after === '') return { isFinal: false }
  const [whole, box = '', key = '', final] = form.exec(after) ?? []
  if (whole === undefined || (box !== '' && mailboxId !== undefined && box !== mailboxId)) throw wrongPlace()
  return final === undefined ? { isFinal: false, open: { mailboxId: box, key } } : { isFinal: true, final }
}
