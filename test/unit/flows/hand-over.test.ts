/** What a hand-over believes: its own bytes, its own claim, and of a server only what it has said. */
import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Sender, SendReceipt } from '../../../lib/ports/sender.js'
import { handOverMs, leaseMs } from '../../../lib/rows/lane.js'
import { everyAttention } from '../../support/general/every.js'
import { everySender } from '../../support/general/toolbox.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const accepted = async (h: Harness) =>
  (await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ to: ['bo@b.example'], text: 'x' }) })).mail.id

/** Drains as another process whose sender does this with each mail. */
function drainWith(h: Harness, send: (handingOver: () => Promise<void>) => Promise<SendReceipt>): Promise<unknown> {
  const { deps } = h.process()
  const sender: Sender = {
    open: async () => ({ send: (_mail, handingOver) => send(() => handingOver({})), async close() {} }),
  }
  return drainLane({ ...deps, senders: everySender(sender) }, work(h))
}

const taken: SendReceipt = { refused: [], reply: '250 2.0.0 taken' }

test('M-041: stored bytes that are not those that were accepted never leave', async () => {
  const h = await sendHarness()
  const id = await accepted(h)
  const container = h.deps.names.container('outbound')
  for await (const { name } of h.stores.blobs.list(container, `${h.tenant}/`))
    await h.stores.blobs.put(container, {
      name,
      bytes: Buffer.from('Subject: other\r\n\r\n'),
      contentType: 'message/rfc822',
    })
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toEqual([])
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({
    state: 'failed',
    lastError: { code: 'mail_content_lost' },
  })
})

test('REL-03: a fault after the hand-over began that says nothing about the mail leaves it unknown', async () => {
  const h = await sendHarness()
  const id = await accepted(h)
  h.peer.script.after = () => new GatewayError('peer_odd', 'transient')
  await drainLane(h.deps, work(h))
  for (let n = 0; n < 3; n++) {
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
  }
  expect(h.peer.sent).toHaveLength(1)
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'unknown' })
})

test('C12: a receipt that comes after others have called the mail unknown is the truth, and nobody is asked any more', async () => {
  const h = await sendHarness()
  const id = await accepted(h)
  await drainWith(h, async (handingOver) => {
    await handingOver()
    h.clock.advance(leaseMs + handOverMs)
    await drainLane(h.process().deps, work(h))
    expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'unknown' })
    return taken
  })
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent', delivered: ['bo@b.example'] })
  expect(await everyAttention(h.deps, h.tenant)).toEqual([])
  h.clock.advance(24 * 3_600_000)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toEqual([])
})

test('REL-01: a worker that comes back with a refusal does not write over the hand-over of the next one', async () => {
  const h = await sendHarness()
  const id = await accepted(h)
  let goOn = () => {}
  const isRefused = new Promise<void>((resolve) => {
    goOn = resolve
  })
  let second: Promise<unknown> = Promise.resolve()
  let copies = 0
  await drainWith(h, async () => {
    h.clock.advance(leaseMs + 1_000)
    await new Promise<void>((isInHand) => {
      second = drainWith(h, async (handingOver) => {
        await handingOver()
        isInHand()
        await isRefused
        copies++
        return taken
      })
    })
    throw faultOf('transient')
  }).catch(() => undefined)
  goOn()
  await second
  h.clock.advance(3_600_000)
  await drainLane(h.deps, work(h))
  expect(await readMail(h.deps, h.tenant, id)).toMatchObject({ state: 'sent' })
  expect([copies, h.peer.sent.length]).toEqual([1, 0])
})
