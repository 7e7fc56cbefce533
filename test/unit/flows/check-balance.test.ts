import { describe, expect, test } from 'vitest'
import { checkBalance } from '../../../lib/flows/ops/check-balance.js'
import { checkHealth } from '../../../lib/flows/ops/check-health.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { Log } from '../../../lib/log.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import type { Tables } from '../../../lib/ports/tables.js'
import { mailPartition } from '../../../lib/rows/mail-columns.js'
import { findMail } from '../../../lib/rows/mails.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { everyAttention } from '../../support/general/every.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, readMail, releaseMail } = sendFlows
const minute = 60_000

async function harness() {
  const h = await sendHarness()
  await h.stores.tables.insert(h.deps.names.table('tenants'), { partitionKey: '~', rowKey: `tenant~${h.tenant}` })
  const lines: { event: string; [field: string]: unknown }[] = []
  const write = (event: string, fields?: object) => void lines.push({ event, ...fields })
  h.deps.log = { info: write, warn: write, error: write } as Log
  const { names, tables } = h.deps
  return {
    ...h,
    lines: () => lines.filter(({ event }) => event === 'balance-not-closed'),
    repairs: () => lines.filter(({ event }) => event === 'acceptance-repaired'),
    attention: async () => (await everyAttention(h.deps, h.tenant)).filter(({ kind }) => kind === 'balance'),
    accept: async (more: object = {}) =>
      (
        await acceptMail(h.deps, h.tenant, {
          submission: parseMailSubmission({ to: ['b@b.example'], text: 'x', ...more }),
        })
      ).mail,
    /** As the queue and the timer do it. */
    async work() {
      await sendFlows.sweepLanes(h.deps)
      for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(names.queue('mail-send')))
        await drainLane(h.deps, message)
    },
    async loseHint(id: string) {
      const mail = (await findMail(h.deps, h.tenant, id))!.mail
      await tables.remove(names.table('outbox'), {
        partitionKey: `${h.tenant}~${mail.mailboxId}`,
        rowKey: mail.outboxKey,
      })
    },
    loseJournalRow: (id: string) =>
      tables.remove(names.table('mails'), { partitionKey: mailPartition(h.tenant, id), rowKey: id }),
    async rows(table: 'outbox' | 'due') {
      const all = []
      for await (const row of tables.query(names.table(table), { partitionRange: ['', '~~~'] })) all.push(row)
      return all
    },
    health: async () => {
      const clock = { now: h.clock.now, sleep: () => new Promise<void>(() => {}) }
      return (await checkHealth({ ...h.deps, clock }, clock.now)).checks.find(({ name }) => name === 'balance')
    },
  }
}

