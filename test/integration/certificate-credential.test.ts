/** A registration that proves itself by key and certificate instead of a secret: saved, used, shown, replaced, taken back. */
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import { consoleRegistrationSecret } from '../../functions/console-registration-secret.js'
import { everyRow } from '../../lib/model/page.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { consoleVisitor } from '../support/console/console-visitor.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi } from '../support/http/api-call.js'
import { type ClientCertificate, clientCertificate } from '../support/microsoft/client-certificate.js'

let site: AdminSite
let own: ClientCertificate
let other: ClientCertificate
beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
  own = await clientCertificate()
  other = await clientCertificate({ which: 'another' })
})
beforeEach(() => {
  app().certificates.length = 0
  app().certificates.push(own.certificate)
})
afterAll(() => site.stop())

const app = () => site.directory.app(demo.clientId)!
const cards = (tenant: string) => everyRow((page) => site.gateway.ops.listAttention(tenant, page), 'attention')
const { clientSecret: _, ...withoutSecret } = registrationInput
const thumbprintOf = ({ certificate }: ClientCertificate) =>
  new X509Certificate(certificate).fingerprint.replaceAll(':', '').toLowerCase()
const bodies = ({ privateKey }: ClientCertificate) => privateKey.split('\n').filter((line) => line.length === 64)

test('M-075 M-082: key and certificate replace the secret; shown are kind, thumbprint and the end that the certificate says', async () => {
  const { id, key, registrationId } = await site.tenant('by-certificate')
  const params = { id: registrationId }
  const saved = await callApi('registrationSave', { key, params, body: { ...withoutSecret, ...own } })
  expect(saved).toMatchObject({
    status: 200,
    json: {
      credential: 'private-key',
      secretFingerprint: thumbprintOf(own).slice(0, 12),
      secretExpiresAt: new Date(new X509Certificate(own.certificate).validTo).toISOString(),
    },
  })
  const listed = await callApi('registrationList', { key })
  expect(listed.json.registrations[0]).toMatchObject({ credential: 'private-key' })
  for (const line of bodies(own)) expect(JSON.stringify([saved.json, listed.json])).not.toContain(line)

  app().secrets.length = 0
  const { connectionId } = await site.mailbox(id)
  const forms = site.entra.control.requests.filter(({ path }) => path.endsWith('/token')).map(({ form }) => form)
  expect(forms.at(-1)).toHaveProperty('client_assertion')
  expect(forms.at(-1)).not.toHaveProperty('client_secret')
  app().secrets.push({ value: demo.clientSecret })

  const { connections } = (await callApi('connectionList', { key })).json
  expect(connections).toMatchObject([{ id: connectionId, state: 'connected', projectedDeath: { why: 'unused' } }])
  // What changes something else leaves the key as it is.
  const renamed = await callApi('registrationSave', { key, params, body: { ...withoutSecret, name: 'Renamed' } })
  expect(renamed.json).toMatchObject({ credential: 'private-key', secretFingerprint: thumbprintOf(own).slice(0, 12) })
})

test('M-075: a certificate that the directory does not know is refused with its code, and nothing is saved', async () => {
  const { key, registrationId } = await site.tenant('wrong-certificate')
  const body = { ...withoutSecret, directory: demo.tenantId, ...other }
  const refused = await callApi('registrationSave', { key, params: { id: registrationId }, body })
  expect(refused).toMatchObject({
    status: 422,
    json: { code: 'registration_secret_refused', problems: [{ field: 'certificate' }] },
  })
  expect(refused.json.title).toContain('aadsts_700027')
  for (const line of bodies(other)) expect(JSON.stringify(refused.json)).not.toContain(line)
  const [kept] = (await callApi('registrationList', { key })).json.registrations
  expect(kept).toMatchObject({ credential: 'secret' })
  // Negative control: the one that is uploaded there.
  const accepted = { ...body, ...own }
  expect(await callApi('registrationSave', { key, params: { id: registrationId }, body: accepted })).toMatchObject({
    status: 200,
    json: { credentialTried: 'accepted' },
  })
})

test('M-075: what does not go together is named', async () => {
  const { key } = await site.tenant('not-together')
  const create = (more: object) => callApi('registrationCreate', { key, body: { ...withoutSecret, ...more } })
  for (const [more, field] of [
    [{ privateKey: own.privateKey }, 'certificate'],
    [{ certificate: own.certificate }, 'privateKey'],
    [{ ...own, clientSecret: 'x' }, 'clientSecret'],
    [{ ...own, clientSecretExpiresAt: '2027-01-31T08:00:00Z' }, 'clientSecretExpiresAt'],
    [{ credential: 'secret' }, 'clientSecret'],
    [{ credential: 'none', ...own }, 'privateKey'],
    [{ privateKey: own.privateKey, certificate: other.certificate }, 'certificate'],
    [{ credential: 'password' }, 'credential'],
  ] as const) {
    const { status, json } = await create(more)
    expect([status, json.problems?.[0].field], JSON.stringify(Object.keys(more))).toEqual([400, field])
    expect(json.title).toMatch(/\S{3}/)
  }
})

test('M-128 P-03: a certificate that was taken away at the provider is one card, and a new one by the form ends it', async () => {
  const { id, key, registrationId } = await site.tenant('taken-away')
  const params = { id: registrationId }
  await callApi('registrationSave', { key, params, body: { ...withoutSecret, ...own } })
  app().certificates.length = 0
  app().certificates.push(other.certificate)
  await site.signedIn(id, { confirmation: 'confirmed-by-link' })
  expect(await cards(id)).toMatchObject([{ kind: 'registration', id: registrationId, code: 'aadsts_700027' }])

  const visit = await consoleVisitor(site.gateway, key)
  const path = `/console/registrations/${registrationId}/secret`
  const form = await visit(consoleRegistrationSecret, { path, params })
  expect(form.body).toMatch(/name="certificate"[\s\S]*name="privateKey"/)
  expect(form.body).not.toContain('name="clientSecret"')
  const post = (fields: Record<string, string>) => visit(consoleRegistrationSecret, { path, params, form: fields })
  const wrong = await post({ privateKey: own.privateKey, certificate: other.certificate })
  expect(wrong).toMatchObject({ status: 400, body: expect.stringMatching(/does not belong to privateKey/) })
  for (const line of bodies(own)) expect(wrong.body).not.toContain(line)
  expect(await post({ ...other })).toMatchObject({ status: 303 })
  expect((await site.signedIn(id, { confirmation: 'confirmed-by-link' })).page.status).toBe(200)
  expect(await cards(id)).toEqual([])
})

test('M-075: an earlier build finds no client secret in the row of a key, and so sends none', async () => {
  const { id, key, registrationId } = await site.tenant('earlier-build')
  await callApi('registrationSave', { key, params: { id: registrationId }, body: { ...withoutSecret, ...own } })
  const row = await site.tables.get(site.names.table('tenants'), id, `registration~${registrationId}`)
  expect(row).toMatchObject({ credential: 'private-key', secretName: '', secretVersion: '' })
  expect(row?.['keyName']).toMatch(/\S/)
})
