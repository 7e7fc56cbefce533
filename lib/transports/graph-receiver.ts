/**
 * Reads a folder by delta query. The cursor is the link of the page to be read next (without its origin, so that a
 * stored cursor can never point to another host); a page is returned whole, and the cursor advances when the page is
 * done. The first round has no filter: Graph ends a filtered one after 5,000 mails as if it were complete. Mail older
 * than requested is left out here, and a page that contains only old mail makes the next one larger. Each followed link
 * is progress that the caller keeps; a link that leads back to a page of this walk is a fault, never followed.
 */
import { GatewayError } from '../errors.js'
import type { ReceiveTarget } from '../model/transports.js'
import type { FetchedMail, FetchLimits, Receiver, ReceiveSession } from '../ports/receiver.js'
import { actOnGraphMails } from './act-on-graph-mails.js'
import { mailGone } from './fetch-faults.js'
import { type GraphClient, type GraphOptions, graphClient, graphOf, mailboxPath } from './graph-client.js'
import { folderId, inSentItems, openSentItems } from './graph-mailbox.js'
import { type GraphEntry, type GraphPage, pageFault, readGraphPage } from './graph-page.js'
import { isInFolder, readGraphMail, troubleOf } from './read-graph-mail.js'

const usualPage = 50
/** While nothing is to be taken: Graph gives up to a thousand. */
const largestPage = 500
/** Pages of one poll; a server whose pages never end gets no more requests than this in the time of one poll. */
const mostPages = 100
const longestCursor = 24_000
/** A mailbox whose every sync state is refused must not be read from the start for ever. */
const mostResyncs = 3

/**
 * `since`, milliseconds: set inside a round, where the link must not stand longer than needed, because it shows its own
 * page for ever; 0 but in the first round, which shows mail of any age. Absent: a new round begins with this link.
 */
interface Position {
  link: string
  since: number | undefined
}

export function graphReceiver(options: GraphOptions = {}): Receiver {
  return {
    async open(target, authority, signal) {
      return receiveSession(graphClient(options, authority, signal), target, graphOf(authority).origin)
    },
  }
}

function receiveSession(graph: GraphClient, target: ReceiveTarget, origin: string): ReceiveSession {
  if (target.transport !== 'graph') throw new GatewayError('graph_target_needed', 'permanent', { hint: 'config' })
  const box = mailboxPath(target.graph.mailbox)
  const place = { graph, box, folder: target.folder }
  let at: Position = { link: '', since: undefined }
  let hasMore = false
  let startedOver = false

  const firstPage = async (since: number): Promise<Position> => {
    const query = new URLSearchParams({ changeType: 'created', $select: 'id,receivedDateTime' })
    const folder = encodeURIComponent(await folderId(graph, box, target.folder))
    return { link: `/v1.0${box}/mailFolders/${folder}/messages/delta?${query}`, since }
  }

  const mailOf = ({ id, receivedAt, removed }: GraphEntry, { maxBytes }: FetchLimits): FetchedMail => ({
    serverId: id,
    receivedAt,
    // Graph tells none for a message.
    size: 0,
    async raw(room) {
      // Only what was created is asked for: whoever says "removed" about a mail nobody was told of is asked once more.
      if (removed && !(await isInFolder(place, id))) throw mailGone()
      return readGraphMail(place, id, { maxBytes, room })
    },
  })

  async function* fetchMails(cursor: string | undefined, limits: FetchLimits): AsyncGenerator<FetchedMail> {
    at = cursor ? readPosition(cursor) : await firstPage(limits.since)
    hasMore = false
    startedOver = false
    const followed = new Set<string>()
    const given = new Set<string>()
    let size = Math.min(usualPage, limits.maxMails)
    let end: string | undefined
    let resyncs = 0
    const startOver = async (fault: unknown): Promise<void> => {
      if (++resyncs > mostResyncs) throw fault
      at = await firstPage(limits.since)
      startedOver = true
      followed.clear()
      end = undefined
    }
    for (let pages = 0; pages < mostPages; pages++) {
      followed.add(at.link)
      let page: GraphPage
      try {
        page = await readGraphPage(graph, origin + at.link, size)
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        // Refused for good while its folder can be read: the state is lost, whatever the refusal calls it.
        const isOfTheState = cursor !== undefined && resyncs === 0 && error.class === 'permanent'
        const isLost = error.hint === 'resync' || (isOfTheState && (await troubleOf(place)) === undefined)
        if (!isLost) throw error
        await startOver(error)
        continue
      }
      const wanted = page.entries.filter(({ id, receivedAt }) => !given.has(id) && isSince(receivedAt, at.since))
      const mails = [...new Map(wanted.map((entry) => [entry.id, entry])).values()]
      const room = limits.maxMails - given.size
      if (mails.length > room && size > Math.max(room, 1)) {
        // The same page again with less in it.
        size = Math.min(usualPage, Math.max(room, 1))
        continue
      }
      for (const mail of mails.sort((a, b) => a.receivedAt - b.receivedAt)) {
        given.add(mail.id)
        yield mailOf(mail, limits)
      }
      if (page.nameless > 0) yield namelessMail(at.link, page.nameless)
      end = page.end ?? end
      const next = nextOf({ next: page.next, end }, at, { followed, origin })
      if (next instanceof GatewayError) {
        // Once it may be a bad moment; a state that leads nowhere after a failure too is as good as lost.
        if (!limits.alone) throw next
        await startOver(next)
        if (given.size >= limits.maxMails) break
        continue
      }
      const wasInside = at.since !== undefined
      at = next.position
      if (next.isEnd) {
        if (wasInside) await limits.moved?.(writePosition(at))
        return
      }
      if (given.size >= limits.maxMails) break
      size = mails.length > 0 ? Math.min(usualPage, limits.maxMails - given.size) : largestPage
      if ((await limits.moved?.(writePosition(at))) === false) break
    }
    hasMore = true
  }

  return {
    fetch: fetchMails,
    one: (id, limits) => mailOf({ id, receivedAt: 0 }, limits),
    bytesArrived: () => graph.arrived(),
    cursor: () => writePosition(at),
    resynced: () => startedOver,
    more: () => hasMore,
    after: (serverIds, action) => actOnGraphMails(place, serverIds, action),
    async check() {
      const folder = encodeURIComponent(await folderId(graph, box, target.folder))
      await graph.json({ method: 'GET', to: `${box}/mailFolders/${folder}?$select=id`, operation: 'connect' })
      await openSentItems(graph, box)
    },
    findSent: (messageId) => inSentItems(place, messageId, 'receive'),
    async close() {},
  }
}

