import type { User } from '../directory.js'
import { echoes, type Fault, retryAfterHeader } from '../faults.js'
import { json, pause, type Reply, type Request } from '../loopback-server.js'
import { EntraRefusal } from './aadsts.js'
import { authenticateClient, basicCredentials } from './authenticate-client.js'
import { count, type EntraState } from './entra-state.js'
import { authorizationCodeGrant, clientCredentialsGrant, refreshTokenGrant } from './grants.js'
import { appFor } from './tenants.js'

const grants = {
  authorization_code: authorizationCodeGrant,
  refresh_token: refreshTokenGrant,
  client_credentials: clientCredentialsGrant,
}

/** Handles one token request: counts it, applies a fault if one was ordered, then checks client and grant. */
export async function tokenEndpoint(state: EntraState, segment: string, request: Request): Promise<Reply> {
  const form = new URLSearchParams(request.body.toString())
  const grantType = form.get('grant_type') ?? 'none'
  const user = knownUser(state, form)
  count(state.counters.tokenCalls, grantType)
  if (user) count(state.counters.tokenCallsByUser, user.upn)
  const fault = state.faults.take(['token', grantType], user ? [user.upn.toLowerCase(), user.mail.toLowerCase()] : [])
  if (fault?.delayMs) await pause(fault.delayMs)
  if (fault && !fault.after && misbehaves(fault)) return misbehave(state, fault, form)
  const reply = await answer(state, segment, request, form)
  return fault && misbehaves(fault) ? misbehave(state, fault, form) : reply
}

async function answer(state: EntraState, segment: string, request: Request, form: URLSearchParams): Promise<Reply> {
  try {
    if (request.method !== 'POST') throw new EntraRefusal(900561)
    const basic = basicCredentials(request.headers['authorization'])
    const app = appFor(state, form.get('client_id') ?? basic?.id, segment)
    const grant = grants[form.get('grant_type') as keyof typeof grants]
    if (!grant) throw new EntraRefusal(form.has('grant_type') ? 70003 : 900144, "Parameter 'grant_type'.")
    await authenticateClient(state, { app, segment, form }, basic?.secret)
    return await grant(state, { segment, app, form })
  } catch (refusal) {
    if (!(refusal instanceof EntraRefusal)) throw refusal
    count(state.counters.refusals, String(refusal.number))
    return refusal.reply(state.now())
  }
}

const misbehaves = (fault: Fault): boolean =>
  fault.drop === true || fault.status !== undefined || fault.aadsts !== undefined || fault.body !== undefined

function misbehave(state: EntraState, fault: Fault, form: URLSearchParams): Reply {
  if (fault.drop) return { status: 0, drop: true }
  if (fault.body === 'html') {
    return { status: fault.status ?? 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad gateway</h1>' }
  }
  if (fault.body === 'echo') {
    const {
      client_assertion = '',
      client_secret = client_assertion,
      refresh_token,
      code,
    } = Object.fromEntries(form) as Record<string, string>
    return json(fault.status ?? 400, {
      error: 'invalid_grant',
      error_description: `AADSTS50000: ${echoes(refresh_token ?? code ?? client_secret)}`,
      trace_id: client_secret,
    })
  }
  if (fault.body) {
    return {
      status: fault.status ?? 200,
      headers: { 'content-type': 'application/json' },
      body: fault.body === 'empty' ? '' : '{"token_type":"Bea',
    }
  }
  const headers = retryAfterHeader(fault, state.now())
  return new EntraRefusal(fault.aadsts ?? 90033).reply(state.now(), fault.status, headers)
}

/** Whose grant this is, as far as the form tells. */
function knownUser(state: EntraState, form: URLSearchParams): User | undefined {
  const oid =
    state.directory.refreshTokens.get(form.get('refresh_token') ?? '')?.userOid ??
    state.codes.get(form.get('code') ?? '')?.userOid
  return oid ? state.directory.user(oid) : undefined
}
