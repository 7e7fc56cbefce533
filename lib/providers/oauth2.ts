/**
 * Any OAuth 2.0 authorization server, through oauth4webapi (decision 44). The library speaks the protocol and refuses
 * what it forbids; what a hostile server may do besides is bounded here and by the guarded fetch: lifetimes, tokens
 * that no header could carry, identities of others.
 */
import {
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockSkew,
  clockTolerance,
  getValidatedIdTokenClaims,
  None,
  processAuthorizationCodeResponse,
  processRefreshTokenResponse,
  refreshTokenGrantRequest,
  skipStateCheck,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi'
import { translate } from '../diagnosis/translate.js'
import { asGatewayError } from '../errors.js'
import type { Registration } from '../model/registration.js'
import { signInProblem } from '../model/sign-in-problems.js'
import type { RegisteredClient } from '../ports/memory.js'
import type { Provider, ProviderCalls, TokenSet } from '../ports/provider.js'
import { Secret } from '../secret.js'
import { untrusted, whoSignedIn } from './oauth2-identity.js'
import { endpointsOf } from './oauth2-metadata.js'
import { oauth2Rules, serverOf } from './oauth2-rules.js'
import { type OAuthWire, openWire } from './oauth2-wire.js'

const skewSeconds = 300
/** Of a token whose answer names none (RFC 6749, section 5.1, leaves it open). */
const usualLifeSeconds = 3_600
const longestLifeSeconds = 86_400
const longestToken = 16_384
const noRefreshToken = 'not-a-refresh-token'

export type OAuth2Options = Omit<OAuthWire, 'context'>

export function oauth2Calls(options: OAuth2Options): ProviderCalls {
  const wire: OAuthWire = { ...options, context: oauth2Rules.context }
  const endpoints = endpointsOf(wire)

  const clientOf = ({ clientId }: Registration): Client => ({
    client_id: clientId,
    [clockSkew]: Math.round((wire.now() - Date.now()) / 1000),
    [clockTolerance]: skewSeconds,
  })

  const tokenSet = (answer: TokenEndpointResponse, asked: readonly string[]): TokenSet => {
    const { access_token, refresh_token, expires_in = usualLifeSeconds, scope } = answer
    if (![access_token, refresh_token ?? 'none'].every(isToken))
      throw translate({ context: wire.context, net: 'UNREADABLE_ANSWER', operation: 'token' })
    const seconds = expires_in > 0 ? Math.min(expires_in, longestLifeSeconds) : usualLifeSeconds
    return {
      accessToken: new Secret(access_token),
      expiresAt: wire.now() + seconds * 1000,
      ...(refresh_token === undefined ? {} : { refreshToken: new Secret(refresh_token) }),
      // Left out, it is what was asked for (RFC 6749, section 5.1).
      scopes: scope === undefined ? [...asked] : scope.split(' ').filter(Boolean),
    }
  }

  return {
    async authorizeUrl({ registration, scopes, state, nonce, codeChallenge, loginHint }) {
      const server = await endpoints(registration)
      const url = new URL(server.authorization_endpoint)
      const isOpenId = scopes.includes('openid')
      const prompt = promptOf(scopes, { hasHint: loginHint !== undefined, known: server.prompts })
      const query = {
        response_type: 'code',
        client_id: registration.clientId,
        redirect_uri: registration.redirectUri,
        scope: scopes.join(' '),
        state,
        ...(isOpenId ? { nonce } : {}),
        code_challenge: codeChallenge,
        code_challenge_method: 'S256',
        ...(loginHint ? { login_hint: loginHint } : {}),
        ...(prompt === '' ? {} : { prompt }),
      }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      return url.href
    },

    async redeem({ registration, credential, scopes, code, codeVerifier, nonce }) {
      const server = await endpoints(registration)
      const client = clientOf(registration)
      const call = openWire(wire.fetch, wire.context)
      if (credential) call.keep(credential.reveal())
      // State and issuer of the callback were judged before anything was redeemed.
      const judged = { ...server, authorization_response_iss_parameter_supported: false }
      const answered = new URLSearchParams({ code: code.reveal() })
      let answer: TokenEndpointResponse
      try {
        const response = await authorizationCodeGrantRequest(
          server,
          client,
          authentication({ registration, credential }),
          validateAuthResponse(judged, client, answered, skipStateCheck),
          registration.redirectUri,
          codeVerifier.reveal(),
          call.options(server.token_endpoint),
        )
        const expected = call.text('id_token') === undefined ? {} : { expectedNonce: nonce }
        answer = await processAuthorizationCodeResponse(server, client, response, expected)
      } catch (error) {
        throw aboutIdToken(error) ?? call.fault(error)
      }
      const tokens = tokenSet(answer, scopes)
      if (tokens.refreshToken === undefined) throw translate({ context: 'local', local: 'no_refresh_token' })
      const claims = getValidatedIdTokenClaims(answer)
      if (claims?.sub === '') throw untrusted('sub')
      const who = await whoSignedIn(wire, { server, client, token: tokens.accessToken, claims })
      return { ...tokens, ...who }
    },

    async refresh({ registration, credential, scopes, refreshToken }) {
      const server = await endpoints(registration)
      const client = clientOf(registration)
      const call = openWire(wire.fetch, wire.context)
      if (credential) call.keep(credential.reveal())
      try {
        // Without scopes: what was granted stays (RFC 6749, section 6); some servers refuse to hear it again.
        const proof = authentication({ registration, credential })
        const options = call.options(server.token_endpoint)
        const response = await refreshTokenGrantRequest(server, client, proof, refreshToken.reveal(), options)
        return tokenSet(await processRefreshTokenResponse(server, client, response), scopes)
      } catch (error) {
        throw call.fault(error)
      }
    },

    // Nobody but a person can allow anything at a server of which nothing else is known.
    appToken: async () => {
      throw signInProblem('no_registration')
    },
    adminConsentUrl: () => {
      throw signInProblem('no_registration')
    },

    /**
     * A refresh token is shown that cannot be one. RFC 6749 (section 3.2.1) has the client authenticated first, but
     * nothing says in which order a server looks, so only `invalid_client` is a verdict.
     */
    async tryCredential({ registration, credential }) {
      const server = await endpoints(registration)
      const call = openWire(wire.fetch, wire.context)
      if (credential) call.keep(credential.reveal())
      try {
        const proof = authentication({ registration, credential })
        const options = call.options(server.token_endpoint)
        const client = clientOf(registration)
        await processRefreshTokenResponse(
          server,
          client,
          await refreshTokenGrantRequest(server, client, proof, noRefreshToken, options),
        )
        return 'undecided'
      } catch (error) {
        const fault = call.fault(error)
        if (fault.class === 'transient' || call.text('error') === 'invalid_client') throw fault
        return 'undecided'
      }
    },

    // No server is believed about addresses: an administrator confirms.
    directoryOf: async () => undefined,
    accountAddresses: async () => [],

    issuerMatches: ({ authority }, iss) => iss === authority,

    async namesIssuer(registration) {
      return (await endpoints(registration)).authorization_response_iss_parameter_supported === true
    },

    async checkRegistration(registration) {
      await endpoints(registration).catch((error: unknown) => {
        if (asGatewayError(error).class !== 'transient') throw error
      })
    },
  }
}

/** Rules and calls together, for whoever needs both at once. */
export const oauth2Provider = (options: OAuth2Options): Provider => ({ ...oauth2Rules, ...oauth2Calls(options) })

function authentication({ registration, credential }: RegisteredClient): ClientAuth {
  const secret = credential?.reveal() ?? ''
  const { clientAuthentication } = serverOf(registration)
  if (clientAuthentication === 'none' || secret === '') return None()
  return clientAuthentication === 'client_secret_post' ? ClientSecretPost(secret) : ClientSecretBasic(secret)
}

/**
 * Access that lasts needs a person's consent each time (OpenID Connect Core, section 11); who has several accounts
 * chooses one, where the server can ask.
 */
function promptOf(
  scopes: readonly string[],
  { hasHint, known }: { hasHint: boolean; known: readonly string[] },
): string {
  const choice = !hasHint && known.includes('select_account') ? ['select_account'] : []
  return [...(scopes.includes('offline_access') ? ['consent'] : []), ...choice].join(' ')
}

/** A token goes into headers and SASL answers: printable, and not without end (RFC 6749, appendix A). */
const isToken = (text: string): boolean => text.length <= longestToken && /^[\x21-\x7e]+$/.test(text)

/** A claim that does not belong to this sign-in, by what the library compared. */
function aboutIdToken(error: unknown) {
  const { code, cause } = error as { code?: unknown; cause?: { claim?: unknown } | null }
  const isClaim = code === 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' || code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED'
  const isJwt = typeof cause === 'object' && cause !== null && ('claims' in cause || 'header' in cause)
  return isClaim || isJwt ? untrusted(typeof cause?.claim === 'string' ? cause.claim : 'form') : undefined
}
