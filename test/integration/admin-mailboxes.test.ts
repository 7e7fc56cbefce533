/** What administrators change: mailboxes, their names, the default one, and their removal. */
import { describe, expect, test } from 'vitest'
import type { Gateway } from '../../lib/gateway.js'
import { everyMailbox } from '../support/general/every.js'
import { as, connectionString, names, other, site, useTwoWorkers } from '../support/http/two-workers.js'
import { tableRows } from '../support/storage/stored.js'

useTwoWorkers()

describe('mailboxes', () => {
  test('M-106: key of 1 to 5 characters, once per tenant; description; inactive is not polled', async () => {
    const acme = await site.tenant('fields')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const change = (body: object, id = one.mailboxId) => as(acme.key)('mailboxChange', { params: { id }, body })
    for (const key of ['', 'sixsix', 'A', 'a b', 'ä']) {
      const refused = await change({ key })
      expect(refused.status, key).toBe(400)
      expect(refused.json.problems[0], key).toEqual({
        field: 'key',
        message: 'must have 1 to 5 characters of a-z and 0-9',
      })
    }
    for (const key of ['a', 'five5'])
      expect(await change({ key, description: 'Orders' })).toMatchObject({
        status: 200,
        json: { key, description: 'Orders' },
      })
    expect(await change({ key: 'five5' }, two.mailboxId)).toMatchObject({
      status: 409,
      json: { code: 'mailbox_key_taken' },
    })
    expect((await change({ key: 'a' }, two.mailboxId)).status).toBe(200)

    const poll = () => other.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId: one.mailboxId }] })
    await poll()
    await change({ active: false })
    site.directory.deliver(one.address, 'From: a@b.example\r\nSubject: 1\r\n\r\nx')
    site.graph.control.reset()
    expect(await poll()).toMatchObject([{ outcome: 'off' }])
    expect(site.graph.control.requests).toEqual([])
    await change({ active: true })
    expect(await poll()).toMatchObject([{ outcome: 'mail', handedOver: 1 }])
  })

  test('M-106: two administrators rename one mailbox at once: one name stands, the others are free', async () => {
    const acme = await site.tenant('renaming')
    const { mailboxId } = await site.mailbox(acme.id)
    const keys = ['k1', 'k2', 'k3', 'k4']
    await Promise.all(
      keys.map((key, at) =>
        (at % 2 ? other : site.gateway).admin.changeMailbox({ tenant: acme.id, mailboxId }, { key }),
      ),
    )
    const { key } = await site.gateway.admin.readMailboxFacts(acme.id, mailboxId)
    const rows = await tableRows(connectionString, names().table('names'), acme.id)
    expect(rows.map(({ rowKey }) => rowKey).filter((rowKey) => rowKey.startsWith('key~'))).toEqual([`key~${key}`])
  })

  test('M-020: several mailboxes, created, read, renamed, removed; a mail queued by id survives the rename', async () => {
    const acme = await site.tenant('several')
    const boxes = [await site.mailbox(acme.id), await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const [, second, third] = boxes as [(typeof boxes)[0], (typeof boxes)[0], (typeof boxes)[0]]
    const call = as(acme.key)
    const mail = { mailboxId: second.mailboxId, to: ['ben@contoso.example'], subject: 'Renamed', text: 'x', hold: true }
    const { json: queued } = await call('mailSubmit', { body: mail })
    const params = { id: second.mailboxId }
    const renamed = await call('mailboxChange', { params, body: { key: 'new', displayName: 'New name' } })
    expect(renamed).toMatchObject({ status: 200, json: { key: 'new', displayName: 'New name' } })
    await call('mailRelease', { params: { id: queued.id } })
    await other.send.drainLane({ v: 1, tenant: acme.id, mailboxId: second.mailboxId })
    expect((await call('mailShow', { params: { id: queued.id } })).json).toMatchObject({
      state: 'sent',
      mailboxId: second.mailboxId,
    })
    const named = await call('mailSubmit', { body: { ...mail, mailboxId: undefined, mailbox: 'new' } })
    expect(named.status).toBe(202)
    expect((await call('mailShow', { params: { id: named.json.id } })).json.mailboxId).toBe(second.mailboxId)
    expect((await call('mailboxRemove', { params: { id: third.mailboxId } })).status).toBe(204)
    expect((await call('mailboxShow', { params: { id: third.mailboxId } })).status).toBe(404)
    expect((await call('mailboxList')).json.mailboxes.map((one: { id: string }) => one.id).sort()).toEqual(
      boxes
        .slice(0, 2)
        .map(({ mailboxId }) => mailboxId)
        .sort(),
    )
  })

  test('M-022: there is exactly one default, also after a race; a mail that names no mailbox goes out of it', async () => {
    const acme = await site.tenant('defaults')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const defaults = async () =>
      (await everyMailbox(site.gateway, acme.id)).filter(({ isDefault }) => isDefault).map(({ id }) => id)
    expect(await defaults()).toEqual([one.mailboxId])
    const unnamed = async () => {
      const body = { to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
      const { json } = await as(acme.key)('mailSubmit', { body })
      return (await as(acme.key)('mailShow', { params: { id: json.id } })).json.mailboxId
    }
    expect(await unnamed()).toBe(one.mailboxId)
    await as(acme.key)('mailboxChange', { params: { id: two.mailboxId }, body: { default: true } })
    expect(await defaults()).toEqual([two.mailboxId])
    expect(await unnamed()).toBe(two.mailboxId)
    const race = Array.from({ length: 6 }, (_, at) =>
      (at % 2 ? other : site.gateway).admin.changeMailbox(
        { tenant: acme.id, mailboxId: (at % 3 ? one : two).mailboxId },
        { default: true },
      ),
    )
    await Promise.all(race)
    expect(await defaults()).toHaveLength(1)
  })

  test('M-034: the default and a mailbox with open mail go only by force, which ends the mail', async () => {
    const acme = await site.tenant('guards')
    const [one, two] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    const call = as(acme.key)
    const params = { id: one.mailboxId }
    const isDefault = await call('mailboxRemove', { params })
    expect(isDefault).toMatchObject({ status: 409, json: { code: 'mailbox_is_default' } })
    expect(isDefault.json.detail).toContain('force=true')
    await call('mailboxChange', { params: { id: two.mailboxId }, body: { default: true } })
    const mail = { mailboxId: one.mailboxId, to: ['ben@contoso.example'], subject: 's', text: 'x', hold: true }
    const { json: queued } = await call('mailSubmit', { body: mail })
    const inUse = await call('mailboxRemove', { params })
    expect(inUse).toMatchObject({ status: 409, json: { code: 'mailbox_in_use' } })
    expect(inUse.json.title).toContain('1 mails')
    expect((await call('mailboxRemove', { params, query: { force: 'yes' } })).json.problems[0].field).toBe('force')
    expect((await call('mailShow', { params: { id: queued.id } })).json.state).toBe('queued')
    expect((await call('mailboxRemove', { params, query: { force: 'true' } })).status).toBe(204)
    expect((await call('mailShow', { params: { id: queued.id } })).json).toMatchObject({
      ...{ state: 'failed', held: false, lastError: { code: 'mailbox_removed' } },
    })

    expect((await call('mailboxRemove', { params: { id: two.mailboxId }, query: { force: 'true' } })).status).toBe(204)
    const unnamed = await call('mailSubmit', { body: { ...mail, mailboxId: undefined } })
    expect(unnamed).toMatchObject({ status: 422, json: { code: 'no_mail_server' } })
  })

  test('SEC-16: removed under load, nothing of the mailbox reaches a server any more, and nothing opens its secret', async () => {
    const acme = await site.tenant('disconnecting')
    const [gone, stays] = [await site.mailbox(acme.id), await site.mailbox(acme.id)]
    await as(acme.key)('mailboxChange', { params: { id: stays.mailboxId }, body: { default: true } })
    const ids: string[] = []
    for (let n = 0; n < 8; n++) {
      const mail = { mailboxId: gone.mailboxId, to: ['ben@contoso.example'], subject: `${n}`, text: 'x' }
      const body = { ...mail, hold: n >= 4 }
      ids.push((await as(acme.key)('mailSubmit', { body })).json.id)
    }
    const workers = await Promise.all([61_000, 600_000].map((ahead) => site.worker(ahead)))
    const work = async (g: Gateway, { mailboxId, connectionId }: typeof gone) => {
      await g.send.drainLane({ v: 1, tenant: acme.id, mailboxId }).catch(() => {})
      await g.receive.pollBatch({ v: 1, mailboxes: [{ tenant: acme.id, mailboxId }] })
      await g.tokens.refreshBatch({ v: 1, connections: [{ tenant: acme.id, connectionId }] })
    }
    const busy = work(other, gone)
    const removed = await as(acme.key)('mailboxRemove', { params: { id: gone.mailboxId }, query: { force: 'true' } })
    expect(removed.status).toBe(204)
    await busy

    site.entra.control.reset()
    site.graph.control.reset()
    for (const g of [site.gateway, other, ...workers]) await work(g, gone)
    expect(site.entra.control.requests).toEqual([])
    expect(site.graph.control.requests).toEqual([])
    await work(other, stays)
    expect(site.graph.control.requests.length).toBeGreaterThan(0)

    for (const g of [site.gateway, other])
      await expect(
        g.tokens.readAuthority(
          { tenant: acme.id, connectionId: gone.connectionId },
          { user: gone.address, resource: 'graph' },
        ),
      ).rejects.toMatchObject({
        code: 'not_connected',
      })
    const states: string[] = []
    for (const id of ids) states.push((await as(acme.key)('mailShow', { params: { id } })).json.state)
    expect(states.filter((state) => !['sent', 'failed'].includes(state))).toEqual([])
    expect(states.slice(4)).toEqual(Array(4).fill('failed'))
    const [secret] = site.vault.snapshot().filter(({ name }) => name.includes(gone.connectionId))
    expect(secret?.deletedAt).toBeDefined()
    const rows = await tableRows(connectionString, names().table('connections'))
    expect(rows.filter(({ partitionKey }) => partitionKey.includes(gone.connectionId))).toEqual([])
    const log = await site.gateway.ops.listLog(acme.id, { log: 'audit', limit: 50 })
    expect(log.find(({ action }) => action === 'connection-removed')).toMatchObject({
      subject: gone.connectionId,
      revocation: 'not offered by the provider',
    })
  })
})
