/**
 * One Graph request: token → route → mailbox → permission → limits → ordered or standing fault → handler. Inner
 * requests of a `$batch` come through here too.
 */
import { randomUUID } from 'node:crypto'
import { addressesOf, type Misbehaviour, type User } from '../directory.js'
import { echoes, type Fault, retryAfterHeader } from '../faults.js'
import { json, pause, type Reply, type Request } from '../loopback-server.js'
import { authenticate, authorise, mailboxOwner } from './access.js'
import { GraphRefusal, usualRefusal } from './graph-refusal.js'
import { type GraphState, graphOrigin, type LoggedGraphRequest, type MailboxRequest } from './graph-state.js'
import { underLimits } from './limits.js'
import { headerOf } from './mime.js'
import { preference } from './preferences.js'
import { matchRoute } from './routes.js'
import { sendLate } from './send.js'

/** What an account does by its name alone; `mail` is every request except the one for the user itself. */
const standing: Partial<Record<Misbehaviour, Fault>> = {
  throttled: { kind: 'mail', status: 429, retryAfter: 10 },
  slow: { kind: 'mail', delayMs: 2000 },
  sendasdenied: { kind: 'send', status: 403, code: 'ErrorSendAsDenied' },
  nosend: { kind: 'send', status: 403, code: 'ErrorAccessDenied' },
  gone: { kind: 'delta-link', status: 410 },
  timeout: { kind: 'send', status: 504, after: true },
  unavailable: { kind: 'mail', status: 503 },
  malformed: { kind: 'mail', body: 'truncated' },
  foreign: { kind: 'mail', foreignLinks: 'https://graph.example.net' },
  nomailbox: { kind: 'mail', status: 404, code: 'MailboxNotEnabledForRESTAPI' },
  quota: { kind: 'send', status: 507 },
}

export async function handleRequest(state: GraphState, request: Request): Promise<Reply> {
  const requestId = randomUUID()
  const entry: LoggedGraphRequest = {
    at: state.now(),
    method: request.method,
    path: request.path + request.url.search,
    mailbox: '',
    kind: 'unknown',
    prefer: request.headers['prefer'] ?? '',
    body: request.body.toString('utf8', 0, 2000),
    status: 0,
  }
  state.log.push(entry)
  if (state.log.length > 5000) state.log.shift()
  let reply: Reply
  try {
    reply = await guarded(state, request, entry)
  } catch (refusal) {
    if (!(refusal instanceof GraphRefusal)) throw refusal
    reply = refusal.reply(state.now(), requestId)
  }
  entry.status = reply.status
  return { ...reply, headers: { 'request-id': requestId, ...reply.headers } }
}

async function guarded(state: GraphState, request: Request, entry: LoggedGraphRequest): Promise<Reply> {
  const caller = authenticate(state, request.headers['authorization'])
  const matched = matchRoute(request.method, request.path)
  if (!matched) throw new GraphRefusal(400, 'BadRequest', `Resource not found for ${request.method} ${request.path}.`)
  const user = mailboxOwner(state, caller, matched.userId)
  const kinds = kindsOf(matched.route.kind, request)
  entry.kind = matched.route.kind
  entry.mailbox = user.mail
  for (const kind of kinds) count(state.counters.requests, kind)
  count(state.counters.requestsByUser, user.upn)
  authorise(caller, user, matched.route.permission, matched.params['folder'])
  if (state.limits && request.body.length > state.limits.requestBytes) throw usualRefusal(413)
  const of: MailboxRequest = {
    ...{ state, request, caller, user, base: matched.base, params: matched.params },
    mailbox: state.directory.mailbox(user),
    immutableIds: preference(request.headers['prefer'], 'IdType')?.toLowerCase() === 'immutableid',
  }
  return underLimits(state, user, async () => {
    const asked = of.params['id'] === undefined ? undefined : of.mailbox.message(of.params['id'])
    const subject = asked && headerOf(asked.raw, 'subject')
    const fault = state.faults.take(kinds, addressesOf(user), subject) ?? standingFault(user, kinds)
    const delayMs = state.latencyMs + (fault?.delayMs ?? 0)
    if (delayMs > 0) await pause(delayMs)
    if (fault?.lateMs !== undefined) state.late.push(sendLate(of, fault))
    if (fault && !fault.after && isRefusal(fault)) return refuse(state, request, fault)
    const reply = await matched.route.answer(of)
    if (fault && isRefusal(fault)) return refuse(state, request, fault)
    return fault ? typed(spoiled(reply, fault), fault) : reply
  })
}

