import { translate } from '../../diagnosis/translate.js'
import { GatewayError } from '../../errors.js'
import { asGranted } from '../../model/transports.js'
import type { ProviderRules, SignInPlan, TokenSet } from '../../ports/provider.js'

/** Nothing usable is a refusal; less than asked for is a verdict about the direction that lacks its right. */
export function checkTokens(provider: ProviderRules, { receive, send, token }: SignInPlan, tokens: TokenSet): string {
  if (tokens.refreshToken === undefined)
    throw translate({ context: 'local', local: 'no_refresh_token', operation: 'connect' }, { status: 409 })
  const missing = provider.missingScopes(token, tokens.scopes)
  const isUsable = (needed: string[]): boolean => provider.missingScopes(needed, tokens.scopes).length === 0
  const mayReceive = receive !== undefined && isUsable(provider.neededScopes('receive', receive))
  const maySend = send !== undefined && isUsable(provider.neededScopes('send', asGranted(send, tokens.scopes)))
  if (!mayReceive && !maySend)
    throw new GatewayError('scopes_missing', 'needs-admin', {
      hint: 'tenant',
      description: `The account signed in, but these permissions were not granted: ${missing.join(', ')}.`,
      remedy: 'Sign in again and accept all permissions on the list, or ask an administrator to consent to them.',
    })
  return tokens.refreshToken.reveal()
}

/**
 * What later token requests may ask for: all that was consented to. An answer names the scopes of its own token only,
 * so it takes away what it was asked for and left out, and says nothing about the rest.
 */
export function consentedScopes(provider: ProviderRules, { consent, token }: SignInPlan, granted: string[]): string[] {
  const refused = token.filter((scope) => provider.missingScopes([scope], granted).length > 0)
  return consent.filter((scope) => !refused.includes(scope))
}
