import { describe, expect, inject, test } from 'vitest'
import { purgeOld } from '../../lib/flows/ops/retention.js'
import { blobName } from '../../lib/flows/send/accept-mail.js'
import { sendFlows } from '../../lib/flows/send/index.js'
import { newId } from '../../lib/model/ids.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import type { Row } from '../../lib/ports/tables.js'
import { listLog, writeLog } from '../../lib/rows/logs.js'
import { inboundBlob, listKey, receivedKey } from '../../lib/rows/received.js'
import { faultOf, sendHarness } from '../support/send/send-harness.js'
import { azuriteStores } from '../support/storage/azurite-stores.js'

const { acceptMail, cancelMail, drainLane, readMail, retryMail } = sendFlows
const days = 86_400_000
const keptDays = 30

/** A mailbox with mail in every state on day 0, and some on day 20. */
async function world(stores?: Parameters<typeof sendHarness>[0]) {
  const h = await sendHarness(stores)
  const { deps, tenant, mailbox, peer, clock } = h
  const work = { v: 1, tenant, mailboxId: mailbox.id }
  const submit = async (subject: string, more: object = {}) =>
    (
      await acceptMail(deps, tenant, {
        submission: parseMailSubmission({ to: ['b@b.example'], subject, text: 'x', ...more }),
      })
    ).mail
  const sent = await submit('sent')
  await drainLane(deps, work)
  peer.script.send = () => faultOf('permanent')
  const failed = await submit('failed')
  const retried = await submit('retried')
  await drainLane(deps, work)
  peer.script.send = () => undefined
  peer.script.after = () => faultOf('transient', { outcome: 'unknown' })
  const doubtful = await submit('doubtful')
  await drainLane(deps, work)
  peer.script.after = () => undefined
  const cancelled = await submit('cancelled', { hold: true })
  await cancelMail(deps, tenant, cancelled.id)
  const held = await submit('held', { hold: true })
  const receive = async (name: string, state: string) => {
    const now = deps.clock.now()
    const partitionKey = `${tenant}~${mailbox.id}`
    const id = newId()
    const blob = inboundBlob({ tenant, mailboxId: mailbox.id, id })
    const row: Row = {
      partitionKey,
      rowKey: receivedKey(id),
      v: 1,
      state,
      blob,
      storedAt: now,
      receivedAt: 1_000,
      from: name,
    }
    await deps.tables.insert(deps.names.table('received'), row)
    await deps.tables.insert(deps.names.table('received'), { partitionKey, rowKey: listKey(1_000, id), v: 1, h: id })
    await deps.blobs.put(deps.names.container(state === 'quarantined' ? 'quarantine' : 'inbound'), {
      name: blob,
      bytes: Buffer.from(name),
    })
    await writeLog(deps, 'receivinglog', { tenant, mailboxId: mailbox.id, outcome: 'received' })
    return id
  }
  const old = [await receive('old', 'handed-over'), await receive('old', 'handed-over')]
  const stored = await receive('stored', 'stored')
  const aside = await receive('aside', 'quarantined')
  clock.advance(20 * days)
  await retryMail(deps, tenant, retried.id)
  await drainLane(deps, work)
  const later = await submit('later')
  await drainLane(deps, work)
  const young = await receive('young', 'handed-over')
  return { ...h, work, mails: { sent, failed, retried, doubtful, cancelled, held, later }, old, stored, aside, young }
}
type World = Awaited<ReturnType<typeof world>>

/** Which mails have a row; a row of a list that leads nowhere is named too. */
async function standing({ stores, deps, tenant, mailbox, mails }: World) {
  const kept: string[] = []
  for (const [name, { id }] of Object.entries(mails))
    if ((await stores.tables.get(deps.names.table('mails'), `${tenant}~${id.slice(0, 2)}`, id)) !== undefined)
      kept.push(name)
  const received: string[] = []
  const lists: string[] = []
  for await (const row of stores.tables.query(deps.names.table('received'), { partition: `${tenant}~${mailbox.id}` }))
    if (row.rowKey.startsWith('h~')) received.push(String(row['from']))
    else lists.push(String(row['h']))
  const blobs: string[] = []
  for (const name of ['outbound', 'inbound', 'quarantine'] as const)
    for await (const { name: blob } of stores.blobs.list(deps.names.container(name), '')) blobs.push(`${name} ${blob}`)
  return { mails: kept.sort(), received: received.sort(), lists: lists.length, blobs: blobs.length }
}

const untouched = {
  mails: ['cancelled', 'doubtful', 'failed', 'held', 'later', 'retried', 'sent'],
  received: ['aside', 'old', 'old', 'stored', 'young'],
  lists: 5,
  // Content of what failed, what nobody knows of and what is held, and the five received ones.
  blobs: 8,
}
const afterMonth = {
  mails: ['doubtful', 'held', 'later', 'retried'],
  received: ['aside', 'stored', 'young'],
  lists: 3,
  blobs: 5,
}

const stores = {
  memory: () => undefined,
  Azurite: () => {
    const real = azuriteStores({ connectionString: inject('azurite') })
    return { stores: real, environment: `r${newId().slice(0, 6)}` }
  },
}

