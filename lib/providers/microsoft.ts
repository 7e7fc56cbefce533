import {
  type AuthenticationResult,
  ConfidentialClientApplication,
  type INetworkModule,
  PublicClientApplication,
  ResponseMode,
} from '@azure/msal-node'
import { translate } from '../diagnosis/translate.js'
import { GatewayError } from '../errors.js'
import type { Identity } from '../model/connection.js'
import type { Registration } from '../model/registration.js'
import type { Clock } from '../ports/clock.js'
import type { OwnIdentity } from '../ports/own-identity.js'
import type { Provider, ProviderCalls, TokenSet } from '../ports/provider.js'
import { decodeJwt } from '../protocol/jwt.js'
import { Secret } from '../secret.js'
import { addressesOf } from './microsoft-account.js'
import { type ClientOptions, clientOf, credentialNeeded, type MicrosoftClient } from './microsoft-client.js'
import { cloudAt, type MicrosoftCloud, spelledIn, spelledUsually } from './microsoft-clouds.js'
import { isGuid, personal, personalDomains, sharedDirectories, withinDirectory } from './microsoft-directories.js'
import { microsoftRules } from './microsoft-rules.js'
import { networkClient } from './network-client.js'
import { listenTo, type TokenCall } from './token-call.js'

export interface MicrosoftOptions {
  clock: Clock
  /** Origins to call instead, for emulators. */
  origins?: Readonly<Record<string, string>>
  /** Default: fetch. */
  network?: INetworkModule
  /** For registrations that prove themselves by it. */
  identity?: OwnIdentity
}

const skewMs = 5 * 60_000
const noRefreshToken = 'not-a-refresh-token'

/**
 * Microsoft Entra through MSAL. Each call has an MSAL instance of its own: instances are cheap (no network), and their
 * throttle memory would otherwise let one tenant's 429 refuse every mailbox of the deployment for up to an hour.
 */
