/** A mail reached some of its recipients, and then its mailbox sends in another way: the rest gets it, or is told why not. */
import { afterEach, expect, test } from 'vitest'
import { sendFlows } from '../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../lib/model/mail-submission.js'
import { toRow } from '../../lib/rows/mailboxes.js'
import { connectAs } from '../support/connect/connect-as.js'
import { graphSubject, type SenderSubject, smtpSubject } from '../support/contracts/sender-subjects.js'
import { everySender } from '../support/general/toolbox.js'
import { sendHarness } from '../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, readMail } = sendFlows
const ben = 'ben@contoso.example'
const busy = 'busy@example.org'
const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

/** Ben has the mail by SMTP; the server asked to come again for the other one. */
async function partlySent(mail: { to: string[]; bcc?: string[] }) {
  const smtp = await smtpSubject('password')
  const graph = await graphSubject()
  stops.push(smtp.stop, graph.stop)
  const h = await sendHarness()
  const sendsBy = async ({ send, from, authority }: SenderSubject) => {
    const mailbox = { ...h.mailbox, address: from, sendAs: [], send: send(h.mailbox.id) }
    await h.stores.tables.upsert(h.deps.names.table('mailboxes'), toRow(mailbox))
    await connectAs(h.deps, h.mailbox.id, authority, { identity: { issuer: '', subject: '', username: from } })
  }
  h.deps.senders = { ...everySender(smtp.sender), graph: graph.sender }
  await sendsBy(smtp)
  const { id } = (
    await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ ...mail, subject: 'Hi', text: 'Hello.' }) })
  ).mail
  const drain = () => drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  const read = () => readMail(h.deps, h.tenant, id)
  await drain()
  expect(await read()).toMatchObject({ state: 'waiting', delivered: [ben], refused: [] })
  expect(smtp.inbox(ben)).toHaveLength(1)
  return { h, id, smtp, graph, sendsBy, drain, read }
}

test('REL-06: the rest of a mail whose mailbox moved to Graph: what the header does not name alone is listed as refused, with its remedy', async () => {
  const { h, graph, sendsBy, drain, read } = await partlySent({ to: [ben, busy] })
  await sendsBy(graph)
  h.clock.advance(3_600_000)
  await drain()
  expect(await read()).toMatchObject({
    state: 'sent',
    delivered: [ben],
    refused: [
      {
        address: busy,
        code: 'headers_name_others',
        remedy: expect.stringMatching(/SMTP/),
        reply: expect.stringContaining(ben),
      },
    ],
  })
  expect(graph.inbox(ben)).toEqual([])
})

test('REL-06: the rest whom the header names alone gets the mail by Graph, once', async () => {
  const { h, graph, smtp, sendsBy, drain, read } = await partlySent({ to: [busy], bcc: [ben] })
  await sendsBy(graph)
  h.clock.advance(3_600_000)
  await drain()
  expect(await read()).toMatchObject({ state: 'sent', refused: [], delivered: [ben, busy] })
  expect([graph.inbox(busy), graph.inbox(ben), smtp.inbox(ben)].map((mails) => mails.length)).toEqual([1, 0, 1])
})

test('REL-06: back at SMTP before the next attempt: the rest alone gets the mail', async () => {
  const { h, graph, smtp, sendsBy, drain, read } = await partlySent({ to: [ben, busy] })
  await sendsBy(graph)
  await sendsBy(smtp)
  h.clock.advance(3_600_000)
  await drain()
  expect(await read()).toMatchObject({ state: 'waiting', delivered: [ben], refused: [] })
  expect(smtp.inbox(ben)).toHaveLength(1)
})

test('REL-06: a mail that some have is sent, not failed or cancelled, when the rest is given up; the rest is listed', async () => {
  const given = await partlySent({ to: [ben, busy] })
  given.h.clock.advance(given.h.deps.config.deadlineMs)
  await given.drain()
  expect(await given.read()).toMatchObject({ state: 'sent', refused: [{ address: busy, code: 'deadline_passed' }] })
  const { h, id, read } = await partlySent({ to: [ben, busy] })
  for (let times = 0; times < 2; times++) await cancelMail(h.deps, h.tenant, id)
  expect(await read()).toMatchObject({ state: 'sent', refused: [{ address: busy, code: 'cancelled' }] })
})
