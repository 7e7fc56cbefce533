/**
 * One request of the console: session, caller, tenant, form token, act, page. Everything that goes wrong is a page in
 * plain words with the request id; who is not signed in gets the sign-in page. Function keys and principal headers are
 * not looked at: only the API key inside the sealed cookie says who is calling (SEC-19).
 */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, conflict, GatewayError, notFound } from '../../errors.js'
import { invocationLog, type Log } from '../../log.js'
import type { Caller } from '../../model/caller.js'
import { isTenantId, newId, newSecret } from '../../model/ids.js'
import { notices } from '../../pages/console/actions.js'
import type { View } from '../../pages/console/frame.js'
import { failurePage } from '../../pages/console/message-page.js'
import { signInPage } from '../../pages/console/sign-in-page.js'
import { sameText } from '../../protocol/same-text.js'
import type { Operation } from '../api/operation.js'
import { operations } from '../api/operations.js'
import type { Admit, LimitedKind } from '../api/tenant-limits.js'
import { clearCookie, readCookie, setCookie } from '../request/cookies.js'
import { requireFormType } from '../request/form-body.js'
import { requireLength } from '../request/length-required.js'
import { requireFewFields, requireShortQuery } from '../request/query-limits.js'
import { type ConsoleAnswer, consoleAnswer } from './console-answer.js'
import { consolePath } from './console-path.js'
import {
  endedSessionCookie,
  formToken,
  isFormToken,
  newSession,
  openSession,
  type Session,
  type SessionSealer,
  sealSession,
  sessionCookie,
  sessionValue,
} from './console-session.js'

export interface ConsoleGateway {
  config: { publicBaseUrl: string }
  admit: Admit
  authenticate(credential: string): Promise<Caller>
  admin: {
    beginConsoleSession(caller: Caller, session: Pick<Session, 'id' | 'until'>): Promise<void>
    isConsoleSession(caller: Caller, id: string): Promise<boolean>
    endConsoleSession(tenant: string, id: string): Promise<void>
  }
  sealer(): Promise<SessionSealer>
  readTenant(id: string): Promise<unknown>
  audit(caller: Caller, done: { tenant: string; action: string; subjects: readonly string[] }): Promise<void>
}

export interface ConsoleCall<G> {
  /** The gateway, asked once per request. */
  g: G
  caller: Caller
  /** The tenant looked at; `~` for an operator who has chosen none. */
  tenant: string
  view: View
  params: Record<string, string>
  query: URLSearchParams
  form: URLSearchParams
  request: HttpRequest
}

export interface ConsoleOptions {
  /** The page means nothing without a tenant: an operator without one goes to the overview. Default true. */
  tenant?: boolean
  /** What its form does, by the parameters of the route. */
  operation?: (params: Record<string, string>) => string
  now?: () => number
}

type Act<G> = (call: ConsoleCall<G>) => Promise<ConsoleAnswer>

export function consoleHandler<G extends ConsoleGateway>(
  gateway: () => Promise<G>,
  act: Act<G>,
  { tenant: needsTenant = true, operation = () => '', now = Date.now }: ConsoleOptions = {},
): HttpHandler {
  return answering(async (request, requestId, log) => {
    const g = await gateway()
    const origin = g.config.publicBaseUrl
    const session = openSession(await g.sealer(), sessionValue(request.headers.get('cookie')), now())
    if (session === undefined) return askToSignIn(request, requestId, { origin })
    const caller = await signedIn(g, session)
    if (caller === undefined) return askToSignIn(request, requestId, { origin, problem: sessionEnded })
    const view = viewOf(request, { session, caller }, now())
    try {
      const form = await checkedForm(request, session, origin)
      const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
      const wanted = operation(params)
      // The same count as for calls of the API, so that no way in is a way round (SEC-43).
      g.admit(view.tenant, request.method === 'POST' ? limitOf(wanted) : undefined, 0)
      if (view.tenant !== '~' && caller.role === 'operator') await g.readTenant(view.tenant)
      if (view.tenant === '~' && needsTenant) return consoleAnswer({ redirect: '/console' }, requestId)
      const { query } = request
      const call: ConsoleCall<G> = { g, caller, tenant: view.tenant, view, params, query, form, request }
      const answer = await act(call)
      if (request.method === 'POST' && !(typeof answer === 'object' && 'form' in answer)) {
        const { id = '', action } = params
        await g.audit(caller, { tenant: view.tenant, action: `console-${action ?? wanted}`, subjects: [id] })
      }
      return consoleAnswer(answer, requestId)
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.code === 'unexpected') throw error
      noteRefusal(log, failure, { tenant: view.tenant, requestId })
      return consoleAnswer(
        failurePage({ ...wordsOf(failure), requestId, back: pageBefore(request) }, view),
        requestId,
        { status: failure.status },
      )
    }
  })
}

