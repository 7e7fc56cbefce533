import type { MailSearch } from '../../model/mail-search.js'
import type { QueryOf } from './operation.js'
import type { operations } from './operations.js'

/** The query of a list of mail as the flow takes it. */
export function mailSearchOf(query: QueryOf<typeof operations.mailList>): MailSearch {
  const { mailbox: mailboxId, since, until, metadata, ...more } = query
  const ms = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text))
  const colon = metadata?.indexOf(':') ?? 0
  return {
    ...more,
    mailboxId,
    since: ms(since),
    until: ms(until),
    metadata: metadata === undefined ? undefined : { key: metadata.slice(0, colon), value: metadata.slice(colon + 1) },
  }
}
