import { GatewayError } from '../errors.js'
import type { AfterReceive } from '../model/mailbox.js'
import type { FetchedMail, FetchLimits, Receiver, ReceiveSession, ReceiveTarget } from '../ports/receiver.js'
import { mailGone } from './fetch-faults.js'
import { type GraphClient, type GraphOptions, graphClient, mailboxPath } from './graph-client.js'
import { folderId, inSentItems, isGone, openSentItems } from './graph-mailbox.js'

const largestPage = 50
const longestCursor = 24_000
/** A mailbox whose every sync state is refused must not be read from the start for ever. */
const mostResyncs = 3
/** Exchange serves four requests per mailbox at once; one stays free for sending. */
const atOnce = 3

interface Page {
  value: { id: string; receivedDateTime?: string; '@removed'?: unknown }[]
  '@odata.nextLink'?: string
  '@odata.deltaLink'?: string
}

/**
 * Reads a folder by delta query. The cursor is the link of the page to be read next (without its origin, so that a
 * stored cursor can never point to another host); pages are given whole, and the cursor moves on when a page is done.
 */
export function graphReceiver(options: GraphOptions = {}): Receiver {
  const origin = options.graphOrigin ?? 'https://graph.microsoft.com'
  return {
    async open(target, authority, signal) {
      return receiveSession(graphClient(options, authority, signal), target, origin)
    },
  }
}

function receiveSession(graph: GraphClient, target: ReceiveTarget, origin: string): ReceiveSession {
  if (target.transport !== 'graph') throw new GatewayError('graph_target_needed', 'permanent', { hint: 'config' })
  const box = mailboxPath(target.graph.mailbox)
  let at = ''
  let hasMore = false
  let startedOver = false

  const firstPage = async (since: number): Promise<string> => {
    const query = new URLSearchParams({ changeType: 'created', $select: 'id,receivedDateTime' })
    query.set('$filter', `receivedDateTime ge ${new Date(since).toISOString()}`)
    const folder = encodeURIComponent(await folderId(graph, box, target.folder))
    // URLSearchParams writes a space as '+', which OData does not read as one.
    return `/v1.0${box}/mailFolders/${folder}/messages/delta?${query.toString().replaceAll('+', '%20')}`
  }

  const read = (size: number): Promise<Page> =>
    graph.json<Page>({
      method: 'GET',
      to: origin + at,
      headers: { prefer: `odata.maxpagesize=${size}` },
      operation: 'receive',
    })

  async function* fetchMails(cursor: string | undefined, limits: FetchLimits): AsyncGenerator<FetchedMail> {
    at = cursor || (await firstPage(limits.since))
    hasMore = false
    startedOver = false
    let given = 0
    for (let resyncs = 0; ; ) {
      let page: Page
      try {
        page = await read(Math.max(1, Math.min(largestPage, limits.maxMails - given)))
      } catch (error) {
        if (!(error instanceof GatewayError) || error.hint !== 'resync' || ++resyncs > mostResyncs) throw error
        at = await firstPage(limits.since)
        startedOver = true
        continue
      }
      const next = page['@odata.nextLink'] ?? page['@odata.deltaLink'] ?? ''
      const mails = page.value.filter((one) => one['@removed'] === undefined).map((one) => fetched(one, limits))
      for (const mail of mails.sort((a, b) => a.receivedAt - b.receivedAt)) yield mail
      given += mails.length
      at = cursorOf(next, origin)
      if (page['@odata.nextLink'] === undefined) return
      if (given >= limits.maxMails) {
        hasMore = true
        return
      }
    }
  }

  const fetched = (one: Page['value'][number], limits: FetchLimits): FetchedMail => ({
    serverId: one.id,
    receivedAt: Date.parse(one.receivedDateTime ?? '') || 0,
    size: 0,
    raw: () =>
      graph
        .bytes({
          method: 'GET',
          to: `${box}/messages/${encodeURIComponent(one.id)}/$value`,
          maxBytes: limits.maxBytes,
          operation: 'receive',
        })
        .catch((error) => Promise.reject(isGone(error) ? mailGone() : error)),
  })

  return {
    fetch: fetchMails,
    cursor: () => at,
    resynced: () => startedOver,
    more: () => hasMore,
    after: (serverIds, action) => afterReceive(graph, box, serverIds, action),
    async check() {
      const folder = encodeURIComponent(await folderId(graph, box, target.folder))
      await graph.json({ method: 'GET', to: `${box}/mailFolders/${folder}?$select=id`, operation: 'connect' })
      await openSentItems(graph, box)
    },
    findSent: (messageId) => inSentItems(graph, box, messageId, 'receive'),
    async close() {},
  }
}

/** The link without its origin; one that leads elsewhere is refused before any token could follow it. */
function cursorOf(link: string, origin: string): string {
  const url = URL.canParse(link) ? new URL(link) : undefined
  if (url?.origin !== origin)
    throw new GatewayError('foreign_link_refused', 'needs-admin', {
      hint: 'operator',
      description: `The next page of the mailbox is said to be at ${url?.origin.slice(0, 100) ?? 'no address'}.`,
      remedy: 'Check whether a proxy changes the answers; nothing was sent to that address.',
    })
  const cursor = link.slice(origin.length)
  if (cursor.length <= longestCursor) return cursor
  throw new GatewayError('cursor_too_large', 'transient', {
    hint: 'slow',
    description: 'Graph returned a sync state that is too large to be kept.',
    remedy: 'Nobody has to act; the mailbox is read again from its last known state.',
  })
}

async function afterReceive(graph: GraphClient, box: string, ids: string[], action: AfterReceive): Promise<void> {
  if (action.action === 'leave') return
  const destinationId = action.action === 'move' ? await folderId(graph, box, action.folder) : ''
  const one = async (id: string): Promise<void> => {
    const to = `${box}/messages/${encodeURIComponent(id)}`
    const operation = 'receive'
    try {
      if (action.action === 'mark-read') await graph.json({ method: 'PATCH', to, body: { isRead: true }, operation })
      else if (action.action === 'delete') await graph.json({ method: 'DELETE', to, operation })
      else await graph.json({ method: 'POST', to: `${to}/move`, body: { destinationId }, operation })
    } catch (error) {
      if (!isGone(error)) throw error
    }
  }
  for (let at = 0; at < ids.length; at += atOnce) await Promise.all(ids.slice(at, at + atOnce).map(one))
}
