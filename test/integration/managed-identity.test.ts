/** A registration without any secret: the deployment's managed identity proves it, and every way in which that is refused. */
import { ManagedIdentityCredential } from '@azure/identity'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest'
import { microsoftProvider } from '../../lib/providers/microsoft.js'
import { networkClient } from '../../lib/providers/network-client.js'
import { ownIdentity } from '../../lib/providers/own-identity.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { identityHeader } from '../../local/emulators/entra/managed-identity.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { microsoftRegistration } from '../support/contracts/provider-subjects.js'
import { failure } from '../support/general/failure.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi } from '../support/http/api-call.js'
import { deploymentIdentity, federatedCredential, identityOf } from '../support/microsoft/deployment-identity.js'

const origin = 'https://login.microsoftonline.com'
let site: AdminSite
beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  site.entra.control.addIdentity(deploymentIdentity)
})
beforeEach(() => {
  app().secrets.length = 0
  app().federated.splice(0, app().federated.length, { ...federatedCredential })
})
afterEach(() => vi.unstubAllEnvs())
afterAll(() => site.stop())

const app = () => site.directory.app(demo.clientId)!
const registration = { ...microsoftRegistration, credential: 'managed-identity' as const }
const provider = (identity = identityOf(site.entra)) =>
  microsoftProvider({
    clock: { now: Date.now, sleep: async () => {} },
    network: networkClient({ origins: { [origin]: site.entra.url } }),
    identity,
  })
const tokenFor = (tenantId: string, identity = identityOf(site.entra)) =>
  provider(identity).appToken({
    registration,
    credential: undefined,
    scopes: ['https://graph.microsoft.com/.default'],
    tenantId,
  })

describe('M-144: the managed identity proves the application', () => {
  test('to its own directory and to those of customers, and no request carries a secret', async () => {
    const customer = site.directory.tenants.find(({ id }) => id !== demo.tenantId)!
    app().roles[customer.id] = ['Mail.ReadWrite']
    for (const tenantId of [demo.tenantId, customer.id])
      expect((await tokenFor(tenantId)).accessToken.reveal()).toMatch(/\S/)
    const sent = site.entra.control.requests.filter(({ path }) => path.endsWith('/token')).map(({ form }) => form)
    expect(sent.every((form) => !('client_secret' in form))).toBe(true)
    expect(sent.at(-1)).toMatchObject({ client_assertion: expect.stringMatching(/^eyJ/) })
  })

  test("Azure's own client asks the endpoint of the platform for the exchange's audience", async () => {
    vi.stubEnv('IDENTITY_ENDPOINT', `${site.entra.url}/msi/token`)
    vi.stubEnv('IDENTITY_HEADER', identityHeader)
    const { clientId } = deploymentIdentity
    const identity = ownIdentity({ clientId, source: new ManagedIdentityCredential({ clientId }) })
    expect((await tokenFor(demo.tenantId, identity)).accessToken.reveal()).toMatch(/\S/)
    const asked = site.entra.control.requests.findLast(({ path }) => path === '/msi/token')
    expect(asked?.query).toMatchObject({ resource: 'api://AzureADTokenExchange', client_id: clientId })
  })

  test.each<[string, number, () => void]>([
    ['an application of another directory', 700236, () => Object.assign(app(), { tenantId: demo.otherTenantId })],
    ['no federated credential', 70021, () => app().certificates.push('-') && app().federated.splice(0)],
    ['another issuer', 700211, () => Object.assign(app().federated[0]!, { issuer: `${origin}/x/v2.0` })],
    ['another subject', 700213, () => Object.assign(app().federated[0]!, { subject: deploymentIdentity.clientId })],
    ['another audience', 700212, () => Object.assign(app().federated[0]!, { audience: 'api://else' })],
  ])('%s: its own code, for the operator, with the cure', async (_, code, spoil) => {
    const { tenantId } = app()
    spoil()
    const error = await failure(tokenFor(demo.tenantId))
    expect(error).toMatchObject({ code: `aadsts_${code}`, class: 'needs-admin', hint: 'operator' })
    expect(error.remedy).toMatch(/federated credential|app registration/)
    Object.assign(app(), { tenantId, certificates: [], federated: [{ ...federatedCredential }] })
    // Negative control: as it should stand.
    await tokenFor(demo.tenantId)
  })

  test('a deployment without an identity says so; a platform that gives no token now is nobody’s fault', async () => {
    const source = { getToken: async () => null }
    expect(await failure(tokenFor(demo.tenantId, ownIdentity({ clientId: '', source })))).toMatchObject({
      code: 'own_identity_missing',
      class: 'needs-admin',
    })
    const none = ownIdentity({ clientId: deploymentIdentity.clientId, source })
    expect(await failure(tokenFor(demo.tenantId, none))).toMatchObject({ class: 'transient' })
    const unknown = identityOf(site.entra, 'nobody')
    expect(await failure(tokenFor(demo.tenantId, unknown))).toMatchObject({
      code: 'own_identity_unavailable',
      class: 'transient',
    })
  })
})

describe('M-144 SEC-17: who may save such a registration', () => {
  beforeEach(() => {
    app().secrets.push({ value: demo.clientSecret })
  })
  const { clientSecret: _, ...rest } = registrationInput
  const wanted = { ...rest, credential: 'managed-identity' }

  test("a tenant's administrator may not, neither a new one nor by changing one of an operator", async () => {
    const { id, key, registrationId } = await site.tenant('no-operator')
    const refused = { status: 403, json: { code: 'operators_only', problems: [{ field: 'credential' }] } }
    expect(await callApi('registrationCreate', { key, body: wanted })).toMatchObject(refused)
    const params = { id: registrationId }
    expect(await callApi('registrationSave', { key, params, body: wanted })).toMatchObject(refused)
    // As an operator saved it.
    const row = await site.tables.get(site.names.table('tenants'), id, `registration~${registrationId}`)
    await site.tables.upsert(site.names.table('tenants'), { ...row!, credential: 'managed-identity', secretName: '' })
    // Another application under the gateway's identity.
    const renamed = { ...rest, clientId: demo.publicClientId }
    expect(await callApi('registrationSave', { key, params, body: renamed })).toMatchObject(refused)
    // A credential of one's own is always possible.
    expect(await callApi('registrationSave', { key, params, body: registrationInput })).toMatchObject({ status: 200 })
  })

  test('here, without an identity, the operator hears why it was not saved', async () => {
    const { id } = await site.tenant('no-identity')
    const saving = site.gateway.admin.saveRegistration(
      { tenant: id, by: 'operator' },
      { ...rest, credential: 'managed-identity' },
    )
    expect(await failure(saving)).toMatchObject({
      code: 'registration_secret_refused',
      field: 'credential',
      description: expect.stringContaining('own_identity_missing'),
    })
  })
})
