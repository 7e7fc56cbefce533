/** A gateway that notes what the console asks of it, and requests with a session as a browser sends them. */
import { HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { beforeEach } from 'vitest'
import { GatewayError, notFound } from '../../../lib/errors.js'
import {
  type ConsoleGateway,
  consoleHandler,
  consoleSignIn,
  requireRole,
} from '../../../lib/http/console/console-handler.js'
import { formToken, newSession, sealSession } from '../../../lib/http/console/console-session.js'
import type { Caller } from '../../../lib/model/caller.js'
import { findAction } from '../../../lib/pages/console/actions.js'
import { consolePage } from '../../../lib/pages/console/frame.js'
import { html } from '../../../lib/pages/html.js'
import { sealer } from '../../../lib/protocol/seal.js'

export const seals = sealer([{ id: '202611', key: new Uint8Array(32).fill(7) }])
export const callers = new Map<string, Caller>([
  ['operator-key', { role: 'operator', tenant: '~', keyId: 'o' }],
  ['acme-key', { role: 'tenant-admin', tenant: 'acme', keyId: 'a' }],
  ['app-key', { role: 'app', tenant: 'acme', keyId: 'p' }],
])
export const audited: string[][] = []
export const acted: string[] = []
const sessions = new Map<string, string>()
export const admitted: [string, string | undefined][] = []
export const load = { isFull: false }
export const gateway: ConsoleGateway = {
  config: { publicBaseUrl: 'https://gateway.example' },
  admit: (tenant, kind) => {
    if (load.isFull) throw new GatewayError('too_many_requests', 'transient', { status: 429, description: 'Too many.' })
    admitted.push([tenant, kind])
  },
  admin: {
    beginConsoleSession: async ({ role }, { id }) => {
      sessions.set(id, role)
    },
    isConsoleSession: async ({ role }, id) => sessions.get(id) === role,
    endConsoleSession: async (_tenant, id) => {
      sessions.delete(id)
    },
  },
  authenticate: async (credential) => {
    const caller = callers.get(credential)
    if (caller) return caller
    throw new GatewayError('unauthorized', 'permanent', { status: 401 })
  },
  sealer: async () => seals,
  readTenant: async (id) => {
    if (!['acme', 'other'].includes(id)) throw notFound('tenant')
  },
  audit: async (caller, { tenant, action, subjects }) => {
    audited.push([caller.keyId, tenant, action, ...subjects])
  },
}

const handler = consoleHandler(
  async () => gateway,
  async ({ view, tenant, params, request }) => {
    if (request.method === 'POST') {
      requireRole(view, 'mailboxChange')
      acted.push(`${tenant} ${params['action']} ${params['id']}`)
      return { redirect: '/console' }
    }
    if (view.tenant === 'other' && request.query.has('fault')) throw new Error('inner <words>')
    return consolePage(view, { current: '', title: 'Test' }, html`<h1>${tenant}</h1>`)
  },
  { operation: ({ action = '' }) => findAction('mailboxes', action)?.operation ?? '' },
)

export interface Ask {
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  form?: (token: string) => Record<string, string>
  params?: Record<string, string>
}

export async function ask(
  { key, query = {}, headers = {}, form, params = {} }: Ask,
  target = handler,
): Promise<HttpResponseInit> {
  const session = newSession(key ?? '', Date.now())
  sessions.set(session.id, callers.get(key ?? '')?.role ?? '')
  const cookie = key === undefined ? {} : { cookie: `__Host-console=${sealSession(seals, session)}` }
  const text = form && new URLSearchParams(form(formToken(session))).toString()
  const length = text === undefined ? {} : { 'content-length': String(text.length) }
  const request = new HttpRequest({
    method: text === undefined ? 'GET' : 'POST',
    url: `https://gateway.example/console?${new URLSearchParams(query)}`,
    headers: { ...formType, ...cookie, ...length, ...headers },
    query,
    params,
    ...(text === undefined ? {} : { body: { string: text } }),
  })
  return (await target(request, new InvocationContext({ logHandler: () => undefined }))) as HttpResponseInit
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

export const cookieOf = (response: HttpResponseInit): string => response.cookies?.[0]?.value ?? ''
export const signIn = consoleSignIn(async () => gateway)
/** A form of the sign-in page, as this browser got it. */
export const fromPage = { cookie: '__Host-console-sign-in=token-of-this-browser' }
export const typed =
  (key: string, more: Record<string, string> = {}) =>
  () => ({
    token: 'token-of-this-browser',
    key,
    ...more,
  })

/** Each test begins with nothing noted. */
export function useConsoleGateway(): void {
  beforeEach(() => {
    audited.length = 0
    acted.length = 0
    admitted.length = 0
    load.isFull = false
  })
}