/**
 * Checks the pasted key, begins a session and leads on to where the person wanted to go. Other sites cannot sign a
 * person in: browsers say where a form came from, and the form carries a token that is also in a cookie of this
 * browser.
 */
export function consoleSignIn(gateway: () => Promise<ConsoleGateway>, now: () => number = Date.now): HttpHandler {
  return answering(async (request, requestId) => {
    const form = request.method === 'POST' ? await readForm(request) : undefined
    const g = await gateway()
    const origin = g.config.publicBaseUrl
    if (form === undefined) return askToSignIn(request, requestId, { origin })
    if (isForeign(request, origin)) throw foreignForm()
    const token = readCookie(request.headers.get('cookie'), signInCookie)
    if (token === undefined || !sameText(token, form.get('token') ?? '')) throw foreignForm()
    const credential = (form.get('key') ?? '').trim()
    const to = consolePath(form.get('to') ?? '', origin)
    let caller: Caller
    try {
      caller = await g.authenticate(credential)
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.status !== 401) throw error
      const problem = 'The key is unknown, expired or incomplete. Paste all of it.'
      return consoleAnswer(signInPage({ token, to, problem }), requestId, { status: 401 })
    }
    const session = newSession(credential, now())
    await g.admin.beginConsoleSession(caller, session)
    const cookie = sessionCookie(sealSession(await g.sealer(), session))
    return consoleAnswer({ redirect: to }, requestId, { cookies: [cookie, clearCookie(signInCookie)] })
  })
}

/**
 * Ends the session at the server and in the browser; a form token is needed, so that no other site signs a person out.
 */
export function consoleSignOut(gateway: () => Promise<ConsoleGateway>, now: () => number = Date.now): HttpHandler {
  return answering(async (request, requestId) => {
    const g = await gateway()
    const session = openSession(await g.sealer(), sessionValue(request.headers.get('cookie')), now())
    if (session !== undefined) {
      await checkedForm(request, session, g.config.publicBaseUrl)
      const caller = await signedIn(g, session)
      if (caller !== undefined) await g.admin.endConsoleSession(caller.tenant, session.id)
    }
    return consoleAnswer({ redirect: '/console' }, requestId, { cookies: [endedSessionCookie()] })
  })
}

const signInCookie = '__Host-console-sign-in'
const signInSeconds = 3_600
const sessionEnded = 'Your session has ended, or your API key is no longer valid.'

/** The sign-in page, which remembers where the person wanted to go; after a form that is the page with the form. */
function askToSignIn(
  request: HttpRequest,
  requestId: string,
  { origin, problem }: { origin: string; problem?: string },
): HttpResponseInit {
  const asked = new URL(request.url)
  const wanted = request.method === 'GET' ? `${asked.pathname}${asked.search}` : pageBefore(request)
  const known = readCookie(request.headers.get('cookie'), signInCookie)
  const token = known ?? newSecret()
  const page = signInPage({ token, to: consolePath(wanted, origin), ...(problem === undefined ? {} : { problem }) })
  const cookies = known === undefined ? [setCookie(signInCookie, token, signInSeconds)] : []
  const ended = problem === undefined ? [] : [endedSessionCookie()]
  const status = asked.pathname === '/console/sign-in' ? 200 : 401
  return consoleAnswer(page, requestId, { status, cookies: [...cookies, ...ended] })
}

/** The page of the thing a form is about: what a person looked at before. */
function pageBefore(request: HttpRequest): string {
  const { pathname, searchParams } = new URL(request.url)
  const tenant = searchParams.get('tenant')
  const page = /^\/console\/(?:mails|mailboxes)\/[^/]+(?=\/)/.exec(pathname)?.[0] ?? '/console'
  return `${page}${tenant === null ? '' : `?tenant=${encodeURIComponent(tenant)}`}`
}

