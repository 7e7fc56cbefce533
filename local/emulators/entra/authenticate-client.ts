import { createHash, timingSafeEqual } from 'node:crypto'
import { decodeJwt, importJWK, type JWK, type JWTVerifyOptions, jwtVerify } from 'jose'
import type { AppRegistration } from '../directory.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Proves that the caller is this registration: secret, assertion, or nothing for a public client. */
export async function authenticateClient(
  state: EntraState,
  app: AppRegistration,
  form: URLSearchParams,
  basicSecret: string | undefined,
): Promise<void> {
  const secret = form.get('client_secret') ?? basicSecret
  const assertion = form.get('client_assertion')
  const isPublic = app.secrets.length + app.certificates.length + app.federated.length === 0
  if (isPublic) {
    if (secret || assertion) throw new EntraRefusal(700025)
    return
  }
  if (assertion) return checkAssertion(state, app, assertion, form.get('client_assertion_type'))
  if (!secret) throw new EntraRefusal(7000218)
  const found = app.secrets.find((s) => same(s.value, secret))
  if (!found) throw new EntraRefusal(7000215, `Application '${app.clientId}'.`)
  if (found.expiresAt !== undefined && found.expiresAt <= state.now()) {
    throw new EntraRefusal(7000222, `Application '${app.clientId}'.`)
  }
}

async function checkAssertion(
  state: EntraState,
  app: AppRegistration,
  assertion: string,
  type: string | null,
): Promise<void> {
  if (type !== assertionType) throw new EntraRefusal(900144, "Parameter 'client_assertion_type'.")
  const base: JWTVerifyOptions = { currentDate: new Date(state.now()), algorithms: ['RS256', 'PS256'] }
  const own: JWTVerifyOptions = { ...base, issuer: app.clientId, subject: app.clientId, requiredClaims: ['exp', 'jti'] }
  const tries: { key: Record<string, unknown>; rules: JWTVerifyOptions }[] = [
    ...app.certificates.map((key) => ({ key, rules: own })),
    ...app.federated.map(({ key, ...rules }) => ({ key, rules: { ...base, ...rules } })),
  ]
  for (const { key, rules } of tries) {
    try {
      await jwtVerify(assertion, await importJWK(key as JWK, 'RS256'), rules)
      // A self-signed assertion is meant for the token endpoint; the federated audience was compared above.
      if (rules.audience || String(decodeJwt(assertion).aud).endsWith('/oauth2/v2.0/token')) return
    } catch {}
  }
  throw new EntraRefusal(700027, `Application '${app.clientId}'.`)
}

/** Client id and secret of HTTP Basic authentication, percent-decoded as RFC 6749 section 2.3.1 says. */
export function basicCredentials(header: string | undefined): { id: string; secret: string } | undefined {
  const match = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? '')
  if (!match) return undefined
  const [id = '', secret = ''] = Buffer.from(match[1]!, 'base64').toString().split(':')
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret) }
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))
