/**
 * One page of a delta query, read as untrusted input. Both links, none, no list of mails, an entry without an id, an
 * impossible date, a million entries: each is handled here, so that the walk over the pages sees only mails and one
 * next link.
 */
import { translate } from '../diagnosis/translate.js'
import type { GatewayError } from '../errors.js'
import type { GraphClient } from './graph-client.js'

/** Ids and dates of a thousand mails take a third of it. */
const largestPageBytes = 1024 * 1024
/** Graph gives at most a thousand, whatever was asked for. */
const mostEntries = 2_000
const pageTimeoutMs = 20_000
/** No mail of today's kind is older; Exchange writes 0001-01-01 for a date it does not have. */
const firstMail = Date.UTC(1982, 7, 13)

export interface GraphEntry {
  id: string
  /** Milliseconds; 0 when the server gave no date that can be. */
  receivedAt: number
  /** Said to be removed, of which nothing but the id is known. */
  removed?: true
}

export interface GraphPage {
  entries: GraphEntry[]
  /** Entries that name no mail. */
  nameless: number
  /** Whole URL of the page that follows in this round. */
  next: string | undefined
  /** Whole URL at which the next round begins. */
  end: string | undefined
}

/** `to`: whole URL. `size`: most entries wanted; the server need not heed it. */
export async function readGraphPage(graph: GraphClient, to: string, size: number): Promise<GraphPage> {
  const body = await graph.json<Record<string, unknown> | null>({
    method: 'GET',
    to,
    headers: { prefer: `odata.maxpagesize=${size}` },
    operation: 'receive',
    maxBytes: largestPageBytes,
    timeoutMs: pageTimeoutMs,
  })
  const value = body?.['value']
  if (!Array.isArray(value)) throw pageFault('graph_answer_not_usable')
  if (value.length > mostEntries) throw pageFault('graph_answer_too_large')
  const page: GraphPage = {
    entries: [],
    nameless: 0,
    next: linkOf(body?.['@odata.nextLink']),
    end: linkOf(body?.['@odata.deltaLink']),
  }
  const removed: GraphEntry[] = []
  for (const entry of value as (Record<string, unknown> | null)[]) {
    const id = entry?.['id']
    const isNamed = typeof id === 'string' && id !== ''
    if (entry?.['@removed'] !== undefined) {
      if (isNamed) removed.push({ id, receivedAt: 0, removed: true })
    } else if (isNamed) page.entries.push({ id, receivedAt: dateOf(entry?.['receivedDateTime']) })
    else page.nameless++
  }
  const listed = new Set(page.entries.map(({ id }) => id))
  page.entries.push(...removed.filter(({ id }) => !listed.has(id)))
  return page
}

export const pageFault = (local: string): GatewayError => translate({ context: 'graph', local, operation: 'receive' })

const linkOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

function dateOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return at >= firstMail ? at : 0
}
