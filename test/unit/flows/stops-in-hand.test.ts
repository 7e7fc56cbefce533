/** What has begun when the signal comes: polls save their position, deliveries stop behind the one in hand, sweeps end. */
import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { addEndpoint } from '../../../lib/flows/admin/webhook-endpoints.js'
import { sweep } from '../../../lib/flows/ops/sweep.js'
import { pollMailbox } from '../../../lib/flows/receive/poll-mailbox.js'
import { deliverWebhooks } from '../../../lib/flows/tell/deliver-webhooks.js'
import { refreshBatch } from '../../../lib/flows/tokens/refresh-batch.js'
import { newId } from '../../../lib/model/ids.js'
import { readDueAt } from '../../../lib/rows/due.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { stopController } from '../../../lib/stop-work.js'
import { connectAs } from '../../support/connect/connect-as.js'
import { sampleMailbox } from '../../support/general/sample-mailbox.js'
import { another, everyReceiver } from '../../support/general/toolbox.js'
import { ScriptedMailbox } from '../../support/receive/scripted-mailbox.js'
import { manualClock } from '../../support/send/send-harness.js'
import { memoryStores } from '../../support/storage/memory-stores.js'

async function instance() {
  const clock = manualClock(Date.now())
  const leaving = stopController()
  const stores = await memoryStores(clock, { stopping: leaving.signal })
  return { clock, stores, stop: () => leaving.abort(new Error('stopping')) }
}

async function pollable() {
  const { stores, ...rest } = await instance()
  const box = new ScriptedMailbox()
  const connectionId = newId()
  const mailbox = sampleMailbox({
    address: 'ana@b.example',
    receive: {
      transport: 'imap',
      connectionId,
      imap: { host: 'mail.b.example', port: 993, tls: 'implicit', folder: 'INBOX' },
    },
    epoch: 0,
  })
  await stores.tables.insert(stores.names.table('mailboxes'), toRow(mailbox))
  await connectAs(stores, connectionId, { kind: 'anonymous' })
  const deps = { ...stores, receivers: everyReceiver(box) }
  return { ...rest, stores, box, mailbox, deps }
}

test('C2: a poll that takes mail when the signal comes finishes the one in hand, saves its position and continues elsewhere', async () => {
  const { box, deps, mailbox, stores, stop, clock } = await pollable()
  for (let uid = 1; uid <= 5; uid++) box.put(uid, `mail ${uid}`, { receivedAt: clock.now() })
  box.beforeRaw = async () => {
    if (box.rawReads === 2) stop()
  }
  const { tenant, id } = mailbox
  expect(await pollMailbox(deps, { tenant, mailboxId: id })).toMatchObject({ outcome: 'mail', handedOver: 2 })
  expect(stores.queues.take(stores.names.queue('mailbox-poll'))).toMatchObject([{ mailboxes: [{ mailboxId: id }] }])
  const elsewhere = { ...another(deps), stopping: new AbortController().signal }
  expect(await pollMailbox(elsewhere, { tenant, mailboxId: id })).toMatchObject({ outcome: 'mail', handedOver: 3 })
})

test('C2: a poll that still opens its session when the signal comes lets go at once; it is nobody’s failure and continues elsewhere', async () => {
  const { box, deps, mailbox, stores, stop } = await pollable()
  box.hangs = true
  const { tenant, id } = mailbox
  const polling = pollMailbox(deps, { tenant, mailboxId: id })
  while (box.opened === 0) await new Promise((resolve) => setImmediate(resolve))
  stop()
  expect(await polling).toMatchObject({ outcome: 'idle', handedOver: 0, code: '' })
  expect(stores.queues.take(stores.names.queue('mailbox-poll'))).toMatchObject([{ mailboxes: [{ mailboxId: id }] }])
  box.hangs = false
  box.put(1, 'mail 1', { receivedAt: stores.clock.now() })
  const elsewhere = { ...another(deps), stopping: new AbortController().signal }
  expect(await pollMailbox(elsewhere, { tenant, mailboxId: id })).toMatchObject({ outcome: 'mail', handedOver: 1 })
})

test('H10, M-170: forty polls at once listen to the one signal without a warning, and none of them is left behind', async () => {
  const warnings: string[] = []
  const onWarning = ({ name }: Error): number => warnings.push(name)
  process.on('warning', onWarning)
  const { stores, box, deps, mailbox } = await pollable()
  let open = (): void => {}
  box.beforeOpen = new Promise((resolve) => {
    open = resolve
  })
  const more = Array.from({ length: 39 }, () => sampleMailbox({ ...mailbox, id: newId(), key: newId() }))
  for (const one of more) await stores.tables.insert(stores.names.table('mailboxes'), toRow(one))
  const polls = [mailbox, ...more].map(({ tenant, id }) => pollMailbox(deps, { tenant, mailboxId: id }))
  while (box.opened < 40) await new Promise((resolve) => setImmediate(resolve))
  expect(getEventListeners(deps.stopping, 'abort')).toHaveLength(40)
  open()
  expect((await Promise.all(polls)).map(({ outcome }) => outcome)).toEqual(Array(40).fill('idle'))
  expect(getEventListeners(deps.stopping, 'abort')).toEqual([])
  process.off('warning', onWarning)
  expect(warnings).toEqual([])
})

test('C2: deliveries stop behind the one in hand, and the rest continues elsewhere at once', async () => {
  const { stores, stop, clock } = await instance()
  const { names, tables, queues } = stores
  const url = 'https://app.example/hook'
  const endpoint = await addEndpoint(stores, 'acme', url)
  for (let n = 0; n < 3; n++)
    await tables.insert(names.table('deliveries'), {
      partitionKey: `acme~${endpoint.id}`,
      rowKey: `${clock.now() + n}~event-${n}`,
      event: JSON.stringify({ id: `event-${n}`, type: 'mail.sent' }),
    })
  const posts: string[] = []
  const webhookPoster = {
    async post(_url: string, body: string) {
      posts.push(body)
      stop()
    },
  }
  await deliverWebhooks({ ...stores, webhookPoster }, 'acme', endpoint.id)
  expect(posts).toHaveLength(1)
  expect(await readDueAt(stores, { kind: 'webhook', tenant: 'acme', id: endpoint.id })).toBe(clock.now())
  expect(queues.take(names.queue('webhook'))).toEqual([{ v: 1, tenant: 'acme', endpointId: endpoint.id }])
})

test('C2: refreshes in hand when the signal comes are finished, the others continue elsewhere; a sweep ends behind its part', async () => {
  const { stores, stop } = await instance()
  const { names, queues, tables } = stores
  const connections = Array.from({ length: 20 }, () => ({ tenant: 'acme', connectionId: newId() }))
  const stopping =
    <Input extends unknown[], Result>(read: (...input: Input) => Result) =>
    (...input: Input): Result => {
      stop()
      return read(...input)
    }
  const seen = { ...tables, get: stopping(tables.get), query: stopping(tables.query) }
  await refreshBatch({ ...stores, tables: seen }, { v: 1, connections })
  expect(queues.take(names.queue('connection-refresh'))).toEqual([{ v: 1, connections: connections.slice(8) }])

  const next = await instance()
  const ran: string[] = []
  const part = (name: string) => async () => {
    ran.push(name)
    if (name === 'two') next.stop()
  }
  await sweep(next.stores, { one: part('one'), two: part('two'), three: part('three') })
  expect(ran).toEqual(['one', 'two'])
})