describe('REL-32: accepted is sent, failed, cancelled or open in a place where it is found', () => {
  test('mails in every state add up', async () => {
    const h = await harness()
    h.peer.script.send = ({ recipients: [to] }) =>
      to === 'no@b.example' ? faultOf('permanent') : to === 'later@b.example' ? faultOf('transient') : undefined
    h.peer.script.after = ({ recipients: [to] }) =>
      to === 'lost@b.example' ? faultOf('transient', { outcome: 'unknown' }) : undefined
    for (const to of ['yes', 'no', 'later', 'lost']) await h.accept({ to: [`${to}@b.example`] })
    await h.accept({ hold: true })
    await h.accept({ notBefore: new Date(h.clock.now() + 5 * 24 * 60 * minute).toISOString() })
    await cancelMail(h.deps, h.tenant, (await h.accept({ hold: true })).id)
    for (let round = 0; round < 3; round++) {
      await h.work()
      h.clock.advance(30 * minute)
      expect(await checkBalance(h.deps)).toBe(0)
    }
    await h.work()
    expect([h.lines(), await h.attention()]).toEqual([[], []])
    expect(await h.health()).toMatchObject({ ok: true, text: expect.stringContaining('is accounted for') })
  })

  test('a mail that no outbox knows is found, put back, told, and leaves', async () => {
    const h = await harness()
    const [lost, held] = [await h.accept(), await h.accept({ hold: true })]
    await h.loseHint(lost.id)
    await h.loseHint(held.id)
    // The control: without the check nobody would ever send it.
    for (let round = 0; round < 3; round++) {
      await h.work()
      h.clock.advance(20 * minute)
    }
    expect(h.peer.sent).toHaveLength(0)
    expect(await checkBalance(h.deps)).toBe(2)
    expect(h.lines()).toMatchObject([{ tenant: h.tenant, difference: 2, sinceMs: 0 }])
    expect(await h.attention()).toMatchObject([{ code: 'balance_not_closed', whoActs: 'Gateway operator' }])
    expect(await h.health()).toMatchObject({ ok: false, code: 'balance_not_closed' })
    await h.work()
    expect(await readMail(h.deps, h.tenant, lost.id)).toMatchObject({ state: 'sent' })
    expect(await readMail(h.deps, h.tenant, held.id)).toMatchObject({ state: 'queued', held: true })
    expect(await checkBalance(h.deps)).toBe(0)
    expect([await h.attention(), (await h.health())?.ok]).toEqual([[], true])
  })

  test('a mail that moves twice while it is looked at has a place: nothing is put back, nobody is told', async () => {
    const h = await harness()
    const { id } = await h.accept({ hold: true })
    h.peer.script.send = () => faultOf('transient')
    const { tables, names } = h.deps
    const moves = [
      { at: names.table('mails'), move: () => releaseMail(h.deps, h.tenant, id) },
      { at: names.table('outbox'), move: () => h.work() },
    ]
    const moving = async (table: string) => {
      if (moves[0]?.at === table) await moves.shift()?.move()
    }
    const seen: Tables = {
      ...tables,
      async *query(table, query) {
        await moving(table)
        yield* tables.query(table, query)
      },
      async get(table, partition, row) {
        await moving(table)
        return tables.get(table, partition, row)
      },
    }
    expect(await checkBalance({ ...h.deps, tables: seen })).toBe(0)
    expect(moves).toEqual([])
    expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'waiting' })
    expect(await h.rows('outbox')).toHaveLength(1)
    expect(h.lines()).toEqual([])
  })

  test('of a tenant that is being removed nothing is put back', async () => {
    const h = await harness()
    const { id } = await h.accept()
    await h.loseHint(id)
    const row = { partitionKey: '~', rowKey: `tenant~${h.tenant}` }
    await h.stores.tables.upsert(h.deps.names.table('tenants'), { ...row, state: 'removing' })
    h.clock.advance(20 * minute)
    expect(await checkBalance(h.deps)).toBe(0)
    expect([await h.rows('outbox'), h.lines()]).toEqual([[], []])
  })

  test('a lane that nobody will look at though mail of different minutes waits is woken and told', async () => {
    const h = await harness()
    const { id } = await h.accept()
    h.clock.advance(2 * minute)
    await h.accept()
    ;(h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send'))
    for (const row of await h.rows('due'))
      await h.stores.tables.remove(h.deps.names.table('due'), { partitionKey: row.partitionKey, rowKey: row.rowKey })
    h.clock.advance(20 * minute)
    await h.work()
    expect(h.peer.sent).toHaveLength(0)
    expect(await checkBalance(h.deps)).toBe(0)
    expect(h.lines()).toMatchObject([{ difference: 2 }])
    await h.work()
    expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent' })
  })

  test('C8: a mail that was tried already and that nobody will look at is told: no crash in an acceptance explains it', async () => {
    const h = await harness()
    await h.accept()
    h.peer.script.send = () => faultOf('transient')
    await h.work()
    h.peer.script.send = () => undefined
    for (const row of await h.rows('due'))
      await h.stores.tables.remove(h.deps.names.table('due'), { partitionKey: row.partitionKey, rowKey: row.rowKey })
    h.clock.advance(60 * minute)
    await checkBalance(h.deps)
    expect([h.lines().map(({ difference }) => difference), h.repairs()]).toEqual([[1], []])
    await h.work()
    expect(h.peer.sent).toHaveLength(1)
  })

  test('C8: a process that dies at any step of an acceptance, whose caller does not repeat, alarms nobody', async () => {
    const found = { mails: 0, repaired: 0, interrupted: 0 }
    for (let crashAt = 2, finished = false; !finished; crashAt++) {
      const h = await harness()
      const doomed = h.process(crashAt)
      const submission = parseMailSubmission({ to: ['b@b.example'], text: 'x' })
      await acceptMail(doomed.deps, h.tenant, { submission }).catch(() => undefined)
      finished = !doomed.state.dead
      for (let round = 0; round < 5; round++) {
        h.clock.advance(5 * minute)
        await checkBalance(h.deps)
        await h.work()
      }
      expect([crashAt, h.lines(), await h.attention()]).toEqual([crashAt, [], []])
      expect(await h.rows('outbox')).toEqual([])
      found.mails += h.peer.sent.length
      found.repaired += h.repairs().length
      const log = h.deps.names.log('sendinglog', '20260105')
      for await (const { code } of h.stores.tables.query(log, { partitionRange: ['', '~~~'] }))
        if (code === 'acceptance_interrupted') found.interrupted += 1
    }
    expect(found.mails).toBeGreaterThanOrEqual(5)
    expect(found.interrupted).toBeGreaterThan(0)
    expect(found.repaired).toBeGreaterThan(found.interrupted)
  })

  test('a lost journal row is told for a day, with the place of its content', async () => {
    const h = await harness()
    // It was tried once: only its row tells why its hint is where it is.
    h.peer.script.send = () => faultOf('transient')
    const { id } = await h.accept()
    await h.work()
    await h.loseJournalRow(id)
    await h.work()
    expect(await checkBalance(h.deps)).toBe(0)
    h.clock.advance(11 * minute)
    await h.work()
    expect(await checkBalance(h.deps)).toBe(1)
    expect(await h.attention()).toHaveLength(1)
    h.clock.advance(30 * minute)
    await checkBalance(h.deps)
    expect(h.lines()).toMatchObject([{ sinceMs: 0 }, { difference: 1, sinceMs: 30 * minute }])
    const log = h.deps.names.log('sendinglog', '20260105')
    const noted = []
    for await (const row of h.stores.tables.query(log, { partition: `${h.tenant}~e~08` })) noted.push(row)
    expect(noted[0]?.['description']).toContain(`kept as ${h.tenant}/${id}-`)
    h.clock.advance(24 * 60 * minute)
    expect(await checkBalance(h.deps)).toBe(0)
    expect([await h.rows('outbox'), await h.attention()]).toEqual([[], []])
  })

  test('C8: an accepted mail whose journal row is lost before anybody tried it is told, not taken for an interrupted acceptance', async () => {
    const early = await harness()
    const { id } = await early.accept()
    await early.loseJournalRow(id)
    // The message names the mail: it was there.
    await early.work()
    early.clock.advance(11 * minute)
    expect(await checkBalance(early.deps)).toBe(1)
    expect(await early.attention()).toMatchObject([{ code: 'balance_not_closed' }])
    expect(early.repairs()).toEqual([])

    const waiting = await harness()
    const planned = await waiting.accept({ notBefore: new Date(waiting.clock.now() + 24 * 60 * minute).toISOString() })
    await waiting.work()
    waiting.clock.advance(11 * minute)
    expect(await checkBalance(waiting.deps)).toBe(0)
    const writes = waiting.state.calls
    expect(await checkBalance(waiting.deps)).toBe(0)
    const again = waiting.state.calls - writes
    await checkBalance(waiting.deps)
    // Marked once, not in each round.
    expect(waiting.state.calls - writes).toBe(2 * again)
    await waiting.loseJournalRow(planned.id)
    waiting.clock.advance(11 * minute)
    expect(await checkBalance(waiting.deps)).toBe(1)
    expect(await waiting.attention()).toMatchObject([{ code: 'balance_not_closed' }])
  })

  test('a run ends after its share of time and the next continues there', async () => {
    const h = await harness()
    const lost = await h.accept()
    await h.loseHint(lost.id)
    // Every look into the journal takes long.
    const { query } = h.deps.tables
    let slices = 0
    h.deps.tables.query = (table, what) => {
      if (table === h.deps.names.table('mails')) {
        slices += 1
        h.clock.advance(3_000)
      }
      return query(table, what)
    }
    let runs = 0
    while (runs < 10 && (await h.health())?.text === 'not checked yet') {
      runs += 1
      await checkBalance(h.deps)
    }
    expect(runs).toBe(5)
    expect(slices).toBe(32)
    expect(h.lines()).toMatchObject([{ difference: 1 }])
    expect(await h.health()).toMatchObject({ ok: false })
  })
})
