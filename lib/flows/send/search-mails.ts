/**
 * Finds mail by what people know of it: recipient, subject, Message-ID, idempotency key, metadata, mailbox, state, time
 * (M-042). Open mail first, as it stands in the outbox, then finished mail, newest acceptance first, from the index of
 * its days. Rows of both are hints: the journal decides what is shown. A page looks at a bounded number of rows and may
 * hold fewer mails than asked for, or none; `next` goes on there.
 */
import { conflict } from '../../errors.js'
import { hashId } from '../../model/ids.js'
import { finalStates, type Mail, type MailState } from '../../model/mail.js'
import type { MailFilter, MailSearch } from '../../model/mail-search.js'
import {
  anyTerm,
  bareMessageId,
  mailboxTerm,
  messageIdTerm,
  metadataTerm,
  plainSubject,
  recipientTerm,
  stateTerm,
} from '../../model/mail-terms.js'
import { adjustSettings } from '../../model/setting.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { sameAddress } from '../../protocol/mail-address.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { type FinalHint, finalHints } from '../../rows/mail-index.js'
import { findMailbox } from '../../rows/mailboxes.js'
import { findMail, type JournalEntry } from '../../rows/mails.js'
import { type Hint, listHints } from '../../rows/outbox.js'
import { settingsOf, tenantSettings } from '../../rows/settings.js'
import { type MailView, mailView } from './mail-view.js'
import { type SearchPosition, searchPosition } from './search-position.js'

export interface MailPage {
  mails: MailView[]
  /** Pass as `after` for the next page; empty at the end. */
  next: string
}

/** What one page may look at: rows of the outbox or the index, journal rows, milliseconds. */
const most = { rows: 10_000, reads: 1_000, ms: 5_000 }

export async function searchMails(deps: Toolbox, tenant: string, search: MailSearch = {}): Promise<MailPage> {
  const { idempotencyKey, after, includeDone, limit = 50, ...filter } = search
  const position = searchPosition(after, filter.mailboxId)
  if (filter.subject !== undefined) await requireSubjects(deps, tenant, filter.mailboxId)
  if (idempotencyKey !== undefined) return byKey(deps, { tenant, filter }, idempotencyKey)
  const isFinal = filter.state !== undefined && finalStates.has(filter.state as MailState)
  const isOpen = filter.state !== undefined && !isFinal
  const withFinal = !isOpen && (includeDone || isSearch(filter))
  const page = newPage(deps, tenant, { limit: Math.min(Math.max(limit, 1), 200), filter, withFinal })
  const given = { tenant, filter, position, limit }
  const withOpen = !isFinal && !position.isFinal
  if (withOpen && !(await page.take(openCandidates(deps, given)))) return page.end()
  if (withFinal) await page.take(finalCandidates(deps, given))
  return page.end()
}

/** A mailbox alone is a list of its open mail. */
const isSearch = ({ mailboxId: _, ...rest }: MailFilter): boolean =>
  Object.values(rest).some((value) => value !== undefined)

/** The key makes the id: no search. */
async function byKey(
  deps: Toolbox,
  { tenant, filter }: Pick<GivenSearch, 'tenant' | 'filter'>,
  key: string,
): Promise<MailPage> {
  const entry = await findMail(deps, tenant, hashId(deps.names.environment, tenant, key))
  return { mails: entry !== undefined && fits(entry.mail, filter) ? [mailView(entry.mail)] : [], next: '' }
}

/** A search that must come out empty is refused: nothing found would read as never sent. */
async function requireSubjects(deps: Toolbox, tenant: string, mailboxId: string | undefined): Promise<void> {
  const mailbox = mailboxId === undefined ? undefined : await findMailbox(deps, tenant, mailboxId)
  const { tenant: ofTenant } = await tenantSettings(deps, tenant)
  const settings = mailbox ? await settingsOf(deps, mailbox) : adjustSettings(deps.config, [ofTenant])
  if (settings.keepSubject === 'yes') return
  throw conflict(
    'subjects_not_kept',
    `The gateway does not keep subjects ${mailbox ? 'for this mailbox' : 'in this tenant'}, so it cannot search by one.`,
    'Search by recipient, messageId, idempotencyKey or metadata; or set keepSubject to yes, which applies to mail from then on.',
  )
}

interface Candidate {
  mailId: string
  /** As `after` of the page that begins behind it. */
  place: string
  /** What the hint itself says; false: not looked up. */
  fits: boolean
  /** Of a finished mail: the completion that the hint is about. */
  finalAt?: number
}

/** What is looked for, and where the page begins. */
interface GivenSearch {
  tenant: string
  filter: MailFilter
  position: SearchPosition
  limit: number
}

async function* openCandidates(deps: Toolbox, { tenant, filter, position }: GivenSearch): AsyncIterable<Candidate> {
  const terms = termsOf(filter)
  for await (const hint of listHints(deps, tenant, { mailboxId: filter.mailboxId, after: position.open }))
    yield { mailId: hint.mailId, place: `o~${hint.mailboxId}~${hint.key}`, fits: mayFit(hint, filter, terms) }
}

