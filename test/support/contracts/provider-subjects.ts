/** The providers that the provider contract runs against, each with an emulator of its own. */
import type { NetworkRequestOptions } from '@azure/msal-node'
import type { CredentialKind } from '../../../lib/model/credential.js'
import type { Registration } from '../../../lib/model/registration.js'
import { keyPairText, readKeyPair } from '../../../lib/protocol/key-pair.js'
import { microsoftProvider } from '../../../lib/providers/microsoft.js'
import { microsoftRules } from '../../../lib/providers/microsoft-rules.js'
import { networkClient } from '../../../lib/providers/network-client.js'
import { Secret } from '../../../lib/secret.js'
import { type CloudName, clouds } from '../../../local/emulators/clouds.js'
import { demo, demoDirectory } from '../../../local/emulators/demo-directory.js'
import { startEntra } from '../../../local/emulators/entra/start-entra.js'
import { startGraph } from '../../../local/emulators/graph/start-graph.js'
import { clientCertificate } from '../microsoft/client-certificate.js'
import { deploymentIdentity, federatedCredential, identityOf } from '../microsoft/deployment-identity.js'
import { oauthServerSubject, oidcProviderSubject } from './oauth-subjects.js'
import { type ProviderSubject, wishOf } from './provider-subject.js'

export const microsoft = 'https://login.microsoftonline.com'
export const redirectUri = 'http://localhost:7071/api/oauth/callback'

/** Of the emulated Entra, for people of any organisation. */
export const microsoftRegistration: Registration = {
  id: 'r1',
  name: 'Test',
  tenant: '~',
  kind: 'microsoft',
  authority: `${microsoft}/organizations`,
  clientId: demo.clientId,
  credential: 'secret',
  secretName: 's',
  redirectUri,
}

async function microsoftSubject(
  kind: Exclude<CredentialKind, 'none'>,
  name: CloudName = 'global',
): Promise<ProviderSubject> {
  const cloud = clouds[name]
  const now = Date.now()
  const clock = { now: () => now, sleep: async () => {} }
  const directory = demoDirectory({ redirectUris: [redirectUri], now: clock.now, consentPolicy: 'legacy' })
  const entra = await startEntra({ directory, cloud: name })
  const graph = await startGraph({ directory, entra, cloud: name })
  const wire = networkClient({ origins: { [cloud.login]: entra.url, [cloud.graph]: graph.url } })
  const authority = `${cloud.login}/organizations`
  const registration: Registration = { ...microsoftRegistration, authority, credential: kind }
  const app = directory.app(demo.clientId)!
  const { certificate: otherCertificate } = await clientCertificate({ which: 'another' })
  const prove: Record<typeof kind, () => Promise<Secret | undefined>> = {
    secret: async () => new Secret(demo.clientSecret),
    'private-key': async () => {
      const pair = await clientCertificate()
      app.secrets.length = 0
      app.certificates.push(pair.certificate)
      return keyPairText(readKeyPair(pair, now))
    },
    'managed-identity': async () => {
      app.secrets.length = 0
      app.federated.push({
        ...federatedCredential,
        issuer: `${cloud.login}/${demo.tenantId}/v2.0`,
        audience: cloud.exchange,
      })
      entra.control.addIdentity(deploymentIdentity)
      return undefined
    },
  }
  const credential = await prove[kind]()
  const identity = identityOf(entra)
  const username = 'ana@contoso.example'
  return {
    provider: microsoftProvider({ clock, network: wire, identity }),
    changing: (change) =>
      microsoftProvider({
        clock,
        identity,
        network: {
          ...wire,
          sendPostRequestAsync: async <T>(url: string, options?: NetworkRequestOptions) => {
            const answer = await wire.sendPostRequestAsync<T>(url, options)
            change(answer.body as Record<string, unknown>)
            return answer
          },
        },
      }),
    clients: {
      secret: { registration, credential },
      public: {
        registration: { ...registration, clientId: demo.publicClientId, credential: 'none' },
        credential: undefined,
      },
    },
    scopes: microsoftRules.plan(wishOf(username)).token,
    given: { directory: 'Organizations', cloud: name },
    username,
    alias: 'ana@contoso.example',
    issuer: `${cloud.login}/${demo.tenantId}/v2.0`,
    now: clock.now,
    signIn: async (url) => (await entra.control.signInAs(url, username)).fields,
    rotateStrictly: () => entra.control.setRotation('strict'),
    revoke: () => entra.control.revoke(username),
    expireSecret: () => {
      entra.control.expireSecret(demo.clientId)
      app.federated.length = 0
      // One that signs nothing here, so that the application is no public client.
      app.certificates.splice(0, app.certificates.length, ...(kind === 'secret' ? [] : [otherCertificate]))
    },
    fail: (fault) => entra.control.fail({ kind: 'token', ...fault }),
    tokenRequests: () => entra.control.requests.filter(({ path }) => path.endsWith('/token')).map(({ form }) => form),
    async stop() {
      await graph.stop()
      await entra.stop()
    },
  }
}

/** By the names that people know them by. */
export const providerSubjects: Record<string, () => Promise<ProviderSubject>> = {
  Microsoft: () => microsoftSubject('secret'),
  'Microsoft by certificate': () => microsoftSubject('private-key'),
  'Microsoft by managed identity': () => microsoftSubject('managed-identity'),
  'Microsoft for the US Government': () => microsoftSubject('managed-identity', 'us-government'),
  'Microsoft in China': () => microsoftSubject('private-key', 'china'),
  'an OAuth 2.0 server': oauthServerSubject,
  'oidc-provider': oidcProviderSubject,
}
