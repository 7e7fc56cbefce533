/**
 * The authorize endpoint. A request with an unknown client or redirect URI is refused on a page; every other refusal
 * goes back to the application. The sign-in form carries the request, so nothing is remembered in between and the
 * request is judged again when the form is submitted.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { AppRegistration, User } from '../directory.js'
import { type Reply, type Request, seeOther } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import { needsAdministrator } from './consent-policy.js'
import type { EntraState } from './entra-state.js'
import { clientInfo } from './issue-tokens.js'
import { consentKey, parseScopes, type ScopeRequest } from './scopes.js'
import { approvalPage, formPostPage, refusalPage, signInPage } from './sign-in-page.js'
import { appFor, checkUserTenant, tenantOf } from './tenants.js'

interface AuthorizeRequest {
  segment: string
  query: URLSearchParams
  app: AppRegistration
  redirectUri: string
}

/** GET: shows the sign-in page, or answers at once for `prompt=none`. */
export function authorize(state: EntraState, segment: string, request: Request): Reply {
  return guarded(state, segment, request.url.searchParams, (asked, scopes) => {
    const hint = asked.query.get('login_hint') ?? ''
    const hinted = hint ? state.directory.user(hint) : undefined
    if (asked.query.get('prompt') === 'none') return silently(state, asked, scopes, hinted)
    const tenant = tenantOf(state, segment)
    const people = state.directory.users.filter((u) => u.kind === 'user' && (!tenant || u.tenantId === tenant.id))
    return signInPage({
      app: asked.app,
      users: people,
      // MSAL and Entra both let select_account win over the hint.
      hinted: asked.query.get('prompt') === 'select_account' ? undefined : people.find((u) => u === hinted),
      hint: asked.query.get('prompt') === 'select_account' ? '' : hint,
      scopes: (asked.query.get('scope') ?? '').split(/\s+/).filter(Boolean),
      action: `/${segment}/login`,
      request: asked.query.toString(),
    })
  })
}

/** As at Microsoft, the application never hears of this: the person stands on this page. */
const stopsHere =
  'Microsoft stops here, and the application does not learn of it. An administrator switches the account on, or you go back and use another account.'

/** POST of the sign-in form: the person chose an account or cancelled. */
export function signIn(state: EntraState, segment: string, request: Request): Reply {
  const form = new URLSearchParams(request.body.toString())
  return guarded(state, segment, new URLSearchParams(form.get('request') ?? ''), (asked, scopes) => {
    if (form.has('cancel')) return sendBack(asked, cancelled)
    if (form.has('decline')) return sendBack(asked, { ...oauthError(new EntraRefusal(65004)), error_subcode: 'cancel' })
    const user = state.directory.user(form.get('user') ?? '')
    if (!user) return refusalPage(new EntraRefusal(50034, form.get('user') ?? '').message)
    try {
      checkUserTenant(state, user, segment)
    } catch (refusal) {
      return refusalPage((refusal as EntraRefusal).message)
    }
    if (!user.enabled || user.flags.includes('disabled'))
      return refusalPage(new EntraRefusal(50057, user.upn).message, stopsHere)
    if (isUnassigned(state, user)) throw new EntraRefusal(50105)
    const stop = consentStop(state, asked, user, scopes)
    if (stop !== undefined) return afterStop(state, asked, { user, form, number: stop })
    const key = `${asked.app.clientId} ${user.oid}`
    const consents = state.directory.consents.get(key) ?? new Set<string>()
    for (const scope of scopes.scopes) consents.add(consentKey(scope))
    state.directory.consents.set(key, consents)
    return withCode(state, asked, user)
  })
}

function isUnassigned({ directory }: EntraState, { flags, tenantId, upn }: User): boolean {
  const assigned = directory.tenant(tenantId)?.assigned
  const isListed = assigned?.some((one) => one.toLowerCase() === upn.toLowerCase()) ?? true
  return flags.includes('unassigned') || !isListed
}

/**
 * The number with which consent is refused to this person, 0 when a page tells so; `undefined`: it is theirs to give.
 */
function consentStop(
  { directory }: EntraState,
  { app }: AuthorizeRequest,
  user: User,
  { scopes, openId }: ScopeRequest,
): number | undefined {
  const given = (who: string) => directory.consents.get(`${app.clientId} ${who}`) ?? new Set<string>()
  const everybody = given(`tenant:${user.tenantId}`)
  const left = everybody.has('*') ? [] : scopes.filter((scope) => !everybody.has(consentKey(scope)))
  if (left.length > 0 && user.flags.includes('adminconsent')) return 90094
  if (left.length > 0 && user.flags.includes('riskyapp')) return 900941
  // Whoever may consent for everybody may consent for themselves.
  if (user.administrator) return undefined
  const person = given(user.oid)
  const asked = { openId, scopes: left.filter((scope) => !person.has(consentKey(scope))) }
  return needsAdministrator(directory.tenant(user.tenantId), asked, { everybody, person }) ? 0 : undefined
}

/**
 * Without the request workflow the person can only go back, which looks like a refusal of theirs; with it they may ask
 * their administrators, and the application hears that they did.
 */
