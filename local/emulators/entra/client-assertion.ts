/**
 * Client assertions as Entra takes them: signed by a key whose certificate is registered (`x5t#S256` or `x5t` names it),
 * or a token of a managed identity that a federated credential of the registration names exactly.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, importX509, type JWTPayload, jwtVerify } from 'jose'
import type { AppRegistration } from '../directory.js'
import { EntraRefusal } from './aadsts.js'
import type { EntraState } from './entra-state.js'
import { directoryOfIssuer } from './managed-identity.js'
import { tenantOf } from './tenants.js'

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const skewMs = 5 * 60_000

export interface PresentedAssertion {
  app: AppRegistration
  /** Directory or shared endpoint of the token request. */
  segment: string
  form: URLSearchParams
}

export async function checkAssertion(state: EntraState, presented: PresentedAssertion): Promise<void> {
  const { app, form } = presented
  const assertion = form.get('client_assertion') ?? ''
  if (form.get('client_assertion_type') !== assertionType)
    throw new EntraRefusal(900144, "Parameter 'client_assertion_type'.")
  const claims = claimsOf(assertion)
  if (claims === undefined) throw new EntraRefusal(50027, 'The assertion is no JWT.')
  checkTimes(state, claims)
  if (claims.iss === app.clientId && claims.sub === app.clientId) return checkOwn(state, presented, assertion, claims)
  checkFederated(state, app, assertion, claims)
}

/**
 * A token of a managed identity of the application's own directory, for the exchange, which a federated credential names
 * by issuer, subject and audience, letter by letter.
 */
function checkFederated(state: EntraState, app: AppRegistration, assertion: string, claims: JWTPayload): void {
  const issuer = String(claims.iss ?? '')
  const directory = directoryOfIssuer(state, issuer)
  if (directory !== undefined && directory.id !== app.tenantId) throw new EntraRefusal(700236, `Issuer '${issuer}'.`)
  if (app.federated.length === 0) throw new EntraRefusal(70021, `Application '${app.clientId}'.`)
  const ofIssuer = app.federated.filter((one) => one.issuer === issuer)
  if (directory === undefined || ofIssuer.length === 0) throw new EntraRefusal(700211, `Issuer '${issuer}'.`)
  if (state.key.verify(assertion) === undefined) throw new EntraRefusal(700027, 'The signature is not valid.')
  if (typeof claims['xms_mirid'] !== 'string') throw new EntraRefusal(700226)
  const ofSubject = ofIssuer.filter(({ subject }) => subject === claims.sub)
  if (ofSubject.length === 0) throw new EntraRefusal(700213, `Subject '${claims.sub}'.`)
  if (!ofSubject.some(({ audience }) => audience === claims.aud))
    throw new EntraRefusal(700212, `Audience '${claims.aud}'.`)
}

/** Signed with a key of the application itself. */
async function checkOwn(
  state: EntraState,
  { app, segment }: PresentedAssertion,
  assertion: string,
  claims: JWTPayload,
): Promise<void> {
  const refusal = (reason: string) => new EntraRefusal(700027, `[Reason - ${reason}] Application '${app.clientId}'.`)
  const { alg, x5t, 'x5t#S256': x5tS256 } = decodeProtectedHeader(assertion) as Record<string, string | undefined>
  const named = app.certificates.find((pem) =>
    x5tS256 ? x5tS256 === thumbprint(pem) : x5t === thumbprint(pem, 'sha1'),
  )
  if (named === undefined)
    throw refusal(`The key was not found. Thumbprint of key used by client: '${x5tS256 ?? x5t}'.`)
  if (Date.parse(new X509Certificate(named).validTo) <= state.now()) throw refusal('The key used is expired.')
  if (alg !== 'PS256' && alg !== 'RS256') throw refusal('The algorithm is not accepted.')
  const audiences = [segment, tenantOf(state, segment)?.id ?? segment].flatMap((directory) => [
    `${state.issuerBase}/${directory}/oauth2/v2.0/token`.toLowerCase(),
    `${state.issuerBase}/${directory}/v2.0`.toLowerCase(),
  ])
  if (typeof claims.aud !== 'string' || !audiences.includes(claims.aud.toLowerCase()))
    throw refusal('The audience is not this token endpoint.')
  try {
    const currentDate = new Date(state.now())
    await jwtVerify(assertion, await importX509(named, alg), { currentDate, clockTolerance: skewMs / 1000 })
  } catch {
    throw refusal('The signature is not valid.')
  }
  checkOnce(state, claims, refusal)
}

/** RFC 7523, section 3: an assertion with an id counts once. */
function checkOnce(state: EntraState, { jti, exp = 0 }: JWTPayload, refusal: (reason: string) => Error): void {
  if (!jti) throw refusal('There is no jti.')
  for (const [known, until] of state.assertionIds) if (until + skewMs < state.now()) state.assertionIds.delete(known)
  if (state.assertionIds.has(jti)) throw refusal('The assertion was presented before.')
  state.assertionIds.set(jti, exp * 1000)
}

function checkTimes(state: EntraState, { exp, nbf = 0 }: JWTPayload): void {
  const [from, until] = [nbf * 1000, (exp ?? 0) * 1000]
  if (until + skewMs <= state.now() || from - skewMs > state.now())
    throw new EntraRefusal(700024, `Valid from ${from} until ${until}, and it is ${state.now()}.`)
}

const thumbprint = (pem: string, algorithm: 'sha256' | 'sha1' = 'sha256'): string =>
  createHash(algorithm).update(new X509Certificate(pem).raw).digest('base64url')

function claimsOf(assertion: string): JWTPayload | undefined {
  try {
    return decodeJwt(assertion)
  } catch {
    return undefined
  }
}
