/** Several mailboxes of a tenant under names of their own, two of them at one address. */
import { describe, expect, test } from 'vitest'
import { acme, at, connect, fresh, relay, useOwnServers } from '../support/http/own-servers.js'
import { as, connectionString, names, other, site } from '../support/http/two-workers.js'
import { tableRows } from '../support/storage/stored.js'

useOwnServers('named')

let count = 0
const change = (id: string, body: object) => as(acme.key)('mailboxChange', { params: { id }, body })
const show = async (id: string) => (await as(acme.key)('mailboxShow', { params: { id } })).json
/** The mailbox a mail leaves from that names one by this word. */
async function sends(word: object): Promise<string> {
  const mail = { ...word, to: ['ben@postbox.example'], subject: 's', text: 'x', hold: true }
  const { status, json } = await as(acme.key)('mailSubmit', { body: mail })
  return status === 202 ? (await as(acme.key)('mailShow', { params: { id: json.id } })).json.mailboxId : json.code
}

describe('names', () => {
  test('M-020: a mail names its server by id or by its free name; a rename frees the old name, and queued mail goes on', async () => {
    const { json: made } = await connect({ address: fresh(), name: 'Invoices of the shop', send: relay() })
    const { mailboxId } = made
    expect(await show(mailboxId)).toMatchObject({ name: 'Invoices of the shop' })
    expect(await sends({ mailboxId })).toBe(mailboxId)
    // What people take for the same name is one.
    for (const mailbox of ['Invoices of the shop', '  invoices  OF the shop '])
      expect(await sends({ mailbox }), mailbox).toBe(mailboxId)
    const waiting = {
      mailbox: 'Invoices of the shop',
      to: ['ben@postbox.example'],
      subject: 's',
      text: 'x',
      hold: true,
    }
    const { json: queued } = await as(acme.key)('mailSubmit', { body: waiting })
    expect((await change(mailboxId, { name: 'Bills' })).json).toMatchObject({ name: 'Bills' })
    expect(await sends({ mailbox: 'Invoices of the shop' })).toBe('no_mail_server')
    expect(await sends({ mailbox: 'bills' })).toBe('no_mail_server')
    await as(acme.key)('mailRelease', { params: { id: queued.id } })
    await other.send.drainLane({ v: 1, tenant: acme.id, mailboxId })
    expect((await as(acme.key)('mailShow', { params: { id: queued.id } })).json).toMatchObject({
      state: 'sent',
      mailboxId,
    })
  })

  test('M-020: a duplicate name is 409 wherever it is given, until its mailbox is renamed or removed', async () => {
    const { json: one } = await connect({ address: fresh(), name: 'Warehouse', send: relay() })
    const { json: two } = await connect({ address: fresh(), send: relay() })
    const taken = { status: 409, json: { code: 'mailbox_name_taken' } }
    expect(await change(two.mailboxId, { name: 'WAREHOUSE' })).toMatchObject(taken)
    expect(await connect({ address: fresh(), name: 'warehouse', send: relay() })).toMatchObject(taken)
    const link = { address: fresh(), name: 'warehouse', confirmation: 'tenant-admin' }
    expect(await as(acme.key)('signInStart', { body: link })).toMatchObject(taken)
    // The mailbox itself may write its name in another way.
    expect((await change(one.mailboxId, { name: 'WareHouse' })).json.name).toBe('WareHouse')
    expect((await change(one.mailboxId, { name: '' })).json.name).toBeNull()
    expect((await change(two.mailboxId, { name: 'Warehouse' })).status).toBe(200)
    await as(acme.key)('mailboxRemove', { params: { id: two.mailboxId } })
    expect((await connect({ address: fresh(), name: 'warehouse', send: relay() })).status).toBe(201)
  })

  test('M-020: two administrators give one name to two mailboxes at once: one of them has it', async () => {
    const boxes = [
      await connect({ address: fresh(), send: relay() }),
      await connect({ address: fresh(), send: relay() }),
    ].map(({ json }) => json.mailboxId as string)
    const tries = boxes.map((id) => change(id, { name: 'Only once' }))
    expect((await Promise.all(tries)).map(({ status }) => status).sort()).toEqual([200, 409])
    const shown = await Promise.all(boxes.map(show))
    expect(shown.filter(({ name }) => name === 'Only once')).toHaveLength(1)
  })

  test('M-020: a name has at most 64 characters, and is neither a key nor an address', async () => {
    const { json } = await connect({ address: fresh(), send: relay() })
    for (const name of ['x'.repeat(65), 'sales', 'a@b.example', 'a\nb'])
      expect(await change(json.mailboxId, { name }), name).toMatchObject({
        status: 400,
        json: { problems: [{ field: 'name' }] },
      })
    for (const name of ['x'.repeat(64), 'Sales', 'Ünïcode ☂'])
      expect((await change(json.mailboxId, { name })).json.name).toBe(name)
  })
})

