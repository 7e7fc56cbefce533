/** Mail that could not be taken is told, shown on one card of its mailbox, and imported when somebody wants it. */
import { describe, expect, test } from 'vitest'
import { listAttention } from '../../../lib/flows/ops/list-attention.js'
import { purgeOld } from '../../../lib/flows/ops/retention.js'
import { importMails } from '../../../lib/flows/receive/import-mails.js'
import { readReceivedRaw } from '../../../lib/flows/receive/received-read.js'
import { newId } from '../../../lib/model/ids.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { pollWorld } from '../../support/receive/poll-world.js'
import { broken } from '../../support/receive/scripted-mailbox.js'

type World = Awaited<ReturnType<typeof pollWorld>>

const day = 86_400_000

/** Uid 2 of three ends the worker until it is in quarantine. */
async function withKiller(killers = [2]): Promise<World> {
  const at = await pollWorld()
  for (const uid of [1, 2, 3]) at.server.put(uid)
  at.server.beforeRaw = async ({ uid }) => {
    if (killers.includes(uid)) at.die()
  }
  for (let n = 0; n < 8; n++) await at.poll()
  return at
}

const cards = async (at: World) => (await listAttention(at.deps, at.tenant, { limit: 10 })).attention
const ask = (at: World) => importMails(at.deps, { tenant: at.tenant, mailboxId: at.mailbox.id })

describe('mail in quarantine is told', () => {
  test('C4: one event with code, who acts and remedy, one card with mailbox, count and the action that imports', async () => {
    const at = await withKiller()
    expect(at.quarantinings).toMatchObject([
      {
        id: expect.stringMatching(/^[a-z2-7]{26}$/),
        data: {
          mailboxId: at.mailbox.id,
          mailboxKey: at.mailbox.key,
          code: 'mail_killed_poll',
          whoActs: 'An administrator, after checking the mailbox',
          description: expect.stringContaining('stopped 2 times'),
          remedy: expect.stringContaining('import it'),
        },
      },
    ])
    const [missing] = await at.quarantined()
    expect(at.quarantinings[0]!.data.receivedId).toBe(missing!.id)
    expect(await cards(at)).toMatchObject([
      {
        kind: 'mailbox-quarantine',
        id: at.mailbox.id,
        code: 'mail_quarantined',
        subject: at.mailbox.address,
        description: expect.stringMatching(new RegExp(`^1 mail of ${at.mailbox.address} .*1 mail_killed_poll`)),
        actions: [{ operation: 'mailboxImport', path: `/api/v1/mailboxes/${at.mailbox.id}/import` }],
      },
    ])
  })

  test('C4: several in quarantine of one mailbox are one card, and one event each', async () => {
    const at = await withKiller([1, 3])
    expect(new Set(at.quarantinings.map(({ id }) => id)).size).toBe(2)
    expect(await cards(at)).toMatchObject([{ description: expect.stringMatching(/^2 mails /) }])
  })

  test('C4: a worker that dies between the row and the event: the next poll tells it, under the same id', async () => {
    const at = await pollWorld()
    at.server.put(1, '', { raw: 'x'.repeat(9_000), fault: broken('mail_too_large', 'permanent') })
    at.server.put(2)
    const { queues } = at.deps
    at.deps.queues = { ...queues, send: async () => at.die() }
    await at.poll()
    expect(await at.quarantined()).toHaveLength(1)
    expect(at.quarantinings).toEqual([])
    at.deps.queues = queues
    await at.poll()
    await at.poll()
    expect(at.quarantinings).toMatchObject([{ data: { code: 'mail_too_large' } }])
    expect(at.told()).toEqual([2])
  })

  test('C4: a worker that dies there, and the mail can be read by then: it is told as set aside all the same', async () => {
    const at = await pollWorld()
    at.server.put(1, '', { fault: broken('graph_http_410', 'permanent') })
    await at.poll()
    const { queues } = at.deps
    at.deps.queues = { ...queues, send: async () => at.die() }
    await at.poll()
    expect(await at.quarantined()).toHaveLength(1)
    at.deps.queues = queues
    delete at.server.mails[0]!.fault
    await at.poll()
    await at.poll()
    expect(at.quarantinings).toMatchObject([{ data: { code: 'graph_http_410' } }])
    expect(at.told()).toEqual([])
    expect(await at.row()).toMatchObject({ aside: '' })
  })

  test('C4: what retention removes leaves the card too', async () => {
    const at = await withKiller()
    at.pass(91 * day)
    await purgeOld(at.deps, 30)
    expect(await at.quarantined()).toEqual([])
    expect(await cards(at)).toEqual([])
  })
})

