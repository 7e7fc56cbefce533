/** O6: a client secret that ended or never was: one card at its registration, at the first refusal; none is saved untried. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { everyRow } from '../../lib/model/page.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { type AdminSite, startAdminSite } from '../support/admin-site.js'
import { callApi } from '../support/api-call.js'
import { registrationInput } from '../support/connect-site.js'
import { everyMailbox } from '../support/every.js'

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
    ])
    expect(JSON.stringify(card)).not.toContain(demo.clientSecret)

    const put = (clientSecret: string) =>
      callApi('registrationSave', { key, params: { id: registrationId }, body: { ...registrationInput, clientSecret } })
    const madeUp = await put('made-up')
    expect(madeUp).toMatchObject({ status: 422, json: { code: 'registration_secret_refused' } })
    expect(madeUp.json.title).toContain('aadsts_7000215')
    expect(await cards(id)).toHaveLength(1)
    secrets().push({ value: fresh })
    expect(await put(fresh)).toMatchObject({ status: 200, json: { credentialTried: 'accepted' } })
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
  })
})