/** A mail without a date that can be may be of today. */
const isSince = (receivedAt: number, since: number | undefined): boolean =>
  since === undefined || receivedAt === 0 || receivedAt >= since

const writePosition = ({ link, since }: Position): string => (since === undefined ? link : `${since}:${link}`)

function readPosition(cursor: string): Position {
  const [, since, link = cursor] = /^(\d{1,15}):(\/.*)$/s.exec(cursor) ?? []
  return { link, since: since === undefined ? undefined : Number(since) }
}

/**
 * Where the page leads: to the next page, unless that was read before; else to the end, which an earlier page may have
 * named.
 */
function nextOf(
  { next, end }: Pick<GraphPage, 'next' | 'end'>,
  { since }: Position,
  { followed, origin }: { followed: ReadonlySet<string>; origin: string },
): { position: Position; isEnd: boolean } | GatewayError {
  const link = next === undefined ? undefined : linkBelow(next, origin)
  if (link !== undefined && !followed.has(link)) return { position: { link, since: since ?? 0 }, isEnd: false }
  if (end !== undefined) return { position: { link: linkBelow(end, origin), since: undefined }, isEnd: true }
  return pageFault(link === undefined ? 'graph_link_missing' : 'graph_link_repeats')
}

/** The link without its origin; one that leads elsewhere is refused before any token could follow it. */
function linkBelow(link: string, origin: string): string {
  const url = URL.canParse(link) ? new URL(link) : undefined
  if (url?.origin !== origin)
    throw new GatewayError('foreign_link_refused', 'needs-admin', {
      hint: 'operator',
      description: `Graph says that the next page of the mailbox is at ${url?.origin.slice(0, 100) ?? 'no address'}.`,
      remedy: 'Check whether a proxy changes the answers; nothing was sent to that address.',
    })
  const below = link.slice(origin.length)
  if (below.length <= longestCursor) return below
  throw new GatewayError('cursor_too_large', 'transient', {
    hint: 'slow',
    description: 'Graph returned a sync state that is too large to store.',
    remedy: 'Nobody has to act: the gateway reads the mailbox again from its last known state.',
  })
}

/** Entries that name no mail stand for mails nobody can ask for: people hear of them once the page says so again. */
const namelessMail = (link: string, count: number): FetchedMail => ({
  serverId: `nameless:${link}`,
  listedOnly: true,
  receivedAt: 0,
  size: 0,
  async raw() {
    throw new GatewayError('mail_without_id', 'permanent', {
      hint: 'message',
      description: `Graph lists ${count} mail${count === 1 ? '' : 's'} on one page without an id, so nobody can request them.`,
      remedy: 'Look in the folder itself for mail that did not arrive here.',
    })
  },
})
