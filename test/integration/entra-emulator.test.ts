/** The emulated Entra: its pages, codes, and who may sign in where. */
import { CryptoProvider } from '@azure/msal-node'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  clock,
  directory,
  entra,
  microsoft,
  msal,
  post,
  redirectUri,
  scopes,
  signIn,
  useEntra,
} from '../support/microsoft/entra-client.js'

useEntra()

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
  clock.now += 601_000
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
