/** A start that the application asked for: nothing but the call made for it moves it. */
import { describe, expect, test } from 'vitest'
import { changeMailbox } from '../../../lib/flows/admin/change-mailbox.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Row } from '../../../lib/ports/tables.js'
import { mailPartition } from '../../../lib/rows/mail-columns.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, openGate, readMail, releaseMail, retryMail, sendMailNow } = sendFlows
const day = 86_400_000

async function harness() {
  const h = await sendHarness()
  const { deps, tenant, mailbox, clock, peer } = h
  const planned = new Date(clock.now() + 24 * day).toISOString()
  const table = deps.names.table('mails')
  return {
    ...h,
    planned,
    accept: async (more: object = {}) =>
      (
        await acceptMail(deps, tenant, {
          submission: parseMailSubmission({ to: ['b@b.example'], text: 'x', notBefore: planned, ...more }),
        })
      ).mail.id,
    read: (id: string) => readMail(deps, tenant, id),
    drain: () => drainLane(deps, { v: 1, tenant, mailboxId: mailbox.id, sweep: true }),
    change: (active: boolean) => changeMailbox(deps, { tenant, mailboxId: mailbox.id }, { active }),
    sentTo: () => peer.sent.flatMap(({ recipients }) => recipients),
    /** The row as a build without `plannedAt` leaves it. */
    async forget(id: string) {
      const {
        etag: _etag,
        plannedAt: _plannedAt,
        ...old
      } = (await h.stores.tables.get(table, mailPartition(tenant, id), id)) as Row
      await h.stores.tables.remove(table, { partitionKey: mailPartition(tenant, id), rowKey: id })
      await h.stores.tables.insert(table, old as Row)
    },
  }
}

type World = Awaited<ReturnType<typeof harness>>

describe('D4 O5: a planned mail keeps its date', () => {
  test.each<[string, (w: World, id: string) => Promise<unknown>]>([
    ['a retry', (w, id) => retryMail(w.deps, w.tenant, id)],
    [
      'a retry of a row of an older build',
      async (w, id) => {
        await w.forget(id)
        await retryMail(w.deps, w.tenant, id)
      },
    ],
    ['an opened gate', (w) => openGate(w.deps, { tenant: w.tenant, mailboxId: w.mailbox.id })],
    [
      'a pause and its end',
      async (w) => {
        await w.change(false)
        await w.change(true)
      },
    ],
    [
      'a gate that closes and opens again',
      async (w) => {
        w.peer.script.open = () => faultOf('needs-admin')
        await acceptMail(w.deps, w.tenant, { submission: parseMailSubmission({ to: ['other@b.example'], text: 'x' }) })
        await w.drain()
        w.peer.script.open = () => undefined
        await openGate(w.deps, { tenant: w.tenant, mailboxId: w.mailbox.id })
      },
    ],
  ])('through %s', async (_, act) => {
    const w = await harness()
    const id = await w.accept()
    await act(w, id)
    await w.drain()
    expect(w.sentTo()).not.toContain('b@b.example')
    expect(await w.read(id)).toMatchObject({ state: 'queued', plannedAt: w.planned, notBefore: w.planned })
    w.clock.advance(24 * day)
    await w.drain()
    expect(w.sentTo()).toContain('b@b.example')
    expect(await w.read(id)).toMatchObject({ state: 'sent', plannedAt: w.planned })
  })

  test('through hold and release', async () => {
    const w = await harness()
    const id = await w.accept({ hold: true })
    await releaseMail(w.deps, w.tenant, id)
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state: 'queued', held: false, notBefore: w.planned })
    expect(w.sentTo()).toEqual([])
  })

  test('and once it was tried, a retry ends its back-off at once', async () => {
    const w = await harness()
    const id = await w.accept()
    w.clock.advance(24 * day)
    w.peer.script.send = () => faultOf('transient')
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state: 'waiting', plannedAt: w.planned })
    w.peer.script.send = () => undefined
    await retryMail(w.deps, w.tenant, id)
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state: 'sent' })
  })
})

describe('D4: send-now', () => {
  test('sends a planned mail at once and replaces its date', async () => {
    const w = await harness()
    const id = await w.accept()
    expect(await sendMailNow(w.deps, w.tenant, id)).toMatchObject({ state: 'queued', plannedAt: '' })
    await w.drain()
    expect(w.sentTo()).toEqual(['b@b.example'])
    expect(await w.read(id)).toMatchObject({ state: 'sent', plannedAt: '' })
  })

  test('works for one planned under an older build, and no older row is read as planned afterwards', async () => {
    const w = await harness()
    const id = await w.accept()
    await w.forget(id)
    expect(await w.read(id)).toMatchObject({ plannedAt: w.planned })
    await sendMailNow(w.deps, w.tenant, id)
    await w.drain()
    expect(await w.read(id)).toMatchObject({ state: 'sent', plannedAt: '' })
  })

  test('ends a back-off, and refuses what is held, final or on its way', async () => {
    const w = await harness()
    w.peer.script.send = () => faultOf('transient')
    const waiting = await w.accept({ notBefore: undefined })
    await w.drain()
    w.peer.script.send = () => undefined
    await sendMailNow(w.deps, w.tenant, waiting)
    await w.drain()
    const refused = { status: 409, code: 'wrong_state' }
    await expect(sendMailNow(w.deps, w.tenant, waiting)).rejects.toMatchObject(refused)
    const held = await w.accept({ hold: true })
    await expect(sendMailNow(w.deps, w.tenant, held)).rejects.toMatchObject(refused)
    await cancelMail(w.deps, w.tenant, held)
    await expect(sendMailNow(w.deps, w.tenant, held)).rejects.toMatchObject(refused)
  })
})
