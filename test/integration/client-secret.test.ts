/** O6: a client secret that ended or never was: one card at its registration, at the first refusal; none is saved untried. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { consoleRegistrationSecret } from '../../functions/console-registration-secret.js'
import { everyRow } from '../../lib/model/page.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { registrationInput } from '../support/connect/connect-site.js'
import { consoleVisitor } from '../support/console/console-visitor.js'
import { everyMailbox } from '../support/general/every.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi } from '../support/http/api-call.js'

let site: AdminSite
beforeAll(async () => {
  site = await startAdminSite(inject('azurite'))
})
beforeEach(() => restore())
afterAll(() => site.stop())

const fresh = 'the-next-secret'
const cards = (tenant: string) => everyRow((page) => site.gateway.ops.listAttention(tenant, page), 'attention')
const secrets = () => site.directory.app(demo.clientId)!.secrets
const restore = () => {
  secrets().length = 0
  secrets().push({ value: demo.clientSecret })
}

describe('O6 M-128: one card for one expired secret', () => {
  test('at the first sign-in, with name and client id; a new secret is tried, and ends it', async () => {
    const { id, key, registrationId } = await site.tenant('expired')
    site.entra.control.expireSecret(demo.clientId)
    const refused = await site.signedIn(id, { confirmation: 'confirmed-by-link' })
    expect(refused.page.status).toBeGreaterThanOrEqual(400)
    const [card, ...more] = await cards(id)
    expect(more).toEqual([])
    expect(card).toMatchObject({ kind: 'registration', id: registrationId, code: 'aadsts_7000222', subject: 'Demo' })
    expect(card?.whoActs).toBe("Customer's administrator")
    expect(card?.description).toContain(demo.clientId)
    expect(card?.actions).toMatchObject([
      { operation: 'registrationSave', path: `/api/v1/registrations/${registrationId}` },
      { operation: 'registrationRetry' },
    ])
    expect(JSON.stringify(card)).not.toContain(demo.clientSecret)

    const put = (clientSecret: string) =>
      callApi('registrationSave', { key, params: { id: registrationId }, body: { ...registrationInput, clientSecret } })
    const madeUp = await put('made-up')
    expect(madeUp).toMatchObject({ status: 422, json: { code: 'registration_secret_refused' } })
    expect(madeUp.json.title).toContain('aadsts_7000215')
    expect(await cards(id)).toHaveLength(1)
    secrets().push({ value: fresh })
    // At a shared endpoint nothing proves that a secret is right before a token call with it works.
    expect(await put(fresh)).toMatchObject({ status: 200, json: { credentialTried: 'not-tried' } })
    expect(await cards(id)).toHaveLength(1)
    const allowed = await site.signedIn(id, { confirmation: 'confirmed-by-link' })
    expect(allowed.page.status).toBe(200)
    expect(await cards(id)).toEqual([])
  })

  test('however many mailboxes hang on it, at their refresh', async () => {
    const { id, registrationId } = await site.tenant('many-boxes')
    const boxes = [await site.mailbox(id), await site.mailbox(id), await site.mailbox(id)]
    site.entra.control.expireSecret(demo.clientId)
    for (const { connectionId } of boxes) {
      const key = { partitionKey: `${id}~${connectionId}`, rowKey: 'grant' }
      await site.tables.upsert(site.names.table('connections'), { ...key, accessUntil_graph: Date.now() + 6 * 60_000 })
    }
    const connections = boxes.map(({ connectionId }) => ({ tenant: id, connectionId }))
    await site.gateway.tokens.refreshBatch({ v: 1, connections })
    expect(await cards(id)).toMatchObject([{ kind: 'registration', id: registrationId, code: 'aadsts_7000222' }])
    const facts = await everyMailbox(site.gateway, id)
    expect(facts.map(({ health, attention }) => [health, attention.length])).toEqual(
      boxes.map(() => ['needs-admin', 1]),
    )
  })

  test('O7 M-160: "Try again" asks at once, tells what it heard, and a repair works from there on', async () => {
    const { id, key } = await site.tenant('try-again')
    const { connectionId, mailboxId } = await site.mailbox(id)
    const row = { partitionKey: `${id}~${connectionId}`, rowKey: 'grant' }
    const old = { ...row, accessUntil_graph: Date.now() + 6 * 60_000, accessUntil_outlook: 0 }
    await site.tables.upsert(site.names.table('connections'), old)
    site.entra.control.expireSecret(demo.clientId)
    await site.gateway.tokens.refreshBatch({ v: 1, connections: [{ tenant: id, connectionId }] })
    const calls = () => site.entra.control.requests.length
    const retry = () => callApi('connectionRetry', { key, params: { id: connectionId } })
    const asked = calls()
    const refused = await retry()
    expect(refused).toMatchObject({ status: 200, json: { state: 'needs-admin', problem: { code: 'aadsts_7000222' } } })
    // The registration is the tenant's own; the card says the same.
    expect(refused.json.problem.whoActs).toBe("Customer's administrator")
    expect((await cards(id)).map(({ whoActs }) => whoActs)).toEqual([refused.json.problem.whoActs])
    expect(calls()).toBeGreaterThan(asked)
    secrets().push({ value: fresh })
    // The secret is right from here on; only the pause stands in the way.
    const put = { clientSecret: fresh }
    const [{ id: registrationId } = { id: '' }] = await site.gateway.admin.listUsableRegistrations(id)
    await site.gateway.admin.saveRegistration({ tenant: id, id: registrationId }, { ...registrationInput, ...put })
    await site.tables.upsert(site.names.table('connections'), { ...row, notBefore: Date.now() + 3_600_000 })
    expect(await retry()).toMatchObject({ status: 200, json: { state: 'connected', problem: null } })
    expect(await cards(id)).toEqual([])
    const { health } = await site.gateway.admin.readMailboxFacts(id, mailboxId)
    expect(health).toBe('working')
    expect(await callApi('connectionRetry', { key, params: { id: 'a'.repeat(26) } })).toMatchObject({ status: 404 })
  })

  test('O7 M-160: "Try again" on a registration asks at once, and a repair at the provider wakes what waited for it', async () => {
    const { id, key, registrationId } = await site.tenant('try-registration')
    const { connectionId, mailboxId } = await site.mailbox(id)
    const row = { partitionKey: `${id}~${connectionId}`, rowKey: 'grant' }
    const old = { ...row, accessUntil_graph: Date.now() + 6 * 60_000, accessUntil_outlook: 0 }
    await site.tables.upsert(site.names.table('connections'), old)
    site.entra.control.fail({ kind: 'token', aadsts: 7000215, times: 100 } as never)
    await site.gateway.tokens.refreshBatch({ v: 1, connections: [{ tenant: id, connectionId }] })
    expect((await cards(id)).flatMap(({ actions }) => actions.map(({ label }) => label))).toContain('Try again')
    const retry = () => callApi('registrationRetry', { key, params: { id: registrationId } })
    const refused = await retry()
    expect(refused).toMatchObject({
      status: 200,
      json: { credentialTried: 'refused', connections: 0, problem: { class: 'needs-admin' } },
    })
    expect(refused.json.problem.whoActs).toBe((await cards(id))[0]?.whoActs)
    // Nobody tells the gateway of a repair there, and the next hourly try is far away. Of a directory that many share,
    // only a token call shows that the credential is right.
    site.entra.control.clearFaults()
    expect(await retry()).toMatchObject({
      status: 200,
      json: { credentialTried: 'not-tried', problem: null, connections: 1 },
    })
    await site.gateway.tokens.refreshBatch({ v: 1, connections: [{ tenant: id, connectionId }] })
    expect(await cards(id)).toEqual([])
    expect((await site.gateway.admin.readMailboxFacts(id, mailboxId)).health).toBe('working')
    expect(await callApi('registrationRetry', { key, params: { id: 'a'.repeat(26) } })).toMatchObject({ status: 404 })
  })

  test('a directory that does not answer: saved, and said so', async () => {
    const { key, registrationId } = await site.tenant('unreachable')
    site.entra.control.fail({ kind: 'token', status: 503, aadsts: 90033, times: 5 } as never)
    const body = { ...registrationInput, clientSecret: 'nobody-knows' }
    const saved = await callApi('registrationSave', { key, params: { id: registrationId }, body })
    expect(saved).toMatchObject({ status: 200, json: { credentialTried: 'not-tried' } })
    site.entra.control.clearFaults()
  })

  test('of one directory the application itself asks for a token', async () => {
    const { key } = await site.tenant('one-directory')
    const directory = demo.tenantId
    const body = (clientSecret: string) => ({ ...registrationInput, directory, clientSecret })
    expect(await callApi('registrationCreate', { key, body: body('made-up') })).toMatchObject({ status: 422 })
    expect((await callApi('registrationList', { key })).json.registrations).toHaveLength(1)
    const right = await callApi('registrationCreate', { key, body: body(demo.clientSecret) })
    expect(right).toMatchObject({ status: 201, json: { credentialTried: 'accepted' } })
  })

  test('O7: the call on the card, with the new secret in its body, is the repair', async () => {
    const { id, key } = await site.tenant('by-the-card')
    site.entra.control.expireSecret(demo.clientId)
    await site.signedIn(id, { confirmation: 'confirmed-by-link' })
    const [offer] = (await cards(id))[0]!.actions
    secrets().push({ value: fresh })
    const body = { ...JSON.parse(offer!.body ?? ''), clientSecret: fresh }
    const params = { id: offer!.path.split('/').at(-1)! }
    expect(await callApi('registrationSave', { key, params, body })).toMatchObject({ status: 200 })
    expect((await site.signedIn(id, { confirmation: 'confirmed-by-link' })).page.status).toBe(200)
    expect(await cards(id)).toEqual([])
  })

  test('O6: the form of the console says what was tried, keeps what it did not ask for, and shows no secret', async () => {
    const { id, key, registrationId } = await site.tenant('by-the-form')
    const visit = await consoleVisitor(site.gateway, key)
    const path = `/console/registrations/${registrationId}/secret`
    const form = await visit(consoleRegistrationSecret, { path, params: { id: registrationId } })
    expect(form.status).toBe(200)
    expect(form.body).toContain(demo.clientId)
    expect(form.body).not.toContain(demo.clientSecret)
    const post = (fields: Record<string, string>) =>
      visit(consoleRegistrationSecret, { path, params: { id: registrationId }, form: fields })
    expect(await post({ clientSecret: ' ' })).toMatchObject({
      status: 400,
      body: expect.stringContaining('clientSecret'),
    })
    expect(await post({ clientSecret: demo.clientSecret, ends: '31.1.2027' })).toMatchObject({ status: 400 })
    const refused = await post({ clientSecret: 'made-up-in-a-form' })
    expect(refused).toMatchObject({ status: 422, body: expect.stringContaining('registration_secret_refused') })
    // The form again, with what was wrong at its field and the day as it was typed.
    expect(refused.body).toMatch(/id="problem"[^>]*role="alert"[\s\S]*id="secret"[^>]*aria-invalid="true"/)
    expect(refused.body).toContain('name="csrf"')
    expect(refused.body).not.toContain('made-up-in-a-form')
    const saved = await post({ clientSecret: ` ${demo.clientSecret} `, ends: '2027-01-31' })
    expect(saved).toMatchObject({ status: 303, location: '/console?done=secret-not-tried' })
    const [kept] = await site.gateway.admin.listUsableRegistrations(id)
    expect(kept).toMatchObject({ name: 'Demo', clientId: demo.clientId, secretExpiresAt: '2027-01-31T00:00:00Z' })
    const foreign = await visit(consoleRegistrationSecret, { path, params: { id: 'a'.repeat(26) } })
    expect(foreign.status).toBe(404)
  })
})
