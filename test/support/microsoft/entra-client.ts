/** The emulated Entra with a clock that tests move, used through MSAL and by bare requests. */
import { ConfidentialClientApplication, CryptoProvider, type INetworkModule } from '@azure/msal-node'
import { afterEach, beforeEach } from 'vitest'
import { demo, demoDirectory } from '../../../local/emulators/demo-directory.js'
import type { Directory } from '../../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../../local/emulators/entra/start-entra.js'

export const redirectUri = 'http://localhost:7071/api/oauth/callback'
export const scopes = ['https://graph.microsoft.com/Mail.ReadWrite', 'https://graph.microsoft.com/Mail.Send']
export const imapScope = 'https://outlook.office.com/IMAP.AccessAsUser.All'
export const microsoft = 'https://login.microsoftonline.com'

export const clock = { now: 0 }
export let directory: Directory
export let entra: Entra

/** Starts Entra over this directory. */
export async function serve(over: Directory): Promise<void> {
  entra = await startEntra({ directory: over })
}

/** The only thing that differs from production: the origin of Microsoft's sign-in is mapped to the emulator. */
export function networkClient(): INetworkModule {
  const call = async (url: string, init: RequestInit) => {
    const response = await fetch(url.replace(microsoft, entra.url), init)
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: (await response.json()) as never,
    }
  }
  return {
    sendGetRequestAsync: (url, options) => call(url, { headers: options?.headers ?? {} }),
    sendPostRequestAsync: (url, options) =>
      call(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' }),
  }
}

export const msal = (authority: string = demo.tenantId, auth: object = { clientSecret: demo.clientSecret }) =>
  new ConfidentialClientApplication({
    auth: { clientId: demo.clientId, authority: `${microsoft}/${authority}`, ...auth },
    system: { networkClient: networkClient() },
  })

export async function signIn(client = msal(), upn = 'ana@contoso.example', wanted = scopes) {
  const { verifier, challenge } = await new CryptoProvider().generatePkceCodes()
  const url = await client.getAuthCodeUrl({
    scopes: wanted,
    redirectUri,
    state: 's1',
    nonce: 'n1',
    codeChallenge: challenge,
    codeChallengeMethod: 'S256',
  })
  const { fields } = await entra.control.signInAs(url, upn)
  return { fields, redeem: { scopes: wanted, redirectUri, code: fields['code']!, codeVerifier: verifier, nonce: 'n1' } }
}

export const refreshTokenOf = (client: ConfidentialClientApplication): string => {
  const cache = JSON.parse(client.getTokenCache().serialize()) as { RefreshToken: Record<string, { secret: string }> }
  return Object.values(cache.RefreshToken)[0]!.secret
}

export const post = async (path: string, form: Record<string, string>, headers: Record<string, string> = {}) => {
  const response = await fetch(entra.url + path, { method: 'POST', body: new URLSearchParams(form), headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

export async function rawRefreshToken(upn: string, wanted = scopes): Promise<string> {
  const client = msal()
  const { redeem } = await signIn(client, upn, wanted)
  await client.acquireTokenByCode(redeem)
  return refreshTokenOf(client)
}

export const refresh = (token: string, more: Record<string, string> = {}) =>
  post(`/${demo.tenantId}/oauth2/v2.0/token`, {
    grant_type: 'refresh_token',
    client_id: demo.clientId,
    client_secret: demo.clientSecret,
    scope: `${scopes.join(' ')} offline_access`,
    refresh_token: token,
    ...more,
  })

/** A new directory and a new Entra for each test. */
export function useEntra(): void {
  beforeEach(async () => {
    clock.now = Date.now()
    directory = demoDirectory({ redirectUris: [redirectUri], now: () => clock.now, consentPolicy: 'legacy' })
    await serve(directory)
  })
  afterEach(() => entra.stop())
}
