/**
 * Delta per folder. A round covers the change log from `since` to `upTo`; pages walk it by position, so that changes
 * during a round are neither lost nor shown twice but come with the next round. All query options travel in the token.
 */
import type { Message, Tombstone } from '../directory.js'
import { json, type Reply } from '../loopback-server.js'
import { badRequest, notFound, usualRefusal } from './graph-refusal.js'
import { graphOrigin, type MailboxRequest } from './graph-state.js'
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

  const pageSize = Math.min(
    Number(preference(request.headers['prefer'], 'odata.maxpagesize') ?? query.get('$top') ?? 10),
    1000,
  )
  const changes = await changesOf(of, round)
  const page = changes.filter((c) => c.seq > round.at).slice(0, Math.max(pageSize, 1))
  const isLast = page.length === 0 || page.at(-1) === changes.at(-1)
  const next: Round = { ...round, at: page.at(-1)?.seq ?? round.upTo }
  const link = isLast
    ? { '@odata.deltaLink': `${freshUrl(of)}?$deltatoken=${encode(next)}` }
    : { '@odata.nextLink': `${freshUrl(of)}?$skiptoken=${encode(next)}` }
  const value = await Promise.all(page.map((change) => shown(change, of, round)))
  return json(200, { '@odata.context': `${graphOrigin}/v1.0/$metadata#Collection(message)`, value, ...link })
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