function afterStop(
  { directory }: EntraState,
  asked: AuthorizeRequest,
  { user, form, number }: { user: User; form: URLSearchParams; number: number },
): Reply {
  if (number !== 0) throw new EntraRefusal(number)
  if (form.has('back')) return sendBack(asked, { ...oauthError(new EntraRefusal(65004)), error_subcode: 'cancel' })
  const mayAsk = directory.tenant(user.tenantId)?.consentRequests === true
  const scopes = (asked.query.get('scope') ?? '').split(/\s+/).filter(Boolean)
  if (form.has('ask') && mayAsk) {
    directory.consentRequests.push({ clientId: asked.app.clientId, upn: user.upn, scopes })
    throw new EntraRefusal(90095)
  }
  const action = `/${asked.segment}/login`
  return approvalPage({ app: asked.app, user, mayAsk, scopes, action, request: asked.query.toString() })
}

/** Checks in the order Entra does: who asks and where the answer goes (page), then everything else (sent back). */
function guarded(
  state: EntraState,
  segment: string,
  query: URLSearchParams,
  answer: (asked: AuthorizeRequest, scopes: ScopeRequest) => Reply,
): Reply {
  let asked: AuthorizeRequest
  try {
    const app = appFor(state, query.get('client_id') ?? undefined, segment)
    const redirectUri = query.get('redirect_uri') ?? ''
    if (!app.redirectUris.some((uri) => sameRedirectUri(uri, redirectUri))) throw new EntraRefusal(50011, redirectUri)
    asked = { segment, query, app, redirectUri }
  } catch (refusal) {
    if (refusal instanceof EntraRefusal) return refusalPage(refusal.message)
    throw refusal
  }
  try {
    checkParameters(query)
    return answer(
      asked,
      parseScopes(query.get('scope') ?? '', { allowed: asked.app.scopes, resources: state.resources }),
    )
  } catch (refusal) {
    if (refusal instanceof EntraRefusal) return sendBack(asked, oauthError(refusal))
    throw refusal
  }
}

function checkParameters(query: URLSearchParams): void {
  for (const name of ['response_type', 'scope']) {
    if (!query.get(name)) throw new EntraRefusal(900144, `Parameter '${name}'.`)
  }
  for (const name of new Set(query.keys())) {
    if (query.getAll(name).length > 1) throw new EntraRefusal(9002313, `Parameter '${name}' is duplicated.`)
  }
  if (query.get('response_type') !== 'code') throw new EntraRefusal(9002313, "Only response_type 'code' is offered.")
  const challenge = query.get('code_challenge')
  if (challenge === null) return
  if (query.get('code_challenge_method') !== 'S256')
    throw new EntraRefusal(9002313, "Use code_challenge_method 'S256'.")
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) throw new EntraRefusal(50147)
}

// Exact, but Entra ignores the port of http://localhost so that native apps can take any free one.
function sameRedirectUri(registered: string, asked: string): boolean {
  const portless = (uri: string) => uri.replace(/^http:\/\/localhost:\d+(?=\/|$)/, 'http://localhost')
  return registered === asked || portless(registered) === portless(asked)
}

function silently(state: EntraState, asked: AuthorizeRequest, scopes: ScopeRequest, user: User | undefined): Reply {
  if (!user) throw new EntraRefusal(50058)
  if (!user.flags.includes('consent') && consented(state, asked.app, user.oid, scopes))
    return withCode(state, asked, user)
  const refusal = new EntraRefusal(65001)
  return sendBack(asked, { ...oauthError(refusal), error: 'interaction_required' })
}

const consented = (state: EntraState, app: AppRegistration, who: string, wanted: ScopeRequest): boolean => {
  const given = state.directory.consents.get(`${app.clientId} ${who}`)
  return wanted.scopes.every((s) => given?.has(consentKey(s)) || given?.has('*'))
}

function withCode(state: EntraState, asked: AuthorizeRequest, user: User): Reply {
  const { query } = asked
  const code = `1.${randomBytes(96).toString('base64url')}`
  const challenge = query.get('code_challenge')
  const nonce = query.get('nonce')
  state.codes.set(code, {
    clientId: asked.app.clientId,
    redirectUri: asked.redirectUri,
    authority: asked.segment.toLowerCase(),
    userOid: user.oid,
    scope: query.get('scope') ?? '',
    ...(challenge ? { challenge } : {}),
    ...(nonce ? { nonce } : {}),
    expiresAt: state.now() + state.codeSeconds * 1000,
    redeemed: false,
  })
  return sendBack(asked, {
    code,
    ...(query.get('client_info') === '1' ? { client_info: clientInfo(user) } : {}),
    session_state: randomUUID(),
  })
}

function sendBack(asked: AuthorizeRequest, fields: Record<string, string>): Reply {
  const state = asked.query.get('state')
  const all = state === null ? fields : { ...fields, state }
  const mode = asked.query.get('response_mode') ?? 'query'
  if (mode === 'form_post') return formPostPage(asked.redirectUri, all)
  const url = new URL(asked.redirectUri)
  if (mode === 'fragment') url.hash = new URLSearchParams(all).toString()
  else for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
  return seeOther(url.href)
}

/** Nobody was chosen: no number, because no rule refused anything. */
const cancelled = {
  error: 'access_denied',
  error_subcode: 'cancel',
  error_description: 'The user has cancelled the authentication.',
}

const oauthError = (refusal: EntraRefusal): Record<string, string> => ({
  // A wrong scope is `invalid_client` at the token endpoint's table, and the same word comes back to the application.
  error: refusal.error === 'invalid_grant' ? 'interaction_required' : refusal.error,
  error_description: refusal.message,
  error_uri: `https://login.microsoftonline.com/error?code=${refusal.number}`,
})
