import type { Registration } from '../../../lib/model/registration.js'
import type { Authority } from '../../../lib/ports/authority.js'
import type { Clock } from '../../../lib/ports/clock.js'
import type { Provider, TokenSet } from '../../../lib/ports/provider.js'
import type { Toolbox } from '../../../lib/ports/toolbox.js'
import { newPkce } from '../../../lib/protocol/pkce.js'
import { microsoftProvider } from '../../../lib/providers/microsoft.js'
import { mailScopes } from '../../../lib/providers/microsoft-scopes.js'
import { networkClient } from '../../../lib/providers/network-client.js'
import { Secret } from '../../../lib/secret.js'
import { demo, demoDirectory } from '../../../local/emulators/demo-directory.js'
import type { Directory } from '../../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../../local/emulators/entra/start-entra.js'
import { type Graph, startGraph } from '../../../local/emulators/graph/start-graph.js'

const redirectUri = 'http://localhost:7071/api/oauth/callback'
const microsoft = 'https://login.microsoftonline.com'

export const demoRegistration: Registration = {
  id: 'demo',
  name: 'Demo',
  tenant: '~',
  kind: 'microsoft',
  authority: `${microsoft}/organizations`,
  clientId: demo.clientId,
  credential: 'secret',
  secretName: 'demo-secret',
  redirectUri,
}
export const demoCredential = new Secret(demo.clientSecret)

/** Stores the demo registration and its secret, for connections with the registration `demo`. */
export async function registerDemo(
  { names, tables, vault }: Pick<Toolbox, 'names' | 'tables' | 'vault'>,
  { credential = demoCredential, secretExpiresAt }: { credential?: Secret; secretExpiresAt?: string } = {},
): Promise<void> {
  const { id, tenant: partitionKey, name, kind, authority, clientId, secretName } = demoRegistration
  const secretVersion = await vault.set(secretName, credential)
  const columns = { v: 1, name, kind, authority, clientId, secretName, secretVersion, generation: 1 }
  await tables.upsert(names.table('tenants'), {
    ...{ partitionKey, rowKey: `registration~${id}`, ...columns },
    ...(secretExpiresAt && { secretExpiresAt }),
  })
}

/** The emulated Microsoft 365 with one clock, and people who sign in. */
export interface Microsoft365 {
  directory: Directory
  entra: Entra
  graph: Graph
  provider: Provider
  /** Options of the Graph transports. */
  origins: Record<string, string>
  /** Agrees to `consent` and redeems for `scopes`, those of one resource. */
  signIn(upn: string, scopes?: string[], consent?: string[]): Promise<TokenSet>
  /** A bearer authority for Graph; `renewals` counts how often a new token was asked for. */
  authority(upn: string, shared?: boolean, scopes?: string[]): Promise<Authority & { kind: 'bearer'; renewals: number }>
  stop(): Promise<void>
}

export async function startMicrosoft365(clock: Pick<Clock, 'now'> = { now: Date.now }): Promise<Microsoft365> {
  const now = () => clock.now()
  const directory = demoDirectory({ redirectUris: [redirectUri], now, consentPolicy: 'legacy' })
  const entra = await startEntra({ directory })
  const graph = await startGraph({ directory, entra })
  const network = networkClient({ origins: { [microsoft]: entra.url } })
  const provider = microsoftProvider({ clock: { now, sleep: async () => {} }, network })

  const signIn: Microsoft365['signIn'] = async (upn, scopes = graphScopes(), consent = scopes) => {
    const { verifier, challenge } = newPkce()
    const asked = { registration: demoRegistration, scopes: consent, state: 's', nonce: 'n', codeChallenge: challenge }
    const url = await provider.authorizeUrl({ ...asked, loginHint: upn, responseMode: 'query' })
    const { fields } = await entra.control.signInAs(url, upn)
    return provider.redeem({
      registration: demoRegistration,
      credential: demoCredential,
      scopes,
      code: new Secret(fields['code'] ?? ''),
      codeVerifier: new Secret(verifier),
      nonce: 'n',
    })
  }
  return {
    directory,
    entra,
    graph,
    provider,
    origins: { 'https://graph.microsoft.com': graph.url, 'https://outlook.office.com': graph.url },
    signIn,
    async authority(
      upn,
      shared = false,
      scopes = mailScopes({ receive: 'graph', send: 'graph', shared }).token('graph'),
    ) {
      let tokens = await signIn(upn, scopes)
      const authority = {
        kind: 'bearer' as const,
        user: upn,
        renewals: 0,
        async token(options?: { renew?: boolean }) {
          if (options?.renew) {
            authority.renewals += 1
            tokens = await provider.refresh({
              registration: demoRegistration,
              credential: demoCredential,
              scopes,
              refreshToken: tokens.refreshToken!,
            })
          }
          return tokens.accessToken
        },
      }
      return authority
    },
    async stop() {
      await graph.stop()
      await entra.stop()
    },
  }
}

export const graphScopes = (): string[] => mailScopes({ receive: 'graph', send: 'graph' }).token('graph')