export function microsoftCalls({
  clock,
  origins = {},
  network = networkClient({ origins }),
  identity,
}: MicrosoftOptions): ProviderCalls {
  const proving = (call: TokenCall): ClientOptions => ({ network: call.network, identity })

  const tokenSet = (
    call: TokenCall,
    { result, identity, cloud }: { result: AuthenticationResult; identity?: Identity; cloud: MicrosoftCloud },
  ): TokenSet => {
    const refreshToken = call.text('refresh_token')
    return {
      accessToken: new Secret(result.accessToken),
      expiresAt: clock.now() + (call.number('expires_in') ?? 0) * 1000,
      ...(refreshToken ? { refreshToken: new Secret(refreshToken) } : {}),
      scopes: spelledUsually(cloud, (call.text('scope') ?? '').split(' ').filter(Boolean)),
      ...(identity ? { identity } : {}),
    }
  }

  return {
    async authorizeUrl({ registration, scopes, state, nonce, codeChallenge, loginHint, responseMode }) {
      const auth = { clientId: registration.clientId, authority: registration.authority }
      const app = new PublicClientApplication({ auth, system: { networkClient: network } })
      return app.getAuthCodeUrl({
        scopes: spelledIn(cloudAt(registration.authority), scopes),
        redirectUri: registration.redirectUri,
        state,
        nonce,
        codeChallenge,
        codeChallengeMethod: 'S256',
        responseMode: responseMode === 'form_post' ? ResponseMode.FORM_POST : ResponseMode.QUERY,
        // MSAL drops the hint beside select_account, so it is one or the other.
        ...(loginHint ? { loginHint } : { prompt: 'select_account' }),
      })
    },

    async redeem({ registration, credential, scopes, code, codeVerifier, nonce }) {
      const call = listenTo(network)
      const cloud = cloudAt(registration.authority)
      let result: AuthenticationResult
      try {
        result = await (await clientOf({ registration, credential }, proving(call))).acquireTokenByCode({
          scopes: spelledIn(cloud, scopes),
          redirectUri: registration.redirectUri,
          code: code.reveal(),
          codeVerifier: codeVerifier.reveal(),
          nonce,
        } as Parameters<MicrosoftClient['acquireTokenByCode']>[0])
      } catch (error) {
        if ((error as { errorCode?: unknown }).errorCode === 'nonce_mismatch') throw untrusted('nonce')
        throw call.fault(error)
      }
      const identity = identityOf(call.text('id_token') ?? '', { registration, nonce }, clock.now())
      if (!call.text('refresh_token')) throw translate({ context: 'local', local: 'no_refresh_token' })
      return tokenSet(call, { result, identity, cloud })
    },

    async refresh({ registration, credential, scopes, refreshToken, tenantId }) {
      const call = listenTo(network)
      const cloud = cloudAt(registration.authority)
      try {
        const authority = authorityOf(registration, tenantId)
        const app = await clientOf({ registration, credential, authority }, proving(call))
        const result = await app.acquireTokenByRefreshToken({
          scopes: spelledIn(cloud, scopes),
          refreshToken: refreshToken.reveal(),
        })
        if (result === null) throw new Error('MSAL returned nothing')
        return tokenSet(call, { result, cloud })
      } catch (error) {
        throw call.fault(error)
      }
    },

    async appToken({ registration, credential, scopes, tenantId }) {
      const call = listenTo(network)
      const cloud = cloudAt(registration.authority)
      const { authority } = withinDirectory(registration, tenantId)
      const app = await clientOf({ registration, credential, authority }, proving(call))
      if (!(app instanceof ConfidentialClientApplication)) throw credentialNeeded(registration)
      try {
        const result = await app.acquireTokenByClientCredential({ scopes: spelledIn(cloud, scopes), skipCache: true })
        if (result === null) throw new Error('MSAL returned nothing')
        return tokenSet(call, { result, cloud })
      } catch (error) {
        throw call.fault(error)
      }
    },

    /**
     * One directory: a token of the application itself, which only an accepted credential gets. A shared endpoint issues
     * none, so there a refresh token is shown that cannot be one. RFC 6749 (section 3.2.1) has the client authenticated
     * first, but nothing says in which order Entra looks, so a refusal of that token proves nothing: only
     * `invalid_client` is a verdict.
     */
    async tryCredential({ registration, credential }) {
      const call = listenTo(network)
      const directory = new URL(registration.authority).pathname.split('/')[1] ?? ''
      const scopes = [`${cloudAt(registration.authority).graph}/.default`]
      const app = await clientOf({ registration, credential }, proving(call))
      try {
        if (sharedDirectories.includes(directory) || !(app instanceof ConfidentialClientApplication)) {
          await app.acquireTokenByRefreshToken({ scopes, refreshToken: noRefreshToken })
          return 'undecided'
        }
        await app.acquireTokenByClientCredential({ scopes, skipCache: true })
        return 'accepted'
      } catch (error) {
        const fault = call.fault(error)
        if (fault.class === 'transient' || call.text('error') === 'invalid_client') throw fault
        return 'undecided'
      }
    },

    adminConsentUrl({ registration, scopes, state }) {
      const authority = new URL(registration.authority)
      const directory = authority.pathname.split('/')[1] ?? ''
      // `common` has no administrator.
      const url = new URL(
        `${authority.origin}/${directory === 'common' ? 'organizations' : directory}/v2.0/adminconsent`,
      )
      const query = { client_id: registration.clientId, redirect_uri: registration.redirectUri, state }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      url.searchParams.set('scope', spelledIn(cloudAt(registration.authority), scopes).join(' '))
      return url.href
    },

    // The OpenID configuration of a verified domain names its directory; Microsoft documents the domain as a tenant's
    // name (learn.microsoft.com/entra/identity-platform/v2-protocols-oidc).
    async directoryOf({ authority }, domain) {
      if (!isDomain(domain)) return undefined
      const { origin } = new URL(authority)
      const url = `${origin}/${domain.toLowerCase()}/v2.0/.well-known/openid-configuration`
      const { status, body } = await network
        .sendGetRequestAsync<{ issuer?: unknown; error?: unknown }>(url)
        .catch(() => ({ status: 503, body: {} as { issuer?: unknown; error?: unknown } }))
      // AADSTS90002: nobody owns it.
      if (status === 400 && body.error === 'invalid_tenant') return undefined
      const { pathname } = URL.canParse(String(body.issuer)) ? new URL(String(body.issuer)) : { pathname: '' }
      const [, directory = '', version] = pathname.split('/')
      if (status !== 200 || version !== 'v2.0' || !isGuid(directory)) throw unanswered()
      const owner = directory.toLowerCase()
      return owner === personalDomains ? personal : owner
    },

    accountAddresses: async ({ registration, token, resource }) =>
      resource === 'graph' ? addressesOf(network, { token, graph: cloudAt(registration.authority).graph }) : [],

    namesIssuer: () => false,

    // What is wrong with it shows when its credential is tried.
    checkRegistration: async () => {},

    issuerMatches(registration, iss) {
      if (!URL.canParse(iss)) return false
      const { origin, pathname } = new URL(iss)
      const authority = new URL(registration.authority)
      const directory = authority.pathname.split('/')[1] ?? ''
      const [, tenant = '', version, ...rest] = pathname.split('/')
      if (origin !== authority.origin || version !== 'v2.0' || rest.length > 0) return false
      return sharedDirectories.includes(directory) ? isGuid(tenant) : tenant.toLowerCase() === directory.toLowerCase()
    },
  }
}

