/**
 * Delta per folder. A round covers the change log from `since` to `upTo`; pages walk it by position, so that changes
 * during a round are neither lost nor shown twice but come with the next round. All query options travel in the token.
 */
import { addressesOf, type Message, type Tombstone } from '../directory.js'
import { json, type Reply } from '../loopback-server.js'
import { badRequest, notFound, usualRefusal } from './graph-refusal.js'
import { exchangeLimits, graphOrigin, type MailboxRequest } from './graph-state.js'
import { matching, parseFilter } from './list-messages.js'
import { idOf, messageJson } from './message-json.js'
import { preference } from './preferences.js'

interface Round {
  folderId: string
  generation: number
  /** 0 in the first round, which shows no removals. */
  since: number
  upTo: number
  /** Last position already shown. */
  at: number
  select?: string
  filter?: string
  changeType?: string
  /** Entries shown so far in a filtered first round, which ends at `filteredRoundMails` as if it were complete. */
  shown?: number
  /** Of the lies: empty pages still to come, where in a ring of pages this one is, without any link. */
  empty?: number
  ring?: number
  linkless?: boolean
}

export async function delta(of: MailboxRequest): Promise<Reply> {
  const { request, state, user, mailbox } = of
  const query = request.url.searchParams
  const folder = mailbox.folder(of.params['folder']!)
  if (!folder) throw notFound()
  const generation = state.deltaGeneration.get(user.oid) ?? 0
  const token = query.get('$deltatoken') ?? query.get('$skiptoken')
  const round = token === null ? firstRound(of, folder.id, generation) : decode(token)
  if (round.folderId !== folder.id) throw badRequest('SyncStateInvalid', 'The sync state belongs to another folder.')
  if (round.generation !== generation) throw usualRefusal(410, undefined, { location: freshUrl(of) })
  // A delta link opens a new round; a skip token goes on with the one it came from.
  if (query.has('$deltatoken')) Object.assign(round, { since: round.upTo, upTo: mailbox.seq, at: round.upTo })

  const tell = tellerOf(of)
  const isInside = query.has('$skiptoken')
  if (!isInside) round.empty = tell('empty-pages')?.pages ?? 0
  if ((round.empty ?? 0) > 0) return answer(of, [], nextLink(of, { ...round, empty: round.empty! - 1 }))

  const pageSize = Math.min(
    Number(preference(request.headers['prefer'], 'odata.maxpagesize') ?? query.get('$top') ?? 10),
    1000,
  )
  const most = round.filter === undefined || round.since > 0 ? Number.POSITIVE_INFINITY : filteredMost(of)
  const shownBefore = round.shown ?? 0
  const changes = (await changesOf(of, round)).filter((c) => c.seq > round.at).slice(0, most - shownBefore)
  const page = changes.slice(0, Math.max(pageSize, 1))
  const isLast = page.length === 0 || page.at(-1) === changes.at(-1)
  const next: Round = { ...round, at: page.at(-1)?.seq ?? round.upTo, shown: shownBefore + page.length }
  const ring = tell('ring')
  const entries = await entriesOf(of, page, round)
  if (ring) return answer(of, entries, nextLink(of, { ...round, ring: ((round.ring ?? 0) + 1) % ring.of }))
  const links = isLast ? deltaLink(of, next) : nextLink(of, next)
  return answer(of, entries, round.linkless ? {} : linksOf(of, links, next))
}

const filteredMost = (of: MailboxRequest): number =>
  of.state.limits?.filteredRoundMails ?? exchangeLimits.filteredRoundMails

type Links = Record<string, unknown>
const nextLink = (of: MailboxRequest, round: Round): Links => ({
  '@odata.nextLink': `${freshUrl(of)}?$skiptoken=${encode(round)}`,
})
const deltaLink = (of: MailboxRequest, round: Round): Links => ({
  '@odata.deltaLink': `${freshUrl(of)}?$deltatoken=${encode(round)}`,
})

const tellerOf = ({ state, user }: MailboxRequest) =>
  ((kind, mail) => state.lies.tell(kind, addressesOf(user), { mail: mail as never })) as <
    K extends Parameters<typeof state.lies.tell>[0],
  >(
    kind: K,
    mail?: Message,
  ) => ReturnType<typeof state.lies.tell<K>>

function linksOf(of: MailboxRequest, links: Links, next: Round): Links {
  const how = tellerOf(of)('links')?.how
  if (how === 'none') return {}
  if (how === 'numbers') return Object.fromEntries(Object.keys(links).map((name) => [name, 4711]))
  if (how === 'both') return { ...deltaLink(of, next), ...nextLink(of, { ...next, linkless: true }), ...links }
  return links
}

