import { expect, test } from 'vitest'
import { removeMailbox } from '../../../lib/flows/admin/remove-mailbox.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import type { Row } from '../../../lib/ports/tables.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail, resolveMail, sweepLanes } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const offer = parseMailSubmission({ to: ['bob@b.example'], subject: 'Offer 7', text: 'Hello' })

const eventsOf = (h: Harness) =>
  (h.stores.queues as MemoryQueues).take(h.deps.names.eventsQueue(h.tenant)) as { type: string; id: string }[]

async function rowsOf(h: Harness, table: 'outbox' | 'attention' | 'due'): Promise<Row[]> {
  const rows = []
  for await (const row of h.stores.tables.query(h.deps.names.table(table), { partitionRange: ['', '~~~'] }))
    rows.push(row)
  return rows
}

/** What timers and queues do by themselves, for as long as a person would not look. */
async function hoursPass(h: Harness, hours = 1) {
  for (let look = 0; look < hours * 10; look++) {
    h.clock.advance(6 * 60_000)
    await sweepLanes(h.deps)
    for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send')))
      await drainLane(h.deps, message)
  }
}

/** A worker that dies when the mail server has the mail and the journal does not know it. */
async function diedInHandOver() {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: offer })
  const doomed = h.process()
  h.peer.script.after = () => {
    doomed.state.dead = true
    return undefined
  }
  await expect(drainLane(doomed.deps, work(h))).rejects.toThrow()
  h.peer.script.after = () => undefined
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'handing-over' })
  return { h, mail }
}

function removal(h: Harness) {
  return { ...h.deps, clock: { ...h.clock, sleep: async (ms: number) => h.clock.advance(ms) } }
}

test('C3: a process that dies at any step before a person is asked: the person is asked all the same, with one card and one event id', async () => {
  let finished = false
  for (let crashAt = 2; !finished; crashAt++) {
    const h = await sendHarness()
    h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: offer })
    await drainLane(h.deps, work(h))
    h.clock.advance(61_000)
    const doomed = h.process(crashAt)
    await drainLane(doomed.deps, work(h)).catch((error: unknown) => {
      if (!doomed.state.dead) throw error
    })
    finished = !doomed.state.dead
    await hoursPass(h)
    expect([crashAt, (await readMail(h.deps, h.tenant, mail.id)).state]).toEqual([crashAt, 'unknown'])
    const told = eventsOf(h).filter(({ type }) => type === 'mail.unknown')
    expect([crashAt, new Set(told.map(({ id }) => id)).size]).toEqual([crashAt, 1])
    expect(await rowsOf(h, 'attention')).toMatchObject([{ rowKey: `mail-unknown~${mail.id}` }])
    expect((await rowsOf(h, 'outbox')).map(({ rowKey }) => rowKey.slice(0, 2))).toEqual(['u~'])
    expect(h.peer.sent).toHaveLength(1)
  }
})

test('C3: evidence that comes after a person was asked takes the card away', async () => {
  const { h, mail } = await diedInHandOver()
  h.clock.advance(6 * 60_000)
  // It dies between the card and the end of the wait.
  for (let crashAt = 2; crashAt < 100 && (await rowsOf(h, 'attention')).length === 0; crashAt++) {
    const doomed = h.process(crashAt)
    await drainLane(doomed.deps, work(h)).catch(() => {})
    h.clock.advance(6 * 60_000)
  }
  expect(await rowsOf(h, 'attention')).toHaveLength(1)
  h.peer.script.lookUp = () => 'sent'
  await hoursPass(h)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
  expect(await rowsOf(h, 'attention')).toEqual([])
})

test('C7: a mailbox is removed while a dead worker’s mail is in hand-over: told, with a card, nothing left behind', async () => {
  const { h, mail } = await diedInHandOver()
  await removeMailbox(removal(h), { tenant: h.tenant, mailboxId: h.mailbox.id }, { force: true })
  await hoursPass(h)
  const found = await readMail(h.deps, h.tenant, mail.id)
  expect(found).toMatchObject({ state: 'unknown' })
  expect(found.lastError?.text).toContain('The mailbox was removed')
  expect(eventsOf(h).map(({ type }) => type)).toEqual(['connection.changed', 'mail.unknown'])
  expect(await rowsOf(h, 'attention')).toMatchObject([{ rowKey: `mail-unknown~${mail.id}` }])
  expect(await rowsOf(h, 'due')).toEqual([])
  await resolveMail(h.deps, h.tenant, { id: mail.id, outcome: 'sent' })
  expect(await rowsOf(h, 'attention')).toEqual([])
  expect(await rowsOf(h, 'outbox')).toEqual([])
})

test('C7: a dead worker’s mail that had not left fails and is told when its mailbox is removed, once', async () => {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: offer })
  for (let crashAt = 2; crashAt < 100; crashAt++) {
    if ((await readMail(h.deps, h.tenant, mail.id)).state === 'sending') break
    h.clock.advance(6 * 60_000)
    await drainLane(h.process(crashAt).deps, work(h)).catch(() => {})
  }
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sending' })
  await removeMailbox(removal(h), { tenant: h.tenant, mailboxId: h.mailbox.id }, { force: true })
  await hoursPass(h)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({
    state: 'failed',
    lastError: { code: 'mailbox_removed', remedy: expect.stringMatching(/Submit/) },
  })
  expect(eventsOf(h)).toMatchObject([
    { type: 'mail.failed', data: { mailId: mail.id, code: 'mailbox_removed' } },
    { type: 'connection.changed' },
  ])
  expect(await rowsOf(h, 'outbox')).toEqual([])
  expect(await rowsOf(h, 'due')).toEqual([])
})

test('C7: an unknown mail of a mailbox that is switched off is told after its deadline, not never', async () => {
  const { h, mail } = await diedInHandOver()
  const key = { partitionKey: `${h.tenant}~${h.mailbox.id}`, rowKey: 'mailbox' }
  const row = await h.stores.tables.get(h.deps.names.table('mailboxes'), key.partitionKey, key.rowKey)
  await h.stores.tables.update(h.deps.names.table('mailboxes'), { ...key, active: false }, row?.etag ?? '')
  await hoursPass(h, 24)
  expect(await rowsOf(h, 'attention')).toEqual([])
  await hoursPass(h, 60)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown', lookUpAt: '' })
  expect(eventsOf(h).map(({ type }) => type)).toEqual(['mail.unknown'])
})

test('O11: while the gateway finds out whether a mail left, nothing says that it is retried, whatever broke', async () => {
  const h = await sendHarness()
  const remedy = 'Nothing to do: the gateway retries automatically.'
  h.peer.script.after = () => faultOf('transient', { outcome: 'unknown', remedy }, 'net_econnreset')
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: offer })
  await drainLane(h.deps, work(h))
  const { state, lastError } = (await readMail(h.deps, h.tenant, mail.id))!
  expect(state).toBe('unknown')
  expect(lastError).toMatchObject({
    code: 'net_econnreset',
    whoActs: 'Nobody: the gateway finds out whether the mail was sent',
    remedy: expect.stringMatching(/looks for the mail in the Sent folder/),
  })
})