/** Rules and calls together, for whoever needs both at once. */
export const microsoftProvider = (options: MicrosoftOptions): Provider => ({
  ...microsoftRules,
  ...microsoftCalls(options),
})

/** The customer's own tenant when it is known: one tenant's outage stays its own, and guests are not guessed. */
function authorityOf(registration: Registration, tenantId: string | undefined): string {
  const authority = new URL(registration.authority)
  const directory = authority.pathname.split('/')[1] ?? ''
  if (!tenantId || !['common', 'organizations'].includes(directory)) return registration.authority
  return `${authority.origin}/${tenantId}`
}

/**
 * Who signed in. The token came over TLS from the token endpoint, so its claims are checked and not its signature
 * (OpenID Connect Core 3.1.3.7, point 6); MSAL checks none of them.
 */
function identityOf(
  idToken: string,
  { registration, nonce }: { registration: Registration; nonce: string },
  now: number,
): Identity {
  const claims = decodeJwt(idToken)
  if (claims === undefined) throw untrusted('missing')
  const text = (name: string): string => (typeof claims[name] === 'string' ? (claims[name] as string) : '')
  const tenantId = text('tid').toLowerCase()
  const authority = new URL(registration.authority)
  const directory = authority.pathname.split('/')[1]?.toLowerCase() ?? ''
  if (text('aud') !== registration.clientId) throw untrusted('aud')
  if (!isGuid(tenantId) || text('iss').toLowerCase() !== `${authority.origin}/${tenantId}/v2.0`) throw untrusted('iss')
  if (isGuid(directory) && tenantId !== directory) throw untrusted('tid')
  if (text('nonce') !== nonce) throw untrusted('nonce')
  if (!(Number(claims['exp']) * 1000 > now - skewMs)) throw untrusted('exp')
  if (Number(claims['nbf'] ?? 0) * 1000 > now + skewMs) throw untrusted('nbf')
  if (text('oid') === '' || text('sub') === '') throw untrusted('oid')
  const username = (text('preferred_username') || text('email') || text('upn')).slice(0, 320)
  // Named only where somebody's own organisation is another one than that of the sign-in.
  if (text('idp') !== '' && text('idp') !== text('iss')) throw guestAccount(username)
  const displayName = text('name').slice(0, 200)
  return {
    issuer: text('iss'),
    tenantId,
    objectId: text('oid'),
    subject: text('sub'),
    username,
    ...(displayName ? { displayName } : {}),
  }
}

function untrusted(claim: string): GatewayError {
  return new GatewayError('id_token_invalid', 'needs-reconnect', {
    hint: 'restart-flow',
    description: `The identity Microsoft returned does not belong to this sign-in (${claim}).`,
    remedy: 'Start the sign-in again from the application.',
  })
}

function guestAccount(username: string): GatewayError {
  return new GatewayError('guest_account', 'needs-reconnect', {
    hint: 'restart-flow',
    status: 403,
    values: { signedIn: username },
    description: `${username} is a guest in this organisation. The mailbox of a guest is in the guest's own organisation.`,
    remedy:
      'Ask the people who gave you the link for one that is meant for your own organisation, or sign in with an account of this one.',
  })
}

function unanswered(): GatewayError {
  return new GatewayError('directory_unknown', 'transient', {
    retryAfterMs: 30_000,
    description: 'Microsoft did not say which organisation owns the domain of the address.',
    remedy: 'Try again in a minute.',
  })
}

const isDomain = (text: string): boolean => /^(?=.{4,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/i.test(text)
