/** The emulated Entra: tokens, their rotation, and how clients prove who they are. */
import { type ConfidentialClientApplication, PublicClientApplication } from '@azure/msal-node'
import { expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  clock,
  entra,
  imapScope,
  microsoft,
  msal,
  networkClient,
  post,
  rawRefreshToken,
  redirectUri,
  refresh,
  refreshTokenOf,
  scopes,
  signIn,
  useEntra,
} from '../support/microsoft/entra-client.js'

useEntra()

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
  clock.now += 29_000
  expect((await refresh(first)).status).toBe(200)
  clock.now += 2_000
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
