/**
 * One request of the console: session, caller, tenant, form token, act, page. Everything that goes wrong is a page in
 * plain words with the request id; who is not signed in gets the sign-in page. Function keys and principal headers are
 * not looked at: only the API key inside the sealed cookie says who is calling (SEC-19).
 */
import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, conflict, GatewayError, notFound } from '../errors.js'
import { invocationLog } from '../log.js'
import type { Caller } from '../model/caller.js'
import { isTenantId, newId } from '../model/ids.js'
import type { View } from '../pages/console/frame.js'
import { failurePage } from '../pages/console/message-page.js'
import { signInPage } from '../pages/console/sign-in-page.js'
import { type ConsoleAnswer, consoleAnswer } from './console-answer.js'
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
import { requireLength } from './length-required.js'
import { operations } from './operations.js'

export interface ConsoleGateway {
  config: { publicBaseUrl: string }
  authenticate(credential: string): Promise<Caller>
  sealer(): Promise<SessionSealer>
  readTenant(id: string): Promise<unknown>
  audit(caller: Caller, tenant: string, action: string, subject: string): Promise<void>
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
  now?: () => number
}

type Act<G> = (call: ConsoleCall<G>) => Promise<ConsoleAnswer>

export function consoleHandler<G extends ConsoleGateway>(
  gateway: () => Promise<G>,
  act: Act<G>,
  { tenant: needsTenant = true, now = Date.now }: ConsoleOptions = {},
): HttpHandler {
  return answering(async (request, requestId) => {
    const g = await gateway()
    const session = openSession(await g.sealer(), sessionValue(request.headers.get('cookie')), now())
    if (session === undefined) return consoleAnswer(signInPage(), requestId, 401)
    const caller = await signedIn(g, session)
    if (caller === undefined)
      return consoleAnswer(signInPage('Your API key is no longer valid.'), requestId, 401, endedSessionCookie())
    const view = viewOf(request, session, caller, { now: now(), origin: g.config.publicBaseUrl })
    try {
      const form = await checkedForm(request, session)
      if (view.tenant !== '~' && caller.role === 'operator') await g.readTenant(view.tenant)
      if (view.tenant === '~' && needsTenant) return consoleAnswer({ redirect: '/console' }, requestId)
      const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
      const { query } = request
      const call: ConsoleCall<G> = { g, caller, tenant: view.tenant, view, params, query, form, request }
      const answer = await act(call)
      if (request.method === 'POST') {
        const { id = '', action = '' } = params
        await g.audit(caller, view.tenant, `console-${action}`, id)
      }
      return consoleAnswer(answer, requestId)
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.code === 'unexpected') throw error
      return consoleAnswer(failurePage({ ...wordsOf(failure), requestId }, view), requestId, failure.status)
    }
  })
}

/** Checks the pasted key and begins a session. Other sites cannot sign a person in: browsers say where a form came from. */
export function consoleSignIn(gateway: () => Promise<ConsoleGateway>, now: () => number = Date.now): HttpHandler {
  return answering(async (request, requestId) => {
    if (request.method === 'GET') return consoleAnswer(signInPage(), requestId)
    if (isForeign(request)) throw foreignForm()
    const credential = ((await readForm(request)).get('key') ?? '').trim()
    const g = await gateway()
    try {
      await g.authenticate(credential)
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.status !== 401) throw error
      return consoleAnswer(signInPage('The key is unknown, expired or incomplete. Paste all of it.'), requestId, 401)
    }
    const value = sealSession(await g.sealer(), newSession(credential, now()))
    return consoleAnswer({ redirect: '/console' }, requestId, 303, sessionCookie(value))
  })
}

/** Ends the session; a form token is needed, so that no other site signs a person out. */
export function consoleSignOut(gateway: () => Promise<ConsoleGateway>, now: () => number = Date.now): HttpHandler {
  return answering(async (request, requestId) => {
    const sealer = await (await gateway()).sealer()
    const session = openSession(sealer, sessionValue(request.headers.get('cookie')), now())
    if (session !== undefined) await checkedForm(request, session)
    return consoleAnswer({ redirect: '/console' }, requestId, 303, endedSessionCookie())
  })
}

