/** Some recipients have the mail, the rest does not: what becomes of the rest is told, and is never taken for more than is known. */
import { expect, test } from 'vitest'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { connectionOf } from '../../../lib/model/transports.js'
import type { Receiver } from '../../../lib/ports/receiver.js'
import { toRow } from '../../../lib/rows/mailboxes.js'
import { everyReceiver } from '../../support/general/toolbox.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, endOpenMails, readMail, resolveMail } = sendFlows
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const later = { address: 'b@b.example', transient: true, code: 'smtp_451', remedy: 'Wait.', reply: '451 later' }

async function partlyDelivered() {
  const h = await sendHarness()
  h.peer.script.send = () => ({ refused: [later], reply: '250 ok' })
  const submission = parseMailSubmission({ to: ['a@b.example', later.address], text: 'x' })
  const { id } = (await acceptMail(h.deps, h.tenant, { submission })).mail
  await drainLane(h.deps, work(h))
  h.peer.script.send = () => undefined
  const read = () => readMail(h.deps, h.tenant, id)
  expect(await read()).toMatchObject({ state: 'waiting', delivered: ['a@b.example'] })
  return { h, id, read }
}

test('REL-03: a copy of the attempt that reached the others proves nothing for the rest: a person is asked, and may decide twice', async () => {
  const { h, id, read } = await partlyDelivered()
  h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
  h.peer.script.lookUp = () => 'sent'
  const { send } = h.mailbox
  const imap = { host: 'mail.acme.example', port: 993, tls: 'implicit', folder: 'INBOX' } as const
  const receive = { transport: 'imap', connectionId: connectionOf(send), imap } as const
  await h.stores.tables.upsert(h.deps.names.table('mailboxes'), toRow({ ...h.mailbox, receive }))
  const receiver = { open: async () => ({ findSent: async () => true, close: async () => {} }) } as unknown as Receiver
  h.deps.receivers = everyReceiver(receiver)
  h.clock.advance(3_600_000)
  await drainLane(h.deps, work(h))
  h.clock.advance(90_000)
  await drainLane(h.deps, work(h))
  expect(await read()).toMatchObject({ state: 'unknown', lookUpAt: '', delivered: ['a@b.example'], refused: [] })
  for (let times = 0; times < 2; times++) await resolveMail(h.deps, h.tenant, { id, outcome: 'not-sent' })
  expect(await read()).toMatchObject({
    ...{ state: 'sent', delivered: ['a@b.example'] },
    refused: [{ address: later.address, code: 'resolved_not_sent' }],
  })
})

test('C7: its mailbox is removed: sent, with the rest listed', async () => {
  const { h, read } = await partlyDelivered()
  expect(await endOpenMails(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })).toBe(1)
  expect(await read()).toMatchObject({
    state: 'sent',
    refused: [{ address: later.address, code: 'mailbox_removed', remedy: expect.stringMatching(/Submit/) }],
  })
})

test('REL-06: a refusal by the server itself keeps its own words and remedy', async () => {
  const { h, read } = await partlyDelivered()
  h.peer.script.send = () => ({
    refused: [{ ...later, transient: false, code: 'smtp_550', reply: '550 gone' }],
    reply: '250',
  })
  h.clock.advance(3_600_000)
  await drainLane(h.deps, work(h))
  expect((await read()).refused).toEqual([
    { address: later.address, code: 'smtp_550', remedy: 'Wait.', reply: '550 gone' },
  ])
})
