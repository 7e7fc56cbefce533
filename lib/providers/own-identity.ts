import { GatewayError } from '../errors.js'
import type { OwnIdentity } from '../ports/own-identity.js'
import { Secret } from '../secret.js'

/** What `@azure/identity` gives; it keeps a token until it is due for a new one. */
interface TokenSource {
  getToken(scopes: string): Promise<{ token: string } | null>
}

/** `clientId`: of the user-assigned identity, by which Entra knows it; empty where the deployment has none. */
export function ownIdentity({ clientId, source }: { clientId: string; source: TokenSource }): OwnIdentity {
  return {
    async token(audience) {
      if (clientId === '') throw missing()
      let given: { token: string } | null
      try {
        given = await source.getToken(`${audience}/.default`)
      } catch (error) {
        throw unavailable(error)
      }
      if (given === null) throw unavailable(undefined)
      return new Secret(given.token)
    },
  }
}

function missing(): GatewayError {
  return new GatewayError('own_identity_missing', 'needs-admin', {
    hint: 'operator',
    description: 'The gateway runs without a user-assigned managed identity, so it cannot prove itself by one.',
    remedy:
      'Deploy it with its identity (AZURE_CLIENT_ID names it), or save the registration with a certificate or a client secret.',
  })
}

/** Nobody's fault as long as it passes: a person who acts on one missed token would find nothing to repair. */
function unavailable(cause: unknown): GatewayError {
  return new GatewayError('own_identity_unavailable', 'transient', {
    retryAfterMs: 30_000,
    description: "Azure gave no token of the gateway's managed identity.",
    remedy:
      'Nothing to do: the gateway retries. If it lasts, check that the identity that AZURE_CLIENT_ID names is assigned to the function app.',
    cause,
  })
}