function answering(answer: (request: HttpRequest, requestId: string) => Promise<HttpResponseInit>): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const requestId = newId()
    try {
      return await answer(request, requestId)
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.status >= 500) {
        const fault = failure.cause instanceof Error ? failure.cause.name : failure.code
        invocationLog(context).error('console-failed', { code: failure.code, requestId, fault })
      }
      return consoleAnswer(failurePage({ ...wordsOf(failure), requestId }), requestId, failure.status)
    }
  }
}

async function signedIn(g: ConsoleGateway, session: Session): Promise<Caller | undefined> {
  try {
    return await g.authenticate(session.credential)
  } catch (error) {
    if (asGatewayError(error).status === 401) return undefined
    throw error
  }
}

const notices = new Map([
  ['release', 'Released: the mail goes out next.'],
  ['cancel', 'Cancelled: the mail will not be sent.'],
  ['retry', 'The mail is tried again; a planned time is kept.'],
  ['send-now', 'The mail goes out now.'],
  ['resolve', 'Your decision is recorded.'],
  ['poll', 'The mailbox is asked for new mail now.'],
  ['test-mail-sent', 'The test mail was sent.'],
  ['test-mail-failed', 'The test mail could not be sent; the reason and what to do stand below.'],
  ['test-mail-unknown', 'The connection broke while the test mail was handed over; see below.'],
  ['pause', 'Paused: the mailbox neither receives nor sends.'],
  ['confirm', 'Confirmed: the mailbox is connected.'],
  ['reject', 'Rejected: nothing was connected and nothing was kept.'],
  ['secret-accepted', 'Saved: the provider accepts the new secret. The mailboxes that waited for it are tried now.'],
  ['secret-not-tried', 'Saved, but the provider could not be asked whether it accepts the new secret; see below.'],
  ['activate', 'Activated: the mailbox receives and sends as far as nothing below stops it.'],
])

function viewOf(
  request: HttpRequest,
  session: Session,
  caller: Caller,
  { now, origin }: Pick<View, 'now' | 'origin'>,
): View {
  const named = request.query.get('tenant') ?? ''
  const tenant = caller.role !== 'operator' ? caller.tenant : named === '' ? '~' : named
  if (tenant !== '~' && !isTenantId(tenant)) throw notFound('tenant')
  return {
    caller,
    tenant,
    now,
    csrf: formToken(session),
    origin,
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
  const text = Number(request.headers.get('content-length') ?? 0) > maxFormBytes ? undefined : await request.text()
  if (text === undefined || text.length > maxFormBytes)
    throw new GatewayError('form_too_large', 'permanent', {
      status: 413,
      description: 'The form is larger than any of the console.',
      remedy: 'Go back to the page and use its buttons.',
    })
  if (text === '') requireLength(request)
  return new URLSearchParams(text)
}

async function checkedForm(request: HttpRequest, session: Session): Promise<URLSearchParams> {
  if (request.method !== 'POST') return new URLSearchParams()
  const form = await readForm(request)
  if (isForeign(request) || !isFormToken(session, form.get('csrf') ?? '')) throw foreignForm()
  return form
}

/** Absent in old browsers and in tools: then the form token alone decides. */
function isForeign(request: HttpRequest): boolean {
  return !['same-origin', 'none', null].includes(request.headers.get('sec-fetch-site'))
}

function foreignForm(): GatewayError {
  return new GatewayError('form_not_ours', 'permanent', {
    status: 403,
    description: 'This form did not come from a page of your present session.',
    remedy: 'Open the console again and repeat the action there.',
  })
}

function wordsOf(error: GatewayError): { code: string; description: string; remedy: string } {
  return { code: error.code, description: error.description, remedy: error.remedy }
}

/** For actions in the path that no button names. */
export const unknownAction = (): GatewayError =>
  conflict('unknown_action', 'The console has no such action.', 'Go back to the page and use its buttons.')
