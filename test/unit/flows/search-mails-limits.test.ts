/** Searches that one look cannot answer, and forged places in a list. */
import { describe, expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { pages, place, threeWeeks } from '../../support/send/mail-search.js'
import { sendHarness } from '../../support/send/send-harness.js'

const { searchMails, sendMailNow } = sendFlows

describe('D5: a search that cannot be answered in one look', () => {
  test('a page that looked at enough ends, empty or not, and the next one continues', async () => {
    const w = await place()
    const first = await w.submit('ana@customer.example', { subject: 'needle' })
    await w.drain()
    for (let n = 0; n < 30; n++) await w.submit('ben@customer.example', { subject: 'hay' })
    await w.drain()
    // A clock on which looking takes time: one row, two seconds.
    let looked = 0
    const slow = { ...w.deps, clock: { ...w.clock, now: () => w.clock.now() + looked++ * 2_000 } }
    const all = await pages({ deps: slow, tenant: w.tenant }, { subject: 'needle' })
    expect(all.flat()).toEqual([first.id])
    expect(all.length).toBeGreaterThan(5)
    expect(all.length).toBeLessThan(32)
  })

  test('subjects that are not kept are not searched: the refusal says so, and nothing of them is stored', async () => {
    const w = await place('no')
    await w.submit('ana@customer.example', { subject: 'Confidential matter' })
    await w.submit('ana@customer.example', { subject: 'Confidential matter', hold: true })
    await w.drain()
    await expect(w.ids({ subject: 'confidential' })).rejects.toMatchObject({
      code: 'subjects_not_kept',
      status: 409,
      remedy: expect.stringContaining('keepSubject'),
    })
    expect(await w.ids({ recipient: 'ana@customer.example' })).toHaveLength(2)
    const tables = ['mails', 'outbox'].map((name) => w.deps.names.table(name as 'mails'))
    for (const table of [
      ...tables,
      ...(await w.stores.tables.list(w.deps.names.log('mailindex', ''))),
      ...(await w.stores.tables.list(w.deps.names.log('sendinglog', ''))),
    ])
      for await (const row of w.stores.tables.query(table, { partitionRange: ['!', '~~~~'] }))
        expect(JSON.stringify(row).toLowerCase(), table).not.toContain('confidential')
  })

  test('a mail sent early is found like any other', async () => {
    const w = await threeWeeks()
    await sendMailNow(w.deps, w.tenant, w.mails.planned.id)
    await w.drain()
    expect(await w.ids({ recipient: 'eve@customer.example', state: 'sent' })).toEqual([w.mails.planned.id])
  })
})

describe('D6: a forged `after`', () => {
  const id = 'a'.repeat(26)
  test.each([
    'x',
    'f',
    `f~123~${id}`,
    `f~9999999999999~${id}~`,
    `f~9999999999999~${id.toUpperCase()}`,
    `o~${id}~d~9999999999999`,
    `o~other~${id}~d~9999999999999~${id}`,
    `o~${id}~z~9999999999999~${id}`,
    `${id}~d~9999999999999~${id}`,
    "f~9999999999999~' or PartitionKey ne '",
    'f~'.repeat(5_000),
  ])('%j is refused and names the cure', async (after) => {
    const h = await sendHarness()
    await expect(searchMails(h.deps, h.tenant, { after, includeDone: true })).rejects.toMatchObject({
      code: 'invalid_input',
      status: 400,
      field: 'after',
      description: expect.stringContaining('leave it out for the first page'),
    })
  })

  test('one of the right form names rows of the own tenant only', async () => {
    const w = await threeWeeks()
    const first = await searchMails(w.deps, w.tenant, { includeDone: true, limit: 1 })
    for (const after of [first.next, 'f~0000000000000~'.concat(id), `o~${id}~d~0000000000000~${id}`])
      expect((await searchMails(w.deps, 'other', { includeDone: true, after })).mails).toEqual([])
    await expect(searchMails(w.deps, w.tenant, { mailboxId: id, after: first.next })).rejects.toMatchObject({
      field: 'after',
    })
  })
})