describe('M-124: retention', () => {
  test.each(Object.entries(stores))('on %s: final mail goes with its day, open mail never', async (_, make) => {
    const w = await world(make())
    const { deps, clock, tenant, mails } = w
    const day = (at: number) => new Date(at).toISOString().slice(0, 10).replaceAll('-', '')
    const start = clock.now() - 20 * days
    expect(await purgeOld(deps, keptDays)).toEqual([])
    expect(await standing(w)).toEqual(untouched)
    const query = { log: 'sending', limit: 50 } as const
    expect((await listLog(deps, tenant, { ...query, day: day(start) })).length).toBe(5)
    expect((await listLog(deps, tenant, { ...query, day: day(start), failed: true })).length).toBe(3)
    expect((await listLog(deps, tenant, { ...query, day: day(clock.now()) })).length).toBe(3)

    clock.advance(10 * days)
    expect(await purgeOld(deps, keptDays)).toEqual([])
    expect(await standing(w)).toEqual(untouched)
    clock.advance(1 * days)
    const names = ['sendinglog', 'receivinglog', 'mailindex'] as const
    expect(await purgeOld(deps, keptDays)).toEqual(names.map((name) => deps.names.log(name, day(start))))
    expect(await standing(w)).toEqual(afterMonth)
    expect(await listLog(deps, tenant, { ...query, day: day(start) })).toEqual([])
    expect((await listLog(deps, tenant, { ...query, day: day(start + 20 * days) })).length).toBe(3)
    await expect(readMail(deps, tenant, mails.sent.id)).rejects.toMatchObject({ code: 'not_found' })

    // What was held all the time is whole.
    expect(await readMail(deps, tenant, mails.held.id)).toMatchObject({ state: 'queued', held: true })
    expect(await deps.blobs.get(deps.names.container('outbound'), blobName(mails.held))).toBeDefined()

    clock.advance(20 * days)
    await purgeOld(deps, keptDays)
    expect((await standing(w)).mails).toEqual(['doubtful', 'held'])
    expect((await standing(w)).received).toEqual(['aside', 'stored'])
    // A person has 90 days for what is in quarantine; the mailbox's next day of mail finds it then.
    clock.advance(60 * days)
    await writeLog(deps, 'receivinglog', { tenant, mailboxId: w.mailbox.id, outcome: 'received' })
    clock.advance(31 * days)
    await purgeOld(deps, keptDays)
    expect((await standing(w)).received).toEqual(['stored'])
  })

  test('a run does a bounded part, and the next ones the rest', async () => {
    const w = await world()
    w.clock.advance(11 * days)
    const runs: number[] = []
    for (let dropped = 0; dropped < 2 && runs.length < 50; ) {
      const before = await standing(w)
      dropped += (await purgeOld(w.deps, keptDays, 2)).length
      const after = await standing(w)
      runs.push(before.mails.length + before.received.length - after.mails.length - after.received.length)
    }
    expect(runs.length).toBeGreaterThan(4)
    expect(Math.max(...runs)).toBeLessThanOrEqual(4)
    expect(await standing(w)).toEqual(afterMonth)
  })

  test('a crash after any request is repaired by the next run', async () => {
    const dry = await world()
    dry.clock.advance(11 * days)
    const measured = dry.process()
    await purgeOld(measured.deps, keptDays)
    expect(measured.state.calls).toBeGreaterThan(20)
    for (let call = 1; call <= measured.state.calls; call++) {
      const w = await world()
      w.clock.advance(11 * days)
      const dying = w.process(call * 2 + 1)
      await purgeOld(dying.deps, keptDays).catch(() => undefined)
      expect(dying.state.dead).toBe(true)
      await purgeOld(w.process().deps, keptDays)
      expect(await standing(w), `call ${call}`).toEqual(afterMonth)
    }
  })

  test('a mail that somebody retries at the very moment stays, with its content', async () => {
    const w = await world()
    w.clock.advance(11 * days)
    const { tables } = w.deps
    const deps = {
      ...w.deps,
      tables: {
        ...w.stores.tables,
        remove: async (...input: Parameters<typeof tables.remove>) => {
          if (input[1].rowKey === w.mails.failed.id) await retryMail(w.deps, w.tenant, w.mails.failed.id)
          return w.stores.tables.remove(...input)
        },
      },
    }
    await purgeOld(deps, keptDays)
    expect((await readMail(w.deps, w.tenant, w.mails.failed.id)).state).toBe('queued')
    await drainLane(w.deps, w.work)
    expect((await readMail(w.deps, w.tenant, w.mails.failed.id)).state).toBe('sent')
  })

  test('of a mailbox that is gone everything past the retention goes, also what nobody looked at', async () => {
    const w = await world()
    w.clock.advance(11 * days)
    await w.stores.tables.remove(w.deps.names.table('mailboxes'), {
      partitionKey: `${w.tenant}~${w.mailbox.id}`,
      rowKey: 'mailbox',
    })
    await purgeOld(w.deps, keptDays)
    expect((await standing(w)).received).toEqual(['young'])
  })
})