/** Work that a gateway in front gave up on and the mailbox server did not. Nobody hears whether it went well. */
export async function carryOutLate(state: GraphState): Promise<void> {
  const now = state.now()
  const due = state.late.filter(({ at }) => at <= now)
  state.late = state.late.filter(({ at }) => at > now)
  for (const { send } of due) {
    await send().catch((refusal: unknown) => {
      if (!(refusal instanceof GraphRefusal)) throw refusal
    })
  }
}

/** A delta request is also `delta-first`, `delta-next` or `delta-link`, after the token it brings. */
function kindsOf(kind: string, request: Request): string[] {
  const kinds = ['any', kind]
  if (kind !== 'user') kinds.push('mail')
  if (kind === 'send') kinds.push(request.path.endsWith('/send') ? 'send-draft' : 'send-mail')
  if (kind === 'delta') {
    const query = request.url.searchParams
    kinds.push(query.has('$deltatoken') ? 'delta-link' : query.has('$skiptoken') ? 'delta-next' : 'delta-first')
  }
  return kinds
}

function standingFault(user: User, kinds: string[]): Fault | undefined {
  return user.flags.map((f) => standing[f]).find((fault) => fault?.kind !== undefined && kinds.includes(fault.kind))
}

const isRefusal = (fault: Fault): boolean => fault.drop === true || fault.status !== undefined || fault.body === 'echo'

function refuse(state: GraphState, request: Request, fault: Fault): Reply {
  if (fault.drop) return { status: 0, drop: true }
  if (fault.body === 'html') return htmlError(fault.status!)
  if (fault.body === 'echo') {
    const token = (request.headers['authorization'] ?? '').replace(/^Bearer /, '')
    throw new GraphRefusal(fault.status ?? 400, fault.code ?? 'UnknownError', echoes(token))
  }
  const location = fault.status === 410 ? { location: (fault.foreignLinks ?? graphOrigin) + request.path } : {}
  throw usualRefusal(fault.status!, fault.code, { ...retryAfterHeader(fault, state.now()), ...location })
}

/** A good answer made bad on its way. */
function spoiled(reply: Reply, fault: Fault): Reply {
  const text = reply.body?.toString() ?? ''
  const half = text.slice(0, Math.ceil(text.length / 2))
  if (fault.body === 'truncated') return { ...reply, body: half }
  if (fault.body === 'partial') return { ...reply, status: 206, body: half }
  if (fault.body === 'empty') return { ...reply, body: '' }
  if (fault.body === 'accepted') return { ...reply, status: 202, body: '' }
  if (fault.body === 'html') return htmlError(200)
  if (fault.body === 'error') return json(200, { error: { code: fault.code ?? 'UnknownError', message: 'Not so.' } })
  if (fault.lengthOff !== undefined) return { ...reply, lengthOff: fault.lengthOff }
  if (fault.bytesPerSecond !== undefined) return { ...reply, bytesPerSecond: fault.bytesPerSecond }
  if (!fault.foreignLinks) return reply
  const links = /("@odata\.(?:nextLink|deltaLink)":")https:\/\/graph\.microsoft\.com/g
  return { ...reply, body: text.replace(links, `$1${fault.foreignLinks}`) }
}

const typed = (reply: Reply, { contentType }: Fault): Reply =>
  contentType === undefined ? reply : { ...reply, headers: { ...reply.headers, 'content-type': contentType } }

// What a proxy in between answers.
const htmlError = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: '<!DOCTYPE html>\n<h1>Service unavailable</h1>',
})

const count = (counters: Record<string, number>, key: string): void => {
  counters[key] = (counters[key] ?? 0) + 1
}
