/** Removing a tenant through the API, on real storage. */
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { storageNames } from '../../lib/model/names.js'
import { type AdminSite, startAdminSite } from '../support/http/admin-site.js'
import { callApi, type OperationKey } from '../support/http/api-call.js'
import { environmentDump, storedTables } from '../support/storage/stored.js'

const minute = 60_000

describe('removing a tenant', () => {
  describe('through the API, on real storage', () => {
    let site: AdminSite
    beforeAll(async () => {
      site = await startAdminSite(inject('azurite'))
    })
    afterAll(() => site.stop())
    const operatorApi = (name: OperationKey, input: object = {}) => callApi(name, { key: site.operatorKey, ...input })

    test('SEC-16, SEC-44: no call, mail, poll or token after it; no marker of the tenant is left; its id is never reused', async () => {
      const tenant = await site.tenant('leaving')
      const neighbour = await site.tenant('leaving-2')
      const [gone, stays] = [await site.mailbox(tenant.id), await site.mailbox(neighbour.id)]
      const call = (name: OperationKey, input: object = {}) => callApi(name, { key: tenant.key, ...input })
      await call('webhookAdd', { body: { url: 'https://app.example/leaving-hook' } })
      site.directory.deliver(gone.address, 'From: a@b.example\r\nSubject: leaving-subject\r\n\r\nx')
      await site.gateway.receive.pollBatch({ v: 1, mailboxes: [{ tenant: tenant.id, mailboxId: gone.mailboxId }] })
      const mail = { to: ['ben@contoso.example'], subject: 'leaving-subject', text: 'x' }
      await call('mailSubmit', { body: { ...mail, hold: true } })
      await call('mailSubmit', { body: mail })
      await site.gateway.send.drainLane({ v: 1, tenant: tenant.id, mailboxId: gone.mailboxId })
      const environment = process.env['ENVIRONMENT_ID'] ?? ''
      const marked = async () =>
        (await environmentDump(inject('azurite'), environment)).filter((text) =>
          ['leaving-subject', gone.address, 'leaving-hook', 'leaving company'].some((word) => text.includes(word)),
        )
      expect((await marked()).length).toBeGreaterThan(5)
      const other = await site.worker()
      await other.authenticate(tenant.key)

      expect((await call('tenantRemove', { params: { id: tenant.id } })).status).toBe(403)
      const params = { params: { id: tenant.id } }
      expect(await operatorApi('tenantRemove', params)).toMatchObject({ status: 202, json: { state: 'removing' } })
      expect((await operatorApi('tenantList', { query: { limit: '200' } })).json.tenants).toContainEqual(
        expect.objectContaining({ id: tenant.id, state: 'removing' }),
      )
      expect((await call('mailSubmit', { body: mail })).status).toBe(401)
      expect((await operatorApi('mailboxList', { tenant: tenant.id })).status).toBe(404)
      const message = { v: 1, tenant: tenant.id, mail }
      await other.send.acceptMessage(message, 'queue-message-1')
      const rejected = await site.gateway.ops.listLog('~', { log: 'sending', failed: true, limit: 10 })
      expect(rejected[0]).toMatchObject({ state: 'rejected', code: 'invalid_input' })
      // A process that still knew the key wrote something a moment after the mark.
      await other.admin.addReturnUrl(tenant.id, 'https://app.example/leaving-hook')
      await other.connect.startSignIn(
        { tenant: tenant.id },
        {
          address: 'late@contoso.example',
          displayName: '',
          receive: true,
          send: false,
          transport: 'auto',
          confirmation: 'tenant-admin',
        },
      )

      site.vault.control.fail({ status: 403, operation: 'purge', namePrefix: `${environment}-r-` })
      const later = await site.worker(6 * minute)
      await expect(later.authenticate(tenant.key)).rejects.toMatchObject({ code: 'unauthorized' })
      const tenants = storageNames(environment).table('tenants')
      const isRemoved = async () =>
        (await storedTables(inject('azurite')).get(tenants, tenant.id, 'tenant'))?.['state'] === 'removed'
      // One pass is enough unless the storage of a busy machine stumbles; then the next one goes on.
      for (let pass = 0; pass < 3 && !(await isRemoved()); pass++) await later.ops.sweep()
      site.vault.control.recover()
      await later.ops.buryMessage('outbound-mail', { given: message, messageId: 'queue-message-2' })
      expect(await marked()).toEqual([])
      const dump = await environmentDump(inject('azurite'), environment)
      const its = dump.filter((text) => /\bleaving(?!-)\b/.test(text))
      // Internal messages are ids that a worker will find nothing for.
      const kept = its.filter((text) => !text.includes('tenant-rem') && !text.startsWith('queue '))
      expect(kept.map((text) => text.slice(0, 200))).toHaveLength(1)
      expect(its.some((text) => text.includes('"state":"removed"'))).toBe(true)
      const secrets = site.vault
        .snapshot()
        .filter(({ name }) => [gone.connectionId, tenant.registrationId].some((id) => name.includes(id)))
      // Purged where the vault lets us, else deleted and gone with the vault's retention.
      expect(secrets.map(({ name, deletedAt }) => [name.slice(0, -2), deletedAt !== undefined])).toEqual([
        [`${environment}-r-${tenant.registrationId}`, true],
      ])
      expect((await operatorApi('tenantRemove', params)).status).toBe(404)
      const reused = await operatorApi('tenantCreate', { body: { id: tenant.id, name: 'Again' } })
      expect(reused).toMatchObject({ status: 409, json: { code: 'tenant_exists' } })
      const queues = dump.filter((text) => text === `queue ${environment}-events-${tenant.id}`)
      expect(queues).toEqual([])
      const audit = await site.gateway.ops.listLog('~', { log: 'audit', limit: 50 })
      expect(audit.map(({ action, subject }) => `${action} ${subject}`)).toEqual(
        expect.arrayContaining([`tenant-remove ${tenant.id}`, `tenant-removed ${tenant.id}`]),
      )
      expect(await later.admin.readMailboxFacts(neighbour.id, stays.mailboxId)).toMatchObject({
        connectionState: 'connected',
        heldBy: '',
      })
    })
  })
})
