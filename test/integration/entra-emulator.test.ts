import {
  ConfidentialClientApplication,
  CryptoProvider,
  type INetworkModule,
  PublicClientApplication,
} from '@azure/msal-node'
import { createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { demo, demoDirectory } from '../../local/emulators/demo-directory.js'
import { Directory } from '../../local/emulators/directory.js'
import { type Entra, startEntra } from '../../local/emulators/entra/start-entra.js'
import { memoryParts } from '../../local/emulators/parts.js'

const redirectUri = 'http://localhost:7071/api/oauth/callback'
const scopes = ['https://graph.microsoft.com/Mail.ReadWrite', 'https://graph.microsoft.com/Mail.Send']
const imapScope = 'https://outlook.office.com/IMAP.AccessAsUser.All'
const microsoft = 'https://login.microsoftonline.com'

let now = 0
let directory: Directory
let entra: Entra

beforeEach(async () => {
  now = Date.now()
  directory = demoDirectory({ redirectUris: [redirectUri], now: () => now })
  entra = await startEntra({ directory })
})
afterEach(() => entra.stop())

/** The only thing that differs from production: the origin of Microsoft's sign-in is mapped to the emulator. */
function networkClient(): INetworkModule {
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

const msal = (authority: string = demo.tenantId, auth: object = { clientSecret: demo.clientSecret }) =>
  new ConfidentialClientApplication({
    auth: { clientId: demo.clientId, authority: `${microsoft}/${authority}`, ...auth },
    system: { networkClient: networkClient() },
  })

async function signIn(client = msal(), upn = 'ana@contoso.example', wanted = scopes) {
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

const refreshTokenOf = (client: ConfidentialClientApplication): string => {
  const cache = JSON.parse(client.getTokenCache().serialize()) as { RefreshToken: Record<string, { secret: string }> }
  return Object.values(cache.RefreshToken)[0]!.secret
}

const post = async (path: string, form: Record<string, string>, headers: Record<string, string> = {}) => {
  const response = await fetch(entra.url + path, { method: 'POST', body: new URLSearchParams(form), headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  }
}

async function rawRefreshToken(upn: string, wanted = scopes): Promise<string> {
  const client = msal()
  const { redeem } = await signIn(client, upn, wanted)
  await client.acquireTokenByCode(redeem)
  return refreshTokenOf(client)
}

const refresh = (token: string, more: Record<string, string> = {}) =>
  post(`/${demo.tenantId}/oauth2/v2.0/token`, {
    grant_type: 'refresh_token',
    client_id: demo.clientId,
    client_secret: demo.clientSecret,
    scope: `${scopes.join(' ')} offline_access`,
    refresh_token: token,
    ...more,
  })

test('MSAL redeems a code with PKCE and gets a verifiable id token', async () => {
  const client = msal()
  const { fields, redeem } = await signIn(client)
  expect(fields['state']).toBe('s1')
  const result = await client.acquireTokenByCode(redeem)
  const ana = directory.user('ana@contoso.example')!
  expect(result).toMatchObject({ uniqueId: ana.oid, tenantId: demo.tenantId, scopes: expect.arrayContaining(scopes) })
  expect(result.account?.homeAccountId).toBe(`${ana.oid}.${demo.tenantId}`)

  const keys = createRemoteJWKSet(new URL(`${entra.url}/${demo.tenantId}/discovery/v2.0/keys`))
  const rules = { issuer: `${microsoft}/${demo.tenantId}/v2.0`, audience: demo.clientId }
  const { payload } = await jwtVerify(result.idToken, keys, rules)
  expect(payload).toMatchObject({ oid: ana.oid, nonce: 'n1', preferred_username: 'ana@contoso.example', ver: '2.0' })
  expect(entra.verifyAccessToken(result.accessToken)).toMatchObject({
    upn: 'ana@contoso.example',
    aud: 'https://graph.microsoft.com',
    scp: 'Mail.ReadWrite Mail.Send',
  })
})

test('a code works once, for its own verifier and redirect URI, and for ten minutes', async () => {
  const client = msal()
  const { redeem } = await signIn(client)
  const wrongVerifier = 'w'.repeat(43)
  await expect(client.acquireTokenByCode({ ...redeem, codeVerifier: wrongVerifier })).rejects.toMatchObject({
    errorCode: 'invalid_grant',
    errorNo: 501481,
  })
  const otherUri = `${redirectUri}/`
  await expect(client.acquireTokenByCode({ ...redeem, redirectUri: otherUri })).rejects.toMatchObject({
    errorNo: 500112,
  })
  await client.acquireTokenByCode(redeem)
  await expect(client.acquireTokenByCode(redeem)).rejects.toMatchObject({
    errorCode: 'invalid_grant',
    errorNo: 54005,
  })
  const late = await signIn(client)
  now += 601_000
  await expect(client.acquireTokenByCode(late.redeem)).rejects.toMatchObject({ errorNo: 70008 })
})

test('SEC-06: a missing or wrong verifier gets no token, and the method "plain" no code; the right one does', async () => {
  const client = msal()
  for (const codeVerifier of [undefined, '', 'w'.repeat(43)]) {
    const { redeem } = await signIn(client)
    const { codeVerifier: _, ...without } = redeem
    const asked = codeVerifier === undefined ? without : { ...without, codeVerifier }
    await expect(client.acquireTokenByCode(asked), String(codeVerifier)).rejects.toMatchObject({ errorNo: 501481 })
  }
  const { redeem } = await signIn(client)
  expect((await client.acquireTokenByCode(redeem)).accessToken).not.toBe('')
  const answerTo = async (method: string) => {
    const { challenge } = await new CryptoProvider().generatePkceCodes()
    const asked = { scopes, redirectUri, codeChallenge: challenge, codeChallengeMethod: method }
    const { fields } = await entra.control.signInAs(await client.getAuthCodeUrl(asked), 'ana@contoso.example')
    return Object.keys(fields)
  }
  expect(await answerTo('plain').catch((error: Error) => error.message)).not.toContain('code')
  expect(await answerTo('S256')).toContain('code')
})

test('an unregistered redirect URI is refused on a page, never redirected to', async () => {
  const query = new URLSearchParams({
    client_id: demo.clientId,
    redirect_uri: 'https://evil.example/cb',
    scope: 'openid',
    response_type: 'code',
  })
  const response = await fetch(`${entra.url}/common/oauth2/v2.0/authorize?${query}`, { redirect: 'manual' })
  expect(response.status).toBe(400)
  expect(response.headers.get('location')).toBeNull()
  expect(await response.text()).toContain('AADSTS50011')
})

test('the page works as a plain form, honours login_hint, and tells cancelling from declining', async () => {
  const url = await msal().getAuthCodeUrl({ scopes, redirectUri, state: '<s>', loginHint: 'ben@contoso.example' })
  const html = await (await fetch(url.replace(microsoft, entra.url))).text()
  expect(html.indexOf('Ben Okafor')).toBeLessThan(html.indexOf('Use another account'))
  expect(html).not.toContain('<s>')
  for (const [button, text] of [
    ['cancel', /^(?!.*AADSTS)/],
    ['decline', /^AADSTS65004/],
  ] as const) {
    const answer = await fetch(`${entra.url}/common/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ request: new URL(url).search.slice(1), [button]: '1' }),
    })
    const back = new URL(answer.headers.get('location')!)
    expect(back.origin + back.pathname).toBe(redirectUri)
    expect(Object.fromEntries(back.searchParams)).toMatchObject({
      error: 'access_denied',
      error_subcode: 'cancel',
      error_description: expect.stringMatching(text),
      state: '<s>',
    })
  }
})

test('form_post answers with a self-posting form that also has a button', async () => {
  const url = await msal().getAuthCodeUrl({ scopes, redirectUri, state: 's2', responseMode: 'form_post' })
  const answer = await entra.control.signInAs(url, 'ana@contoso.example')
  expect(answer).toMatchObject({ isForm: true, url: redirectUri, fields: { state: 's2' } })
  expect(answer.fields['code']).toBeTruthy()
})

test('prompt=none needs an earlier consent', async () => {
  const url = await msal().getAuthCodeUrl({ scopes, redirectUri, prompt: 'none', loginHint: 'ana@contoso.example' })
  const silent = () => entra.control.signInAs(url, 'ana@contoso.example')
  expect((await silent()).fields['error']).toBe('interaction_required')
  await signIn()
  expect((await silent()).fields['code']).toBeTruthy()
})

test('M-052: a single-tenant app on common is AADSTS50194', async () => {
  const query = new URLSearchParams({
    client_id: demo.singleTenantClientId,
    redirect_uri: redirectUri,
    scope: 'openid',
    response_type: 'code',
  })
  const onCommon = await fetch(`${entra.url}/common/oauth2/v2.0/authorize?${query}`)
  expect(await onCommon.text()).toContain('AADSTS50194')
  const onTenant = await fetch(`${entra.url}/contoso.example/oauth2/v2.0/authorize?${query}`)
  expect(onTenant.status).toBe(200)
})

test('a user of another tenant is refused at a tenant authority and welcome at common', async () => {
  const fay = 'fay@fabrikam.example'
  await expect(signIn(msal(), fay)).rejects.toThrow('AADSTS50020')
  const client = msal('common')
  const { redeem } = await signIn(client, fay)
  expect((await client.acquireTokenByCode(redeem)).tenantId).toBe(demo.otherTenantId)
})

test('offline_access gates the refresh token and openid the id token', async () => {
  const url = (scope: string) =>
    `${microsoft}/common/oauth2/v2.0/authorize?${new URLSearchParams({ client_id: demo.clientId, redirect_uri: redirectUri, response_type: 'code', scope })}`
  const redeem = async (scope: string) => {
    const { fields } = await entra.control.signInAs(url(scope), 'ana@contoso.example')
    const secret = { client_id: demo.clientId, client_secret: demo.clientSecret, redirect_uri: redirectUri }
    return (
      await post('/common/oauth2/v2.0/token', { grant_type: 'authorization_code', code: fields['code']!, ...secret })
    ).body
  }
  expect(Object.keys(await redeem('Mail.Read'))).not.toContain('refresh_token')
  const full = await redeem('openid offline_access Mail.Read')
  expect(full).toMatchObject({
    scope: 'Mail.Read openid',
    refresh_token: expect.any(String),
    id_token: expect.any(String),
  })
})

test('one refresh token gives tokens for Graph and for Outlook, but not both at once', async () => {
  const token = await rawRefreshToken('ana@contoso.example', [...scopes.slice(0, 1)])
  expect((await refresh(token, { scope: imapScope })).body).toMatchObject({
    error_codes: [65001],
    suberror: 'consent_required',
  })
  const url = await msal().getAuthCodeUrl({ scopes: [...scopes, imapScope], redirectUri })
  await entra.control.signInAs(url, 'ana@contoso.example')
  const outlook = await refresh(token, { scope: imapScope })
  expect(entra.verifyAccessToken(outlook.body['access_token'] as string)).toMatchObject({
    aud: 'https://outlook.office.com',
  })
  expect((await refresh(token, { scope: `${scopes[0]} ${imapScope}` })).body).toMatchObject({ error_codes: [28000] })
})

test('overlap: an old refresh token stays valid; strict: re-use kills the family and is counted', async () => {
  const first = await rawRefreshToken('ana@contoso.example')
  const second = (await refresh(first)).body['refresh_token'] as string
  expect(second).not.toBe(first)
  expect((await refresh(first)).status).toBe(200)
  expect(entra.control.counters.reuseEvents).toBe(0)

  entra.control.setRotation('strict')
  const fresh = await rawRefreshToken('ben@contoso.example')
  const rotated = (await refresh(fresh)).body['refresh_token'] as string
  const reused = await refresh(fresh)
  expect(reused).toMatchObject({ status: 400, body: { error: 'invalid_grant', error_codes: [50173] } })
  expect((await refresh(rotated)).status).toBe(400)
  expect(entra.control.counters.reuseEvents).toBe(1)
})

test('grace: the previous refresh token works for 30 seconds more', async () => {
  entra.control.setRotation('grace')
  const first = await rawRefreshToken('ana@contoso.example')
  await refresh(first)
  now += 29_000
  expect((await refresh(first)).status).toBe(200)
  now += 2_000
  expect((await refresh(first)).status).toBe(400)
})

test('M-083: 50 strict rotations through the MSAL cache', async () => {
  entra.control.setRotation('strict')
  const client = msal()
  const { redeem } = await signIn(client)
  const { account } = await client.acquireTokenByCode(redeem)
  const seen = new Set<string>()
  for (let i = 0; i < 50; i++) {
    await client.acquireTokenSilent({ account: account!, scopes, forceRefresh: true })
    seen.add(refreshTokenOf(client))
  }
  expect(seen.size).toBe(50)
  expect(entra.control.counters).toMatchObject({ reuseEvents: 0, tokenCalls: { refresh_token: 50 } })
})

test('MSAL sees a revoked user, a withdrawn consent and an expired secret for what they are', async () => {
  const client = msal()
  const { redeem } = await signIn(client)
  const { account } = await client.acquireTokenByCode(redeem)
  const again = (c = client) => c.acquireTokenSilent({ account: account!, scopes, forceRefresh: true })
  entra.control.withdrawConsent('ana@contoso.example')
  await expect(again()).rejects.toMatchObject({ errorCode: 'invalid_grant', subError: 'consent_required' })
  entra.control.revoke('ana@contoso.example')
  await expect(again()).rejects.toMatchObject({ errorCode: 'invalid_grant', errorNo: 50173 })
  entra.control.expireSecret(demo.clientId)
  await expect(again()).rejects.toMatchObject({ errorCode: 'invalid_client', errorNo: 7000222 })
})

test.each([
  ['revoked', 50173],
  ['consent', 65001],
  ['mfa', 50076],
  ['expired', 700082],
])('%s@ signs in, but its refresh answers AADSTS%i', async (name, aadsts) => {
  const token = await rawRefreshToken(`${name}@contoso.example`)
  expect((await refresh(token)).body).toMatchObject({ error: 'invalid_grant', error_codes: [aadsts] })
})

test('adminconsent@ is sent back with AADSTS90094 until an administrator consented; blocked@ gets no token', async () => {
  const { fields } = await signIn(msal(), 'adminconsent@contoso.example')
  expect(fields).toMatchObject({ error: 'access_denied', error_description: expect.stringContaining('AADSTS90094') })
  const request = new URLSearchParams({
    client_id: demo.clientId,
    redirect_uri: redirectUri,
    state: 'a1',
    scope: 'https://graph.microsoft.com/.default',
  })
  const path = `${entra.url}/organizations/v2.0/adminconsent`
  expect(await (await fetch(`${path}?${request}`)).text()).toContain('Accept for Contoso')
  const body = new URLSearchParams({ request: request.toString(), tenant: demo.tenantId })
  const back = await fetch(path, { method: 'POST', body, redirect: 'manual' })
  expect(back.headers.get('location')).toContain(`tenant=${demo.tenantId}`)
  expect((await signIn(msal(), 'adminconsent@contoso.example')).fields['code']).toBeTruthy()

  const client = msal()
  const { redeem } = await signIn(client, 'blocked@contoso.example')
  await expect(client.acquireTokenByCode(redeem)).rejects.toMatchObject({ errorNo: 53003 })
})

test('N6: an account that loses its grant lets a client renew soon, in place of an hour of nothing', async () => {
  const lifetime = async (upn: string): Promise<number> => {
    const client = msal()
    const { redeem } = await signIn(client, upn)
    const { accessToken } = await client.acquireTokenByCode(redeem)
    const { exp, iat } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
    return exp - iat
  }
  for (const name of ['revoked', 'consent', 'mfa', 'expired'])
    expect(await lifetime(`${name}@contoso.example`), name).toBe(330)
  expect(await lifetime('ana@contoso.example')).toBe(3599)
})

test('client credentials: a token with roles for one named tenant', async () => {
  const result = await msal().acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] })
  const claims = entra.verifyAccessToken(result!.accessToken)
  expect(claims).toMatchObject({ tid: demo.tenantId, roles: ['Mail.ReadWrite', 'Mail.Send', 'User.Read.All'] })
  expect(claims?.upn).toBeUndefined()
  const form = { grant_type: 'client_credentials', client_id: demo.clientId, client_secret: demo.clientSecret }
  expect(
    (await post('/common/oauth2/v2.0/token', { ...form, scope: 'https://graph.microsoft.com/.default' })).status,
  ).toBe(400)
  expect((await post(`/${demo.tenantId}/oauth2/v2.0/token`, { ...form, scope: scopes[0]! })).body['error']).toBe(
    'invalid_scope',
  )
})

test('M-029: without consent in a tenant there is no token for the application; with it there is one', async () => {
  const request = {
    grant_type: 'client_credentials',
    client_id: demo.clientId,
    client_secret: demo.clientSecret,
    scope: 'https://graph.microsoft.com/.default',
  }
  const token = () => post(`/${demo.otherTenantId}/oauth2/v2.0/token`, request)
  expect((await token()).body).toMatchObject({ error: 'unauthorized_client', error_codes: [7000229] })
  const allow = async (scope: string, decision: Record<string, string>) => {
    const asked = new URLSearchParams({ client_id: demo.clientId, redirect_uri: redirectUri, state: 'a', scope })
    const path = `${entra.url}/organizations/v2.0/adminconsent`
    const body = new URLSearchParams({ request: asked.toString(), ...decision })
    const back = await fetch(path, { method: 'POST', body, redirect: 'manual' })
    return Object.fromEntries(new URL(back.headers.get('location')!).searchParams)
  }
  expect(await allow(request.scope, { cancel: '1' })).toMatchObject({ error: 'access_denied', admin_consent: 'True' })
  // Permissions for people give the application itself nothing.
  await allow('https://graph.microsoft.com/Mail.Send', { tenant: demo.otherTenantId })
  expect((await token()).status).toBe(400)
  const given = await allow(request.scope, { tenant: demo.otherTenantId })
  expect(given).toMatchObject({ admin_consent: 'True', tenant: demo.otherTenantId, state: 'a' })
  const { body } = await token()
  expect(entra.verifyAccessToken(String(body['access_token']))).toMatchObject({
    tid: demo.otherTenantId,
    roles: expect.arrayContaining(['Mail.ReadWrite', 'Mail.Send']),
  })
})

test('wrong secret, missing secret, and a public client with a secret are refused', async () => {
  const token = await rawRefreshToken('ana@contoso.example')
  expect(await refresh(token, { client_secret: 'wrong' })).toMatchObject({
    status: 401,
    body: { error_codes: [7000215] },
  })
  expect(await refresh(token, { client_secret: '' })).toMatchObject({ status: 401, body: { error_codes: [7000218] } })
  expect(await refresh(token, { client_id: demo.publicClientId })).toMatchObject({ body: { error_codes: [700025] } })
})

test('a public client redeems with PKCE alone', async () => {
  const client = new PublicClientApplication({
    auth: { clientId: demo.publicClientId, authority: `${microsoft}/common` },
    system: { networkClient: networkClient() },
  })
  const { redeem } = await signIn(client as unknown as ConfidentialClientApplication)
  expect((await client.acquireTokenByCode(redeem)).account?.username).toBe('ana@contoso.example')
})

test('a client assertion counts when its key is registered, and only then', async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const assertion = (tokenEndpoint: string) =>
    new SignJWT({ iss: demo.clientId, sub: demo.clientId, aud: tokenEndpoint, jti: 'j1' })
      .setProtectedHeader({ alg: 'RS256' })
      .setExpirationTime('5 minutes')
      .sign(privateKey)
  const ask = () =>
    msal(demo.tenantId, {
      clientAssertion: async (c: { tokenEndpoint?: string }) => assertion(c.tokenEndpoint!),
    }).acquireTokenByClientCredential({ scopes: ['https://graph.microsoft.com/.default'] })
  await expect(ask()).rejects.toMatchObject({ errorNo: 700027 })
  directory.app(demo.clientId)!.certificates.push({ ...(await exportJWK(publicKey)) })
  expect((await ask())!.accessToken).toBeTruthy()
})

test('ordered faults: 429 in seconds and as a date, 503, HTML, and an answer lost after the rotation', async () => {
  const token = await rawRefreshToken('ana@contoso.example')
  entra.control.fail({ kind: 'refresh_token', user: 'ana@contoso.example', status: 429, retryAfter: 7 })
  expect((await refresh(token)).headers.get('retry-after')).toBe('7')
  entra.control.fail({ status: 429, retryAfterDate: 60 })
  const dated = await refresh(token)
  expect(Date.parse(dated.headers.get('retry-after')!)).toBeGreaterThan(now)
  entra.control.fail({ status: 503 })
  expect((await refresh(token)).status).toBe(503)

  entra.control.setRotation('strict')
  entra.control.fail({ name: 'drop-after' })
  await expect(refresh(token)).rejects.toThrow()
  expect((await refresh(token)).status).toBe(400)
  expect(entra.control.counters.reuseEvents).toBe(1)
})

test('the control endpoint does what the control object does, and the log keeps whole forms', async () => {
  const order = { setRotation: 'strict', fail: { status: 500 } }
  await fetch(`${entra.url}/__control`, { method: 'POST', body: JSON.stringify(order) })
  expect((await refresh('x')).status).toBe(500)
  const state = (await (await fetch(`${entra.url}/__control?requests`)).json()) as {
    counters: object
    requests: object[]
  }
  expect(state.counters).toMatchObject({ tokenCalls: { refresh_token: 1 } })
  expect(state.requests).toContainEqual(
    expect.objectContaining({ form: expect.objectContaining({ refresh_token: 'x' }) }),
  )
})

test('introspection tells mail servers about a token, until it expires or is revoked', async () => {
  const token = await rawRefreshToken('ana@contoso.example')
  const access = (await refresh(token)).body['access_token'] as string
  const introspect = async (t: string) => (await post('/introspect', { token: t })).body
  expect(await introspect(access)).toMatchObject({ active: 'true', username: 'ana@contoso.example' })
  const forged = `${access.slice(0, -8)}AAAAAAAA`
  expect(await introspect(forged)).toEqual({ active: 'false' })
  entra.control.revoke({ upn: 'ana@contoso.example', accessTokens: true })
  expect(await introspect(access)).toEqual({ active: 'false' })
})

test('refresh tokens and the signing key survive a snapshot', async () => {
  const token = await rawRefreshToken('ana@contoso.example')
  directory.deliver('ana@contoso.example', 'Subject: kept\r\n\r\nbytes \xff')
  const copy = new Directory(() => now)
  const parts = memoryParts()
  copy.restore(JSON.parse(JSON.stringify(directory.snapshot(parts))), parts)
  await entra.stop()
  entra = await startEntra({ directory: copy })
  expect((await refresh(token)).status).toBe(200)
  const [mail] = copy.mailbox(copy.user('ana@contoso.example')!).messages.values()
  expect(mail?.raw.toString()).toContain('Subject: kept')
})

test('T9: a default organisation of today lets people send and not read; who may not consent asks, or goes back', async () => {
  const lea = 'lea@litware.example'
  const graph = 'https://graph.microsoft.com'
  const allowed = [`${graph}/Mail.Send`, `${graph}/User.Read`, 'https://outlook.office.com/SMTP.Send', 'offline_access']
  expect((await signIn(msal('organizations'), lea, allowed)).fields['code']).toBeTruthy()
  for (const scope of [`${graph}/Mail.Read`, `${graph}/Mail.ReadWrite`, `${graph}/Mail.ReadWrite.Shared`, imapScope]) {
    const { fields } = await signIn(msal('organizations'), lea, [scope])
    expect(fields, scope).toMatchObject({
      error: 'access_denied',
      error_description: expect.stringContaining('AADSTS90095'),
    })
  }
  expect(directory.consentRequests).toHaveLength(4)
  // Without the request workflow the page at Microsoft leads nowhere but back.
  entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'recommended' })
  expect((await signIn(msal('organizations'), lea)).fields).toMatchObject({
    error: 'access_denied',
    error_subcode: 'cancel',
    error_description: expect.stringContaining('AADSTS65004'),
  })
  expect(directory.consentRequests).toHaveLength(4)
  entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'none' })
  expect(
    (await signIn(msal('organizations'), lea, ['https://graph.microsoft.com/Mail.Send'])).fields['code'],
  ).toBeTruthy()
  expect((await signIn(msal('organizations'), lea, ['https://graph.microsoft.com/Mail.Read'])).fields['error']).toBe(
    'access_denied',
  )
  // The control: an organisation that allows everything, and an administrator's consent.
  entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'legacy' })
  expect((await signIn(msal('organizations'), lea)).fields['code']).toBeTruthy()
  entra.control.withdrawConsent(lea)
  entra.control.setConsentPolicy({ tenant: 'litware.example', policy: 'recommended', requests: true })
  directory.consents.set(`${demo.clientId} tenant:${demo.defaultTenantId}`, new Set(['*']))
  expect((await signIn(msal('organizations'), lea)).fields['code']).toBeTruthy()
})

test('T9: unassigned@ is refused with AADSTS50105, riskyapp@ with AADSTS900941', async () => {
  expect((await signIn(msal(), 'unassigned@contoso.example')).fields).toMatchObject({
    error: 'interaction_required',
    error_description: expect.stringContaining('AADSTS50105'),
  })
  expect((await signIn(msal(), 'riskyapp@contoso.example')).fields).toMatchObject({
    error: 'access_denied',
    error_description: expect.stringContaining('AADSTS900941'),
  })
})
