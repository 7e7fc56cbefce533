/** The emulated Entra: what people of an organisation may consent to, and what a refresh token is good for. */
import { expect, test } from 'vitest'
import { demo } from '../../local/emulators/demo-directory.js'
import {
  clock,
  directory,
  entra,
  imapScope,
  msal,
  post,
  rawRefreshToken,
  refresh,
  signIn,
  useEntra,
} from '../support/microsoft/entra-client.js'

useEntra()

const graph = 'https://graph.microsoft.com'
const asked = {
  signIn: [`${graph}/User.Read`],
  send: [`${graph}/Mail.Send`, `${graph}/User.Read`],
  smtp: ['https://outlook.office.com/SMTP.Send'],
  read: [`${graph}/Mail.Read`],
  write: [`${graph}/Mail.ReadWrite`, `${graph}/Mail.Send`],
  shared: [`${graph}/Mail.ReadWrite.Shared`],
  imap: [imapScope],
}
const mayAlone: Record<'legacy' | 'low' | 'recommended' | 'none', (keyof typeof asked)[]> = {
  legacy: ['signIn', 'send', 'smtp', 'read', 'write', 'shared', 'imap'],
  recommended: ['signIn', 'send', 'smtp'],
  low: ['signIn'],
  none: [],
}

test.each(Object.keys(mayAlone) as (keyof typeof mayAlone)[])(
  'M-141: under the policy %s people consent to exactly what they may, an administrator to everything',
  async (policy) => {
    entra.control.setConsentPolicy({ tenant: 'contoso.example', policy })
    for (const [index, [kind, scopes]] of Object.entries(asked).entries()) {
      const upn = `person-${index}@contoso.example`
      directory.addUser({ upn })
      const { fields } = await signIn(msal(), upn, scopes)
      const may = mayAlone[policy].includes(kind as keyof typeof asked)
      expect('code' in fields, kind).toBe(may)
      if (!may) expect(fields).toMatchObject({ error: 'access_denied', error_subcode: 'cancel' })
      expect('code' in (await signIn(msal(), 'ana@contoso.example', scopes)).fields, kind).toBe(true)
    }
  },
)

test('M-141: an organisation that nobody changed has the policy that Microsoft recommends', async () => {
  delete directory.tenant('contoso.example')!.consentPolicy
  expect((await signIn(msal(), 'ben@contoso.example', asked.send)).fields).toHaveProperty('code')
  expect((await signIn(msal(), 'ben@contoso.example', asked.read)).fields).not.toHaveProperty('code')
})

test('M-141: where assignment is required others get AADSTS50105, and the assigned leave consent to administrators', async () => {
  const ben = 'ben@contoso.example'
  entra.control.setAccessPolicy({ tenant: 'contoso.example', assigned: [ben] })
  directory.addUser({ upn: 'kim@contoso.example' })
  const { fields } = await signIn(msal(), 'kim@contoso.example', asked.send)
  expect(fields['error_description']).toContain('AADSTS50105')
  expect((await signIn(msal(), ben, asked.send)).fields['error_description']).toContain('AADSTS65004')
  entra.control.grantConsent({ tenant: 'contoso.example', clientId: demo.clientId, scopes: asked.send })
  expect((await signIn(msal(), ben, asked.send)).fields).toHaveProperty('code')
  entra.control.setAccessPolicy({ tenant: 'contoso.example' })
  expect((await signIn(msal(), 'kim@contoso.example', asked.send)).fields).toHaveProperty('code')
})

test('M-141: conditional access refuses people whatever they ask for, also later, and no application', async () => {
  const token = await rawRefreshToken('ben@contoso.example')
  for (const conditionalAccess of [53003, 50076] as const) {
    entra.control.setAccessPolicy({ tenant: 'contoso.example', conditionalAccess })
    const client = msal()
    const { redeem } = await signIn(client, 'ana@contoso.example', asked.signIn)
    await expect(client.acquireTokenByCode(redeem)).rejects.toMatchObject({
      errorMessage: expect.stringContaining(`AADSTS${conditionalAccess}`),
    })
    expect((await refresh(token)).body).toMatchObject({ error_codes: [conditionalAccess] })
    const app = { grant_type: 'client_credentials', client_id: demo.clientId, client_secret: demo.clientSecret }
    const own = await post(`/${demo.tenantId}/oauth2/v2.0/token`, { ...app, scope: `${graph}/.default` })
    expect(own.status).toBe(200)
  }
  entra.control.setAccessPolicy({ tenant: 'contoso.example' })
  expect((await refresh(token)).status).toBe(200)
})

test('M-142: a refresh token serves what was consented to by now, later consents included, and nothing else', async () => {
  entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'recommended' })
  const token = await rawRefreshToken('ben@contoso.example', asked.send)
  const wider = { scope: asked.write.join(' ') }
  expect((await refresh(token, wider)).body).toMatchObject({ error: 'invalid_grant', error_codes: [65001] })
  entra.control.grantConsent({ tenant: 'contoso.example', clientId: demo.clientId, scopes: ['Mail.ReadWrite'] })
  const { body } = await refresh(token, wider)
  expect(body['scope']).toBe(asked.write.join(' '))
  expect(entra.verifyAccessToken(String(body['access_token']))?.scp).toBe('Mail.ReadWrite Mail.Send')
  for (const scope of [imapScope, `${graph}/Mail.ReadWrite.Shared`])
    expect((await refresh(token, { scope })).body, scope).toMatchObject({ error_codes: [65001] })
})

test('M-142: what is refused for lack of consent does not use the refresh token up', async () => {
  entra.control.setConsentPolicy({ tenant: 'contoso.example', policy: 'recommended' })
  entra.control.setRotation('strict')
  const token = await rawRefreshToken('ben@contoso.example', asked.send)
  expect((await refresh(token, { scope: `${graph}/Mail.Read` })).body).toMatchObject({ error_codes: [65001] })
  clock.now += 60_000
  expect((await refresh(token, { scope: `${graph}/Mail.Send` })).status).toBe(200)
  // The control: one that was used up.
  expect((await refresh(token, { scope: `${graph}/Mail.Send` })).body).toMatchObject({ error_codes: [50173] })
})
