import { describe, expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Tables } from '../../../lib/ports/tables.js'
import { listLog, writeLog } from '../../../lib/rows/logs.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const longest = 32_768

async function send(h: Harness) {
  const { mail } = await acceptMail(h.deps, h.tenant, {
    submission: parseMailSubmission({ to: ['bob@b.example'], subject: 'S', text: 'x' }),
  })
  await drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  return readMail(h.deps, h.tenant, mail.id)
}
const rows = (h: Harness) => listLog(h.deps, h.tenant, { log: 'sending', limit: 50 })

describe('SEC-41: logs cannot be flooded or bent', () => {
  test('a reply of 33,000 characters leaves the outcome intact and a row with a marker', async () => {
    const h = await sendHarness()
    const reply = `250 2.0.0 ${'A'.repeat(33_000)}`
    h.peer.script.send = () => ({ refused: [], reply })
    expect(await send(h)).toMatchObject({ state: 'sent' })
    const logged = (await rows(h))[0]!
    expect(logged).toMatchObject({ state: 'sent' })
    for (const value of Object.values(logged)) expect(String(value).length).toBeLessThan(longest)
  })

  test('a refusal of 33,000 characters too, in every column that is the peer’s', async () => {
    const h = await sendHarness()
    const text = `550 ${'B'.repeat(33_000)}\r\ninjected: line`
    h.peer.script.send = () => faultOf('permanent', { peerLine: text, description: text, remedy: text })
    expect(await send(h)).toMatchObject({ state: 'failed' })
    const [logged] = await rows(h)
    for (const [column, value] of Object.entries(logged!)) expect(String(value).length, column).toBeLessThan(2_100)
  })

  test('a column longer than 2,000 characters is cut with a marker, whoever writes it', async () => {
    const h = await sendHarness()
    const write = (length: number) =>
      writeLog(h.deps, 'sendinglog', { tenant: h.tenant, mailId: 'm', description: 'C'.repeat(length) })
    await write(2_000)
    h.clock.advance(1)
    await write(40_000)
    const [cut, whole] = await rows(h)
    expect(whole).toMatchObject({ description: 'C'.repeat(2_000) })
    expect(cut).toMatchObject({ description: `${'C'.repeat(2_000)}… [cut]` })
  })

  test('a peer cannot choose where a row stands', async () => {
    const h = await sendHarness()
    h.peer.script.send = () => faultOf('permanent', { peerLine: 'other~00', description: "x' or PartitionKey eq 'y" })
    await send(h)
    expect(await rows(h)).toHaveLength(1)
    expect(await listLog(h.deps, 'other', { log: 'sending', limit: 50 })).toEqual([])
  })

  test('with logging out of order mail leaves all the same, and every lost row is counted', async () => {
    const h = await sendHarness()
    const warned: string[] = []
    const broken: Tables = {
      ...h.deps.tables,
      get: (...input) => h.stores.tables.get(...input),
      query: (...input) => h.stores.tables.query(...input),
      update: (...input) => h.stores.tables.update(...input),
      upsert: (...input) => h.stores.tables.upsert(...input),
      remove: (...input) => h.stores.tables.remove(...input),
      serverNow: () => h.stores.tables.serverNow(),
      ensure: (...input) => h.stores.tables.ensure(...input),
      list: (...input) => h.stores.tables.list(...input),
      insert: async (table, row) => {
        if (table.includes('log')) throw new Error('the log is full')
        return h.stores.tables.insert(table, row)
      },
    }
    h.deps.tables = broken
    h.deps.log = { ...h.deps.log, warn: (event: string) => void warned.push(event) }
    expect(await send(h)).toMatchObject({ state: 'sent' })
    expect(h.peer.sent).toHaveLength(1)
    expect(warned.filter((event) => event === 'log-row-dropped')).toHaveLength(1)
    expect(await rows(h)).toEqual([])
  })
})
