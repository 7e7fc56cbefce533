/** Mails of three weeks in one mailbox, to be found again. */
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { MailSearch } from '../../../lib/model/mail-search.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { faultOf, type Harness, sendHarness } from './send-harness.js'

const { acceptMail, cancelMail, drainLane, searchMails } = sendFlows
export const day = 86_400_000

export async function place(keepSubject: 'yes' | 'no' = 'yes') {
  const h = await sendHarness()
  h.deps.config.keepSubject = keepSubject
  const submit = async (to: string, more: object = {}, key?: string) =>
    (
      await acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ to: [to], ...('raw' in more ? {} : { text: 'x' }), ...more }),
        idempotencyKey: key,
      })
    ).mail
  const drain = (deps = h.deps) => drainLane(deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  const ids = async (search: MailSearch) => (await searchMails(h.deps, h.tenant, search)).mails.map(({ id }) => id)
  return { ...h, submit, drain, ids }
}

/** Every page, one after the other. */
export async function pages(h: Pick<Harness, 'deps' | 'tenant'>, search: MailSearch) {
  const all: string[][] = []
  let after = ''
  do {
    const page = await searchMails(h.deps, h.tenant, { ...search, after })
    all.push(page.mails.map(({ id }) => id))
    after = page.next
  } while (after !== '')
  return all
}

/** Mail of three weeks: sent, failed, cancelled, and open in all its ways. */
export async function threeWeeks() {
  const h = await place()
  const reference = { invoice: '4711' }
  const invoice = await h.submit(
    'Ana@Customer.example',
    { subject: 'Your Invoice  4711', metadata: reference },
    'key-1',
  )
  await h.drain()
  h.clock.advance(day)
  h.peer.script.send = () => faultOf('permanent')
  const failed = await h.submit('ben@customer.example', { subject: 'Reminder', cc: ['ana@customer.example'] })
  await h.drain()
  h.peer.script.send = () => undefined
  h.clock.advance(10 * day)
  const cancelled = await h.submit('cleo@customer.example', { hold: true })
  await cancelMail(h.deps, h.tenant, cancelled.id)
  h.clock.advance(10 * day)
  const raw =
    'From: sales@acme.example\r\nMessage-ID: <own@acme.example>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nx\r\n'
  const own = await h.submit('dan@customer.example', { raw: Buffer.from(raw).toString('base64') })
  await h.drain()
  const held = await h.submit('ana@customer.example', { hold: true, subject: 'Held invoice' })
  const planned = await h.submit('eve@customer.example', { notBefore: new Date(h.clock.now() + day).toISOString() })
  h.peer.script.send = () => faultOf('transient')
  const waiting = await h.submit('fay@customer.example')
  await h.drain()
  h.peer.script.send = () => undefined
  const start = Date.parse(invoice.acceptedAt)
  return { ...h, start, mails: { invoice, failed, cancelled, own, held, planned, waiting } }
}