function limitOf(operation: string): LimitedKind | undefined {
  return Object.hasOwn(operations, operation)
    ? (operations[operation as keyof typeof operations] as Operation).limited
    : undefined
}

function noteRefusal(
  log: Log,
  { code, status }: GatewayError,
  { tenant, requestId }: { tenant: string; requestId: string },
): void {
  if (status < 500) log.info('request-refused', { operation: 'console', tenant, code, requestId })
}

function answering(
  answer: (request: HttpRequest, requestId: string, log: Log) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const requestId = newId()
    const log = invocationLog(context)
    try {
      requireShortQuery(request.url)
      return await answer(request, requestId, log)
    } catch (error) {
      const failure = asGatewayError(error)
      noteRefusal(log, failure, { tenant: '~', requestId })
      if (failure.status >= 500) {
        const fault = failure.cause instanceof Error ? failure.cause.name : failure.code
        log.error('console-failed', { code: failure.code, requestId, fault })
      }
      return consoleAnswer(failurePage({ ...wordsOf(failure), requestId }), requestId, { status: failure.status })
    }
  }
}

async function signedIn(g: ConsoleGateway, session: Session): Promise<Caller | undefined> {
  try {
    const caller = await g.authenticate(session.credential)
    return (await g.admin.isConsoleSession(caller, session.id)) ? caller : undefined
  } catch (error) {
    if (asGatewayError(error).status === 401) return undefined
    throw error
  }
}

function viewOf(request: HttpRequest, { session, caller }: { session: Session; caller: Caller }, now: number): View {
  const named = request.query.get('tenant') ?? ''
  const tenant = caller.role !== 'operator' ? caller.tenant : named === '' ? '~' : named
  if (tenant !== '~' && !isTenantId(tenant)) throw notFound('tenant')
  return {
    caller,
    tenant,
    now,
    csrf: formToken(session),
    notice: notices.get(request.query.get('done') ?? '') ?? '',
    may: (operation) => rolesOf(operation).includes(caller.role),
  }
}

function rolesOf(operation: string): readonly string[] {
  return Object.hasOwn(operations, operation) ? operations[operation as keyof typeof operations].roles : []
}

/** The buttons follow the role matrix of the API; this refuses who posts without the button. */
export function requireRole(view: View, operation: string): void {
  if (view.may(operation)) return
  throw new GatewayError('forbidden', 'permanent', {
    status: 403,
    description: 'Your key may not do this.',
    remedy: `Sign in with a key of the role ${rolesOf(operation).join(' or ')}.`,
  })
}

const maxFormBytes = 16_384

async function readForm(request: HttpRequest): Promise<URLSearchParams> {
  requireFormType(request)
  const text = Number(request.headers.get('content-length') ?? 0) > maxFormBytes ? undefined : await request.text()
  if (text === undefined || text.length > maxFormBytes)
    throw new GatewayError('form_too_large', 'permanent', {
      status: 413,
      description: 'The form is larger than any form of the console.',
      remedy: 'Go back to the page and use its buttons.',
    })
  if (text === '') requireLength(request)
  requireFewFields(text)
  return new URLSearchParams(text)
}

async function checkedForm(request: HttpRequest, session: Session, origin: string): Promise<URLSearchParams> {
  if (request.method !== 'POST') return new URLSearchParams()
  const form = await readForm(request)
  if (isForeign(request, origin) || !isFormToken(session, form.get('csrf') ?? '')) throw foreignForm()
  return form
}

/** Browsers say where a form came from; what says nothing is judged by its token alone. */
function isForeign(request: HttpRequest, publicBaseUrl: string): boolean {
  if (!['same-origin', 'none', null].includes(request.headers.get('sec-fetch-site'))) return true
  const origin = request.headers.get('origin')
  return origin !== null && origin !== new URL(publicBaseUrl).origin && origin !== new URL(request.url).origin
}

function foreignForm(): GatewayError {
  return new GatewayError('form_not_ours', 'permanent', {
    status: 403,
    description: 'This form did not come from a page of your current session.',
    remedy: 'Open the console again and repeat the action there.',
  })
}

function wordsOf(error: GatewayError): { code: string; description: string; remedy: string } {
  return { code: error.code, description: error.description, remedy: error.remedy }
}

/** For actions in the path that no button names. */
export const unknownAction = (): GatewayError =>
  conflict('unknown_action', 'The console has no such action.', 'Go back to the page and use its buttons.')
