/**
 * The refusals of the emulated Entra: AADSTS number → OAuth error, HTTP status at the token endpoint and the start of
 * the text. Numbers and pairs follow Microsoft's published error reference; the wording is ours.
 */
import { randomUUID } from 'node:crypto'
import { json, type Reply } from '../loopback-server.js'

interface Refusal {
  error: string
  text: string
  status?: number
  suberror?: string
}

const refusals: Record<number, Refusal> = {
  28000: { error: 'invalid_request', text: 'The scope names more than one resource.' },
  50011: { error: 'invalid_request', text: 'The redirect URI is not registered for the application.' },
  500112: { error: 'invalid_grant', text: 'The reply address differs from the one given when the code was requested.' },
  50020: { error: 'invalid_request', text: 'The user account is not from this tenant.' },
  50034: { error: 'invalid_grant', text: 'The user account does not exist in the directory.' },
  50027: { error: 'invalid_request', text: 'The JWT is not valid.' },
  50057: { error: 'invalid_grant', text: 'The user account is disabled.' },
  50058: { error: 'login_required', text: 'A silent sign-in was asked for but nobody is signed in.' },
  50076: { error: 'invalid_grant', text: 'Multi-factor authentication is now required.', suberror: 'basic_action' },
  50105: { error: 'invalid_grant', text: 'The signed in user is not assigned to a role for the application.' },
  501481: { error: 'invalid_grant', text: 'The code verifier does not match the code challenge.' },
  50147: { error: 'invalid_request', text: 'The code challenge has a wrong size.' },
  50173: { error: 'invalid_grant', text: 'The grant was revoked; a fresh sign-in is needed.' },
  50194: { error: 'invalid_request', text: 'The application is not multi-tenant; the common endpoint is not for it.' },
  50196: { error: 'invalid_grant', text: 'The server stopped a client request loop.' },
  53003: { error: 'invalid_grant', text: 'Access is blocked by conditional access.', suberror: 'message_only' },
  54005: { error: 'invalid_grant', text: 'The authorization code was already redeemed.' },
  65001: {
    error: 'invalid_grant',
    text: 'The user or an administrator has not consented.',
    suberror: 'consent_required',
  },
  65004: { error: 'access_denied', text: 'The user declined to consent.' },
  650053: { error: 'invalid_client', text: 'The application asks for a scope that the resource does not have.' },
  70000: { error: 'invalid_grant', text: 'The grant is invalid or malformed.' },
  70002: { error: 'invalid_client', text: 'The client credentials are not valid.', status: 401 },
  70003: { error: 'unsupported_grant_type', text: 'The grant type is not supported.' },
  70008: { error: 'invalid_grant', text: 'The code or refresh token has expired.' },
  700082: { error: 'invalid_grant', text: 'The refresh token has expired due to inactivity.' },
  700005: { error: 'invalid_grant', text: 'The code was issued for another tenant.' },
  70011: { error: 'invalid_scope', text: 'The scope is not valid.' },
  700016: { error: 'unauthorized_client', text: 'The application was not found in the directory.' },
  700024: { error: 'invalid_client', text: 'The client assertion is not within its valid time range.', status: 401 },
  700025: { error: 'invalid_client', text: 'A public client must not present a credential.', status: 401 },
  700027: { error: 'invalid_client', text: 'The client assertion failed signature or claim validation.', status: 401 },
  700030: { error: 'invalid_grant', text: 'The code was issued to another client.' },
  70021: { error: 'invalid_client', text: 'No matching federated identity record was found.', status: 401 },
  700211: { error: 'invalid_client', text: 'No matching federated identity record for the issuer.', status: 401 },
  700212: { error: 'invalid_client', text: 'No matching federated identity record for the audience.', status: 401 },
  700213: { error: 'invalid_client', text: 'No matching federated identity record for the subject.', status: 401 },
  700226: { error: 'invalid_client', text: 'Only tokens of managed identities are accepted from Entra.', status: 401 },
  700236: {
    error: 'invalid_client',
    text: 'Tokens of this issuer may not be used as federated credential of applications of this tenant.',
    status: 401,
  },
  7000215: { error: 'invalid_client', text: 'An invalid client secret was provided.', status: 401 },
  7000218: {
    error: 'invalid_client',
    text: "The request must contain 'client_assertion' or 'client_secret'.",
    status: 401,
  },
  7000222: { error: 'invalid_client', text: 'The provided client secret keys are expired.', status: 401 },
  7000229: { error: 'unauthorized_client', text: 'The application has no service principal in this tenant.' },
  900023: { error: 'invalid_request', text: 'The tenant identifier is neither a valid name nor a GUID.' },
  90002: { error: 'invalid_request', text: 'The tenant was not found.' },
  90033: { error: 'temporarily_unavailable', text: 'A transient error has occurred.', status: 503 },
  90094: { error: 'access_denied', text: 'An administrator must consent to these permissions.' },
  900941: { error: 'access_denied', text: 'An administrator must consent: the application is considered risky.' },
  90095: { error: 'access_denied', text: 'The user asked an administrator for consent.' },
  900144: { error: 'invalid_request', text: 'A required parameter is missing.' },
  9002313: { error: 'invalid_request', text: 'The request is malformed.' },
  900561: { error: 'invalid_request', text: 'The endpoint only accepts POST requests.' },
  1003031: { error: 'unauthorized_client', text: 'The application has no roles on the resource in this tenant.' },
}

/** A refusal on its way to the answer; `redirectable` ones travel back to the application. */
export class EntraRefusal extends Error {
  readonly error: string
  constructor(
    readonly number: number,
    readonly detail = '',
    /** Where Entra says another word than at the token endpoint. */
    error?: string,
  ) {
    const refusal = refusals[number] ?? { error: 'invalid_grant', text: 'The request was refused.' }
    super(`AADSTS${number}: ${refusal.text}${detail && ` ${detail}`}`)
    this.error = error ?? refusal.error
  }

  /** The JSON answer of the token endpoint. */
  reply(now: number, status = refusals[this.number]?.status ?? 400, headers: Record<string, string> = {}): Reply {
    const ids = { trace_id: randomUUID(), correlation_id: randomUUID() }
    const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`
    const text = `${this.message} Trace ID: ${ids.trace_id} Correlation ID: ${ids.correlation_id} Timestamp: ${timestamp}`
    const { suberror } = refusals[this.number] ?? {}
    return json(
      status,
      {
        error: this.error,
        error_description: text,
        error_codes: [this.number],
        timestamp,
        ...ids,
        error_uri: `https://login.microsoftonline.com/error?code=${this.number}`,
        ...(suberror ? { suberror } : {}),
        // A claims challenge comes with refusals that a stronger sign-in can cure.
        ...(suberror === 'basic_action'
          ? { claims: '{"access_token":{"capolids":{"essential":true,"values":[]}}}' }
          : {}),
      },
      { 'cache-control': 'no-store', ...headers },
    )
  }
}