describe('one address', () => {
  test('M-020: two servers with one address live side by side; the address means one of them, which can be changed', async () => {
    const address = fresh()
    const { json: first } = await connect({ address, send: relay() })
    expect(await connect({ address, send: relay(true) })).toMatchObject({
      status: 409,
      json: { code: 'mailbox_exists' },
    })
    const second = (await connect({ address, name: 'Second relay', send: relay(true) })).json
    expect(await show(first.mailboxId)).toMatchObject({ isAddressDefault: true, heldBy: null })
    expect(await show(second.mailboxId)).toMatchObject({ address, isAddressDefault: false, heldBy: null })
    expect(await sends({ mailbox: address })).toBe(first.mailboxId)
    expect(await sends({ mailbox: 'Second relay' })).toBe(second.mailboxId)
    // Each sends by its own server.
    const before = at.encryptedRelay.mails.length
    const { json: mail } = await as(acme.key)('mailSubmit', {
      body: { mailbox: 'Second relay', to: ['ben@postbox.example'], subject: 'By the second', text: 'x' },
    })
    await other.send.drainLane({ v: 1, tenant: acme.id, mailboxId: second.mailboxId })
    expect((await as(acme.key)('mailShow', { params: { id: mail.id } })).json.state).toBe('sent')
    expect(at.encryptedRelay.mails.slice(before).some(({ from }) => from === address)).toBe(true)

    expect((await change(second.mailboxId, { addressDefault: true })).json.isAddressDefault).toBe(true)
    expect((await show(first.mailboxId)).isAddressDefault).toBe(false)
    expect(await sends({ mailbox: address.toUpperCase() })).toBe(second.mailboxId)
    // When the one that the address means goes, it means the other.
    await as(acme.key)('mailboxRemove', { params: { id: second.mailboxId }, query: { force: 'true' } })
    expect(await sends({ mailbox: address })).toBe(first.mailboxId)
    const rows = await tableRows(connectionString, names().table('names'), acme.id)
    expect(rows.filter(({ mailboxId }) => mailboxId === second.mailboxId)).toEqual([])
  })

  test('M-020: a person signs in to a second mailbox at an address that is connected, and no other tenant gets the address', async () => {
    const rival = await site.tenant('named-rival')
    const { address, mailboxId } = await site.mailbox(acme.id)
    const { json: second } = await connect({ address, name: `Relay of ${count++}`, send: relay() })
    expect(await sends({ mailbox: address })).toBe(mailboxId)
    const { page } = await site.signedIn(rival.id, { confirmation: 'confirmed-by-link' }, address)
    expect(page.body).toContain('connected elsewhere')
    // Removing the relay, which proves nothing, leaves the hold of the one that does.
    await as(acme.key)('mailboxRemove', { params: { id: second.mailboxId } })
    const again = await site.signedIn(rival.id, { confirmation: 'confirmed-by-link' }, address)
    expect(again.page.body).toContain('connected elsewhere')
  })
})