describe('mail in quarantine is imported', () => {
  test('C4: without its bytes it is fetched again: told once, done at the server, and the card goes', async () => {
    const at = await withKiller()
    at.server.beforeRaw = async () => {}
    expect(await ask(at)).toEqual({ importing: 1, outOfReach: 0 })
    for (let n = 0; n < 3; n++) await at.poll()
    expect(at.told()).toEqual([1, 2, 3])
    expect(await at.quarantined()).toEqual([])
    expect(await cards(at)).toEqual([])
    expect(await at.row()).toMatchObject({ aside: '', busy: false })
    expect(await ask(at)).toEqual({ importing: 0, outOfReach: 0 })
  })

  test('C4: one that ends the worker again is back in quarantine after that one death, told again, and never goes round', async () => {
    const at = await withKiller()
    const deaths = at.deaths
    await ask(at)
    at.server.put(4)
    for (let n = 0; n < 8; n++) await at.poll()
    expect(at.deaths).toBe(deaths + 1)
    expect(at.told()).toEqual([1, 3, 4])
    expect(await at.quarantined()).toMatchObject([{ code: 'mail_killed_poll', attempts: 2 }])
    expect(new Set(at.quarantinings.map(({ id }) => id)).size).toBe(2)
    expect(at.quarantinings).toHaveLength(2)
    expect(await cards(at)).toMatchObject([{ description: expect.stringMatching(/^1 mail /) }])
    // And it can be asked for again.
    at.server.beforeRaw = async () => {}
    await ask(at)
    await at.poll()
    expect(at.told()).toEqual([1, 2, 3, 4])
    expect(await cards(at)).toEqual([])
  })

  test('C4: from the bytes that were kept, though the server has the mail no more', async () => {
    const at = await pollWorld()
    at.server.put(1)
    at.server.put(2)
    let reads = 0
    at.server.beforeRaw = async ({ uid }) => {
      if (uid === 1 && reads++ < 5) throw broken('imap_no', 'transient')
    }
    for (let n = 0; n < 8; n++) await at.poll()
    const [kept] = await at.quarantined()
    expect(kept).toMatchObject({ code: 'imap_no', attempts: 5 })
    at.server.mails = []
    const asked = at.server.rawReads
    await ask(at)
    await at.poll()
    expect(at.told()).toEqual([1, 2])
    expect(at.server.rawReads).toBe(asked)
    const raw = await readReceivedRaw(at.deps, { tenant: at.tenant, mailboxId: at.mailbox.id, id: kept!.id })
    expect(Buffer.from(raw).toString()).toContain('Message-ID: <1@example.com>')
    expect(await cards(at)).toEqual([])
  })

  test('C4: a worker that dies at any write of an import loses nothing, tells under one id, and ends', async () => {
    let finished = 0
    for (let write = 0; write < 14; write++) {
      const at = await withKiller()
      at.server.beforeRaw = async () => {}
      await ask(at)
      const { tables, queues, blobs } = at.deps
      let left = write
      const dying = <Port extends object>(port: Port): Port =>
        new Proxy(port, {
          get(target, name, receiver) {
            const member = Reflect.get(target, name, receiver) as unknown
            if (
              typeof member !== 'function' ||
              !/^(insert|update|upsert|remove|transaction|put|send)$/.test(String(name))
            )
              return member
            return (...input: unknown[]) => (left-- === 0 ? at.die() : (member.apply(target, input) as unknown))
          },
        })
      Object.assign(at.deps, { tables: dying(tables), queues: dying(queues), blobs: dying(blobs) })
      await at.poll()
      Object.assign(at.deps, { tables, queues, blobs })
      if (left >= 0) finished++
      for (let n = 0; n < 4; n++) await at.poll()
      // Back in quarantine is no loss: it is asked for once more.
      if ((await cards(at)).length > 0) await ask(at)
      for (let n = 0; n < 4; n++) await at.poll()
      expect([...new Set(at.told())], `died at write ${write}`).toEqual([1, 2, 3])
      expect(await at.quarantined(), `died at write ${write}`).toEqual([])
      expect(await cards(at), `died at write ${write}`).toEqual([])
    }
    // Every write of the way was reached.
    expect(finished).toBeGreaterThan(0)
  })

  test('C4: one that its owner removed meanwhile leaves nothing to import, and no card', async () => {
    const at = await withKiller()
    at.server.mails = at.server.mails.filter(({ uid }) => uid !== 2)
    await ask(at)
    for (let n = 0; n < 3; n++) await at.poll()
    expect(await at.quarantined()).toEqual([])
    expect(await cards(at)).toEqual([])
    expect(at.told()).toEqual([1, 3])
  })

  test('C4: an id of another server is not asked for at this one', async () => {
    const at = await withKiller()
    const imap = { host: 'other.example.com', port: 993, tls: 'implicit', folder: 'INBOX' } as const
    const receive = { transport: 'imap' as const, connectionId: newId(), imap, after: { action: 'leave' as const } }
    await at.deps.tables.upsert(at.deps.names.table('mailboxes'), toRow({ ...at.mailbox, receive }))
    expect(await ask(at)).toEqual({ importing: 0, outOfReach: 1 })
  })

  test('C4: more than the list holds come in several polls, once each', async () => {
    const at = await pollWorld({ maxMailBytes: 100, mailsPerPoll: 300 })
    for (let uid = 1; uid <= 250; uid++) at.server.put(uid, 'x'.repeat(200))
    await at.poll()
    expect(at.quarantinings).toHaveLength(250)
    Object.assign(at.deps.config, { maxMailBytes: 1_000_000 })
    expect(await ask(at)).toMatchObject({ importing: 250 })
    await at.poll()
    expect(at.told().length).toBeLessThan(250)
    for (let n = 0; n < 4; n++) await at.poll()
    expect(at.told()).toEqual(Array.from({ length: 250 }, (_, n) => n + 1))
    expect(await cards(at)).toEqual([])
  })
})