/** A hint of an older build says nothing: its mail is looked up. */
function mayFit({ kind, find }: Hint, filter: MailFilter, terms: string[]): boolean {
  if (filter.state === 'held' && kind !== 'held') return false
  if (find === undefined) return true
  return (
    terms.every((term) => find.terms.has(term)) && inTime(find.acceptedAt, filter) && hasSubject(find.subject, filter)
  )
}

async function* finalCandidates(
  deps: Toolbox,
  { tenant, filter, position, limit }: GivenSearch,
): AsyncIterable<Candidate> {
  const [term = filter.mailboxId === undefined ? anyTerm : mailboxTerm(filter.mailboxId)] = [
    ...termsOf(filter),
    ...(filter.state === 'failed' || filter.state === 'cancelled' ? [stateTerm(filter.state)] : []),
  ]
  const { since = 0, until = Number.POSITIVE_INFINITY } = filter
  // Whatever is compared row by row is read in large pieces.
  const chunk = filter.subject === undefined && filter.state === undefined ? limit + 1 : 1_000
  for await (const hint of finalHints(deps, tenant, { term, since, until, after: position.final, chunk }))
    yield { mailId: hint.mailId, place: `f~${hint.place}`, fits: isWanted(hint, filter), finalAt: hint.finalAt }
}

const isWanted = ({ mailboxId, state, subject }: FinalHint, filter: MailFilter): boolean =>
  (filter.mailboxId === undefined || filter.mailboxId === mailboxId) &&
  (filter.state === undefined || filter.state === state) &&
  hasSubject(subject, filter)

/** The rarest first: it chooses the rows that are read. */
const termsOf = ({ messageId, metadata, recipient }: MailFilter): string[] => [
  ...(messageId === undefined ? [] : [messageIdTerm(messageId)]),
  ...(metadata === undefined ? [] : [metadataTerm(metadata.key, metadata.value)]),
  ...(recipient === undefined ? [] : [recipientTerm(recipient)]),
]

const inTime = (acceptedAt: number, { since = 0, until = Number.POSITIVE_INFINITY }: MailFilter): boolean =>
  acceptedAt >= since && acceptedAt < until

const hasSubject = (plain: string, { subject }: MailFilter): boolean =>
  subject === undefined || plain.includes(plainSubject(subject))

/** What counts in the end, whatever the hints say. */
function fits(mail: Mail, filter: MailFilter): boolean {
  const { recipient, messageId, metadata, state, mailboxId } = filter
  return (
    (recipient === undefined || mail.recipients.some((one) => sameAddress(one, recipient))) &&
    (messageId === undefined || bareMessageId(mail.messageId) === bareMessageId(messageId)) &&
    (metadata === undefined || mail.metadata[metadata.key] === metadata.value) &&
    (state === undefined || (state === 'held' ? mail.held && !finalStates.has(mail.state) : mail.state === state)) &&
    (mailboxId === undefined || mail.mailboxId === mailboxId) &&
    inTime(Date.parse(mail.acceptedAt), filter) &&
    hasSubject(plainSubject(mail.subject), filter)
  )
}

/** Fills one page from candidates in order, in rounds of as many as there is room for. */
function newPage(
  deps: Toolbox,
  tenant: string,
  { limit, filter, withFinal }: { limit: number; filter: MailFilter; withFinal: boolean },
) {
  const mails = new Map<string, MailView>()
  const started = deps.clock.now()
  let next = ''
  let rows = 0
  let reads = 0
  let last = ''
  let round: Candidate[] = []
  const isOver = (): boolean =>
    mails.size >= limit || rows >= most.rows || reads >= most.reads || deps.clock.now() - started > most.ms
  const lookUp = async (): Promise<void> => {
    const found = await mapInBatches(round, ({ mailId }) => findMail(deps, tenant, mailId))
    for (const [at, entry] of found.entries())
      if (entry !== undefined && isTrue(round[at]!, entry, withFinal) && fits(entry.mail, filter))
        mails.set(entry.mail.id, mailView(entry.mail))
    reads += round.length
    round = []
  }
  return {
    /** False: the page is over before the candidates are. */
    async take(candidates: AsyncIterable<Candidate>): Promise<boolean> {
      for await (const candidate of candidates) {
        if (round.length >= limit - mails.size) await lookUp()
        if (last !== '' && isOver()) {
          next = last
          break
        }
        rows += 1
        last = candidate.place
        if (candidate.fits) round.push(candidate)
      }
      await lookUp()
      return next === ''
    },
    end: (): MailPage => ({ mails: [...mails.values()], next }),
  }
}

/** A row of the index is about one completion, which a retry may have undone; a hint may be about to go. */
function isTrue({ finalAt }: Candidate, { mail }: JournalEntry, withFinal: boolean): boolean {
  const isFinal = finalStates.has(mail.state)
  return finalAt === undefined ? withFinal || !isFinal : isFinal && Date.parse(mail.finalAt) === finalAt
}
