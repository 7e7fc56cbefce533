/** The emulated Entra: refusals and faults by address and on order, its control endpoint and its snapshots. */
import { expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import { Directory } from '../../local/emulators/directory.js'
import { memoryParts } from '../../local/emulators/parts.js'
import {
  clock,
  directory,
  entra,
  imapScope,
  msal,
  post,
  rawRefreshToken,
  redirectUri,
  refresh,
  serve,
  signIn,
  useEntra,
} from '../support/microsoft/entra-client.js'

useEntra()

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

test('ordered faults: 429 in seconds and as a date, 503, HTML, and an answer lost after the rotation', async () => {
  const token = await rawRefreshToken('ana@contoso.example')
  entra.control.fail({ kind: 'refresh_token', user: 'ana@contoso.example', status: 429, retryAfter: 7 })
  expect((await refresh(token)).headers.get('retry-after')).toBe('7')
  entra.control.fail({ status: 429, retryAfterDate: 60 })
  const dated = await refresh(token)
  expect(Date.parse(dated.headers.get('retry-after')!)).toBeGreaterThan(clock.now)
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
  const copy = new Directory(() => clock.now)
  const parts = memoryParts()
  copy.restore(JSON.parse(JSON.stringify(directory.snapshot(parts))), parts)
  await entra.stop()
  await serve(copy)
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
