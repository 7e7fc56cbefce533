/** Listing: `$filter`, `$orderby`, `$top`, `$skip`, `$select`, `$count`, with Exchange's InefficientFilter rule. */
import type { Message } from '../directory.js'
import { json, type Reply } from '../loopback-server.js'
import { badRequest, notFound } from './graph-refusal.js'
import { graphOrigin, type MailboxRequest } from './graph-state.js'
import { messageJson } from './message-json.js'
import { contentOf, headerOf } from './mime.js'

interface Condition {
  property: string
  operator: string
  value: string | boolean | number
}

const iso = (ms: number) => new Date(ms).toISOString()

const filterable: Record<string, (m: Message) => Promise<string | boolean> | string | boolean> = {
  isRead: (m) => m.isRead,
  isDraft: (m) => m.isDraft,
  receivedDateTime: (m) => iso(m.receivedAt),
  sentDateTime: (m) => iso(m.receivedAt),
  createdDateTime: (m) => iso(m.createdAt),
  conversationId: (m) => m.conversationId,
  internetMessageId: (m) => headerOf(m.raw, 'message-id') ?? '',
  subject: async (m) => (await contentOf(m)).subject,
  'from/emailAddress/address': async (m) => (await contentOf(m)).from?.address ?? '',
}

export async function listMessages(of: MailboxRequest): Promise<Reply> {
  const { params, mailbox, request } = of
  const query = request.url.searchParams
  const folder = params['folder'] ? mailbox.folder(params['folder']) : undefined
  if (params['folder'] && !folder) throw notFound()
  const conditions = parseFilter(query.get('$filter') ?? '')
  const [orderProperty = 'receivedDateTime', direction = 'asc'] = (
    query.get('$orderby') ?? 'receivedDateTime desc'
  ).split(/\s+/)
  if (!filterable[orderProperty]) throw badRequest('ErrorInvalidUrlQuery', `Cannot order by ${orderProperty}.`)
  // Exchange wants the ordering property to lead the filter, else it refuses to search.
  if (conditions.length > 0 && query.has('$orderby') && conditions[0]!.property !== orderProperty) {
    throw badRequest('InefficientFilter', 'The restriction or sort order is too complex for this operation.')
  }
  const found = await matching(folder ? mailbox.in(folder) : [...mailbox.messages.values()], conditions)
  const sorted = await sort(found, orderProperty, direction.toLowerCase() === 'desc')
  const top = Math.min(positive(query.get('$top'), 10), 1000)
  const skip = positive(query.get('$skip'), 0)
  const select = query.get('$select') ?? undefined
  const value = await Promise.all(sorted.slice(skip, skip + top).map((m) => messageJson(m, of, select)))
  const next = new URL(graphOrigin + request.path + request.url.search)
  next.searchParams.set('$skip', String(skip + top))
  return json(200, {
    '@odata.context': `${graphOrigin}/v1.0/$metadata#users('${of.user.oid}')/messages`,
    ...(query.get('$count') === 'true' ? { '@odata.count': sorted.length } : {}),
    value,
    ...(skip + top < sorted.length ? { '@odata.nextLink': next.href } : {}),
  })
}

/** `a eq 'x' and b ge 2026-01-01T00:00:00Z`; anything else is 400. */
export function parseFilter(text: string): Condition[] {
  if (!text.trim()) return []
  return text.split(/\s+and\s+(?=(?:[^']*'[^']*')*[^']*$)/i).map((part) => {
    const match = /^\(?\s*([\w/]+)\s+(eq|ne|gt|ge|lt|le)\s+('(?:[^']|'')*'|[^\s')]+)\s*\)?$/i.exec(part.trim())
    const [, property = '', operator = '', literal = ''] = match ?? []
    if (!match || !filterable[property]) throw badRequest('ErrorInvalidUrlQueryFilter', `Cannot filter by: ${part}`)
    return { property, operator: operator.toLowerCase(), value: literalValue(literal, property) }
  })
}

function literalValue(literal: string, property: string): string | boolean {
  if (literal.startsWith("'")) return literal.slice(1, -1).replaceAll("''", "'")
  if (literal === 'true' || literal === 'false') return literal === 'true'
  const at = Date.parse(literal)
  if (!property.endsWith('DateTime') || Number.isNaN(at)) throw badRequest('ErrorInvalidUrlQueryFilter', literal)
  return iso(at)
}

export async function matching(messages: Message[], conditions: Condition[]): Promise<Message[]> {
  let left = messages
  for (const { property, operator, value } of conditions) {
    const values = await Promise.all(left.map((m) => filterable[property]!(m)))
    left = left.filter((_, i) => holds(values[i]!, operator, value))
  }
  return left
}

function holds(actual: string | boolean, operator: string, wanted: string | boolean | number): boolean {
  const a = typeof actual === 'string' ? actual.toLowerCase() : actual
  const b = typeof wanted === 'string' ? wanted.toLowerCase() : wanted
  const compared: Record<string, boolean> = { eq: a === b, ne: a !== b, gt: a > b, ge: a >= b, lt: a < b, le: a <= b }
  return compared[operator] ?? false
}

async function sort(messages: Message[], property: string, descending: boolean): Promise<Message[]> {
  const keyed = await Promise.all(messages.map(async (m) => ({ m, key: String(await filterable[property]!(m)) })))
  keyed.sort((x, y) => (x.key < y.key ? -1 : x.key > y.key ? 1 : x.m.seq - y.m.seq))
  return (descending ? keyed.reverse() : keyed).map((k) => k.m)
}

function positive(text: string | null, fallback: number): number {
  if (text === null) return fallback
  if (!/^\d+$/.test(text)) throw badRequest('ErrorInvalidUrlQuery', `Not a number: ${text}`)
  return Number(text)
}