function answer(of: MailboxRequest, entries: unknown[], links: Links): Reply {
  const how = tellerOf(of)('value')?.how
  const value = how === undefined ? { value: entries } : how === 'text' ? { value: 'none' } : {}
  return json(200, { '@odata.context': `${graphOrigin}/v1.0/$metadata#Collection(message)`, ...value, ...links })
}

async function entriesOf(of: MailboxRequest, page: Change[], round: Round): Promise<unknown[]> {
  const tell = tellerOf(of)
  const stuffed = tell('stuffed')
  if (stuffed) return Array.from({ length: stuffed.entries }, () => ({}))
  const told = tell('again') ? await changesOf(of, { ...round, since: 0, upTo: round.since }) : []
  const entries: Record<string, unknown>[] = []
  for (const change of [...told, ...page]) {
    const entry = await shown(change, of, round)
    const property = 'message' in change ? tell('property', change.message) : undefined
    if (property?.value === null) delete entry[property.name]
    else if (property) entry[property.name] = property.value
    const removed = 'message' in change ? tell('removed', change.message)?.how : undefined
    if (removed) entries.push({ '@removed': { reason: 'deleted' }, id: entry['id'] })
    if (removed !== 'instead') entries.push(entry)
  }
  if (tell('stranger')) entries.push({ id: 'AAkALgOfNobody', receivedDateTime: new Date(of.state.now()).toISOString() })
  if (tell('stranger-removed')) entries.push({ '@removed': { reason: 'deleted' }, id: 'AAkALgOfNobody' })
  const order = tell('order')?.how
  if (order === 'reversed') entries.reverse()
  return order === 'doubled' ? [...entries, ...entries] : entries
}

function firstRound(of: MailboxRequest, folderId: string, generation: number): Round {
  const query = of.request.url.searchParams
  const filter = query.get('$filter')
  if (filter && !/^receivedDateTime (ge|gt) \S+$/.test(filter.trim())) {
    throw badRequest('ErrorInvalidUrlQueryFilter', 'Delta filters by receivedDateTime ge or gt only.')
  }
  if (query.has('$search')) throw badRequest('ErrorInvalidUrlQuery', 'Delta cannot search.')
  const select = query.get('$select')
  const changeType = query.get('changeType')
  return {
    folderId,
    generation,
    since: 0,
    upTo: of.mailbox.seq,
    at: 0,
    ...(select ? { select } : {}),
    ...(filter ? { filter } : {}),
    ...(changeType ? { changeType } : {}),
  }
}

type Change = { seq: number; message: Message } | { seq: number; gone: Tombstone }

async function changesOf(of: MailboxRequest, round: Round): Promise<Change[]> {
  const inRange = (seq: number) => seq > round.since && seq <= round.upTo
  const changed: Message[] = []
  for (const m of of.mailbox.messages.values()) if (m.folderId === round.folderId && inRange(m.seq)) changed.push(m)
  const isWanted = (m: Message) =>
    round.changeType === undefined || (round.changeType === 'created') === m.arrivedSeq > round.since
  const kept = await matching(
    round.changeType === 'deleted' ? [] : changed.filter(isWanted),
    parseFilter(round.filter ?? ''),
  )
  const shows = round.since > 0 && (round.changeType ?? 'deleted') === 'deleted'
  const gone = shows ? of.mailbox.tombstones.filter((t) => t.folderId === round.folderId && inRange(t.seq)) : []
  return [
    ...kept.map((message) => ({ seq: message.seq, message })),
    ...gone.map((t) => ({ seq: t.seq, gone: t })),
  ].sort((a, b) => a.seq - b.seq)
}

async function shown(change: Change, of: MailboxRequest, round: Round): Promise<Record<string, unknown>> {
  if ('message' in change) {
    return { '@odata.type': '#microsoft.graph.message', ...(await messageJson(change.message, of, round.select)) }
  }
  return { '@removed': { reason: change.gone.reason }, id: idOf(change.gone, of) }
}

const freshUrl = (of: MailboxRequest): string =>
  `${graphOrigin}/v1.0${of.base}/mailFolders/${encodeURIComponent(of.params['folder']!)}/messages/delta`

const encode = (round: Round): string => Buffer.from(JSON.stringify(round)).toString('base64url')

function decode(token: string): Round {
  try {
    return JSON.parse(Buffer.from(token, 'base64url').toString()) as Round
  } catch {
    throw badRequest('SyncStateInvalid', 'The sync state is not readable.')
  }
}
