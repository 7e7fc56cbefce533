/** What any OAuth 2.0 server is asked for; pure, and light enough for every process. */
import { GatewayError, invalidInput } from '../errors.js'
import type { OAuthServer, Registration } from '../model/registration.js'
import { serverTargets } from '../model/transports.js'
import type { ProviderRules } from '../ports/provider.js'
import { isMicrosoftSignIn, isMicrosoftV1 } from './microsoft-directories.js'

/** Scopes that open no mailbox: who signed in, and whether it lasts. */
const ofTheSignIn: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'address', 'phone', 'offline_access'])

export const oauth2Rules: ProviderRules = {
  context: 'oauth-token',

  authorityOf({ issuer = '', server }) {
    if (!URL.canParse(issuer)) throw invalidInput('issuer', 'must be the https:// URL of the server.')
    const { search } = new URL(issuer)
    // RFC 8414, section 2.
    if (search !== '') throw invalidInput('issuer', 'must be a URL without a query, as the server names itself.')
    const { authorization, token } = server?.endpoints ?? {}
    assertNotMicrosoft({ issuer, 'endpoints.authorization': authorization, 'endpoints.token': token })
    return issuer
  },

  plan(wish, _place, registration) {
    const { scopes, imap, smtp } = serverOf(registration ?? { name: '' })
    const targets = serverTargets(wish, { ...(imap && { imap }), ...(smtp && { smtp }) })
    const permissions = scopes.filter((scope) => !ofTheSignIn.has(scope))
    return { ...targets, resource: 'outlook', consent: scopes, token: scopes, permissions }
  },

  // On the way from there to its sign-in page a server leads over hosts that nobody can name beforehand.
  pageSources: ({ authority, server }) => {
    const places = [authority, server?.endpoints?.authorization ?? authority].map((url) => new URL(url))
    const here = places.filter(({ protocol }) => protocol === 'http:').map(({ origin }) => origin)
    return ['https:', ...new Set(here)]
  },

  // Only the server knows which of its scopes opens what.
  neededScopes: () => [],

  missingScopes: (asked, granted) => asked.filter((scope) => !ofTheSignIn.has(scope) && !granted.includes(scope)),

  tokenScopes: (consented) => [...consented],

  appScopes: () => [],

  // Such a token is for the server's own eyes.
  checkToken: () => {},
}

export function serverOf({ name, server }: Pick<Registration, 'name' | 'server'>): OAuthServer {
  if (server !== undefined) return server
  throw new GatewayError('registration_incomplete', 'needs-admin', {
    hint: 'operator',
    description: `The registration "${name}" does not say what to ask its server for.`,
    remedy: 'Save the registration again with issuer and scopes.',
  })
}

/**
 * Microsoft has a provider of its own, which knows its directories, scopes and refusals; its older endpoints issue
 * tokens for one resource by another grammar, which nothing here speaks (M-051).
 */
export function assertNotMicrosoft(places: Readonly<Record<string, string | undefined>>): void {
  for (const [field, url = ''] of Object.entries(places)) {
    if (!isMicrosoftSignIn(url)) continue
    const why = isMicrosoftV1(url)
      ? 'is an endpoint of version 1 of the Microsoft identity platform, which this gateway does not speak: use kind "microsoft", which signs in with version 2.0.'
      : 'belongs to Microsoft: use kind "microsoft", which knows its directories and permissions.'
    throw invalidInput(field, why)
  }
}
