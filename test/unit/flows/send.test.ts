/** The send flow from acceptance to the last word, when servers do as they should. */
import { expect, test } from 'vitest'
import { readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { bytesInHand } from '../../../lib/ports/bytes-in-hand.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { eventsOf, mailTo, rowsOf, work } from '../../support/send/mail-looks.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, cancelMail, drainLane, readMail, releaseMail, searchMails } = sendFlows

test('M-041: a mail is accepted, sent, told and leaves nothing open behind', async () => {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('bob@b.example') })
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(1)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 1, lastError: null })
  expect(eventsOf(h).map((event) => event.type)).toEqual(['mail.sent'])
  expect(await rowsOf(h, 'outbox')).toEqual([])
  expect(await rowsOf(h, 'due')).toEqual([])
  await expect(readMail(h.deps, 'other', mail.id)).rejects.toMatchObject({ code: 'not_found' })
})

test('M-021, M-022: no mailbox is refused before anything is queued; the default is used when none is named', async () => {
  const h = await sendHarness()
  await expect(acceptMail(h.deps, 'empty', { submission: mailTo('bob@b.example') })).rejects.toMatchObject({
    code: 'no_mail_server',
    status: 422,
  })
  expect(await rowsOf(h, 'outbox')).toEqual([])
  for (const named of [{}, { mailbox: 'sales' }, { mailbox: 'SALES@acme.example' }, { purpose: 'offers' }])
    expect(
      (
        await acceptMail(h.deps, h.tenant, {
          submission: parseMailSubmission({ to: ['b@b.example'], text: 'x', ...named }),
        })
      ).created,
    ).toBe(true)
})

test('SEC-30, M-038: From is the mailbox or one of its registered addresses', async () => {
  const h = await sendHarness()
  const from = (address: string) =>
    acceptMail(h.deps, h.tenant, { submission: parseMailSubmission({ ...mailTo('b@b.example'), from: address }) })
  await expect(from('boss@acme.example')).rejects.toMatchObject({ code: 'from_not_allowed', status: 422 })
  expect((await from('INFO@acme.example')).mail.from).toBe('INFO@acme.example')
})

test('REL-01: each message delivered up to five times to four workers sends each mail once', async () => {
  const h = await sendHarness()
  for (let n = 0; n < 20; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
  const workers = Array.from({ length: 4 }, () => h.process().deps)
  await Promise.all(Array.from({ length: 20 }, (_, n) => drainLane(workers[n % 4]!, work(h))))
  expect(h.peer.sent.map((mail) => mail.recipients[0]).sort()).toEqual(
    Array.from({ length: 20 }, (_, n) => `r${n}@b.example`).sort(),
  )
})

test('M-031: seven mails with three per session open sessions of 3, 3 and 1', async () => {
  const h = await sendHarness()
  for (let n = 0; n < 7; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
  await drainLane(h.deps, work(h))
  expect(h.peer.sessions).toEqual([3, 3, 1])
})

test('M-035: a held mail never leaves before its release; release and cancel may be repeated', async () => {
  const h = await sendHarness()
  const held = parseMailSubmission({ ...mailTo('b@b.example'), hold: true })
  const first = (await acceptMail(h.deps, h.tenant, { submission: held })).mail
  const second = (await acceptMail(h.deps, h.tenant, { submission: held })).mail
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(0)
  expect((await searchMails(h.deps, h.tenant)).mails).toHaveLength(2)
  await releaseMail(h.deps, h.tenant, first.id)
  await releaseMail(h.deps, h.tenant, first.id)
  await cancelMail(h.deps, h.tenant, second.id)
  expect(await cancelMail(h.deps, h.tenant, second.id)).toMatchObject({ state: 'cancelled' })
  await expect(releaseMail(h.deps, h.tenant, second.id)).rejects.toMatchObject({ code: 'wrong_state' })
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((mail) => mail.mailId)).toEqual([first.id])
  await expect(cancelMail(h.deps, h.tenant, first.id)).rejects.toMatchObject({ code: 'wrong_state' })
  expect((await searchMails(h.deps, h.tenant)).mails).toHaveLength(0)
  expect((await searchMails(h.deps, h.tenant, { includeDone: true })).mails).toHaveLength(2)
})

test('M-035: the time of a held mail begins with its release; a deadline of its own counts all the same', async () => {
  const h = await sendHarness()
  const day = 24 * 3_600_000
  const own = new Date(h.clock.now() + day).toISOString()
  const accept = async (deadline?: string) =>
    (
      await acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ ...mailTo('b@b.example'), hold: true, deadline }),
      })
    ).mail
  const usual = await accept()
  const dated = await accept(own)
  expect(await readMail(h.deps, h.tenant, usual.id)).toMatchObject({ deadline: '' })
  h.clock.advance(40 * day)
  for (const { id } of [usual, dated]) await releaseMail(h.deps, h.tenant, id)
  expect(Date.parse((await readMail(h.deps, h.tenant, usual.id)).deadline)).toBe(h.clock.now() + 3 * day)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((mail) => mail.mailId)).toEqual([usual.id])
  expect(await readMail(h.deps, h.tenant, dated.id)).toMatchObject({
    state: 'failed',
    deadline: own,
    lastError: { code: 'deadline_passed' },
  })
})

test('M-035: a start further away than a year is refused, and hides no mail behind it', async () => {
  const h = await sendHarness()
  const accept = (notBefore: string) =>
    acceptMail(h.deps, h.tenant, { submission: { ...mailTo('b@b.example'), notBefore } })
  for (const notBefore of [new Date(h.clock.now() + 367 * 86_400_000).toISOString(), '2286-12-01T00:00:00Z'])
    await expect(accept(notBefore)).rejects.toMatchObject({ status: 400, field: 'notBefore' })
  expect([...(await rowsOf(h, 'outbox')), ...(await rowsOf(h, 'mails'))]).toEqual([])
  await accept(new Date(h.clock.now() + 365 * 86_400_000).toISOString())
  await acceptMail(h.deps, h.tenant, { submission: mailTo('now@b.example') })
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((mail) => mail.recipients)).toEqual([['now@b.example']])
})

test('REL-07: a mail past its deadline is given up with its last error', async () => {
  const h = await sendHarness()
  h.peer.script.send = () => faultOf('transient', { description: 'The server is busy.' })
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
  for (let day = 0; day < 5; day++) {
    await drainLane(h.deps, work(h))
    h.clock.advance(86_400_000)
  }
  const view = await readMail(h.deps, h.tenant, mail.id)
  expect(view).toMatchObject({ state: 'failed', lastError: { code: 'deadline_passed' } })
  expect(view.lastError?.text).toContain('The server is busy.')
  expect(view.attempts).toBeLessThanOrEqual(4)
})

test('REL-07: behind a closed gate all mail past its deadline is given up at the first look, and nothing else', async () => {
  const h = await sendHarness()
  h.peer.script.open = () => faultOf('needs-reconnect')
  const late = new Date(h.clock.now() + 9 * 86_400_000).toISOString()
  const kept = await acceptMail(h.deps, h.tenant, { submission: { ...mailTo('late@b.example'), deadline: late } })
  for (let n = 0; n < 120; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
  await drainLane(h.deps, work(h))
  h.clock.advance(3 * 86_400_000 + 1)
  eventsOf(h)
  await drainLane(h.deps, { ...work(h), sweep: true })
  expect(eventsOf(h).filter((event) => event.type === 'mail.failed')).toHaveLength(120)
  expect((await searchMails(h.deps, h.tenant)).mails.map(({ id }) => id)).toEqual([kept.mail.id])
  expect(h.peer.sent).toEqual([])
})

test('REL-10: malformed queue messages are written down and never thrown back', async () => {
  const h = await sendHarness()
  const bad: unknown[] = [null, 'text', 7, {}, { v: 1 }, { v: 1, tenant: 'acme' }, { v: 1, tenant: 'ghost', mail: {} }]
  bad.push({ v: 1, tenant: 'acme', mail: { to: [] } }, { v: 1, tenant: 'acme', blob: 'other/x' })
  bad.push({ v: 1, tenant: 'acme', blob: 'acme/../other/x' }, { v: 0, tenant: 'acme', mail: mailTo('b@b.example') })
  for (const [n, message] of bad.entries()) await acceptMessage(h.deps, message, `m${n}`)
  const good = { v: 1, tenant: 'acme', mail: { to: ['b@b.example'], text: 'x' } }
  for (let n = 0; n < 3; n++) await acceptMessage(h.deps, good, 'same-message')
  expect(await rowsOf(h, 'mails')).toHaveLength(1)
  const table = h.deps.names.log('sendinglog', '20260105')
  const rejected = []
  for await (const row of h.stores.tables.query(table, { partitionRange: ['', '~~~'] }))
    if (row['state'] === 'rejected' && !row.partitionKey.includes('~e~')) rejected.push(row)
  expect(rejected).toHaveLength(bad.length)
})

test('REL-10: a malformed word that a mailbox has work is written down, and read as no work', async () => {
  const h = await sendHarness()
  const written: string[] = []
  h.deps.log = { ...h.deps.log, error: (event: string) => void written.push(event) }
  const { tenant, mailboxId } = work(h)
  const bad: unknown[] = [null, 'text', 7, [], {}, { v: 1 }, { v: 1, tenant }, { v: 1, mailboxId }]
  bad.push({ v: 0, tenant, mailboxId }, { v: 1, tenant: '~', mailboxId }, { v: 1, tenant, mailboxId: `${mailboxId}~x` })
  for (const given of bad) expect(await readOrBury(h.deps, 'mail-send', { given, messageId: 'm' })).toBeUndefined()
  expect(written).toEqual(bad.map(() => 'message-buried'))
  // The control: the word as it should be, and with hints that say nothing.
  expect(await readOrBury(h.deps, 'mail-send', { given: work(h), messageId: 'm' })).toEqual(work(h))
  const odd = { ...work(h), until: 'soon', mailId: 7, sweep: 1 }
  expect(await readOrBury(h.deps, 'mail-send', { given: odd, messageId: 'm' })).toEqual(work(h))
})

test('performance: at most 15 storage requests for a mail in a backlog', async () => {
  const h = await sendHarness()
  const mails = 50
  for (let n = 0; n < mails; n++)
    await acceptMail(h.deps, h.tenant, {
      submission: parseMailSubmission({ ...mailTo(`r${n}@b.example`), mailboxId: h.mailbox.id }),
    })
  const accepting = h.state.calls
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(mails)
  // The settings of the tenant are read once.
  expect((accepting - 1) / mails).toBeLessThanOrEqual(6)
  expect(h.state.calls / mails).toBeLessThanOrEqual(15)
})

test('SEC-43: recipients beyond those of a day wait for the next; other mailboxes are not concerned', async () => {
  const h = await sendHarness()
  h.deps.config.recipientsPerDay = 3
  for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(3)
  h.clock.advance(23 * 3_600_000)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(3)
  h.clock.advance(3_600_001)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(5)
})

test('H10: a mail for which this process has no memory now keeps its place, is nobody’s fault and leaves at the next look', async () => {
  const h = await sendHarness()
  const hand = bytesInHand(2_000_000)
  h.deps.inHand = { ...hand, take: (bytes) => hand.take(bytes, 0) }
  const content = Buffer.alloc(1_200_000, 7).toString('base64')
  const wish = { ...mailTo('b@b.example'), attachments: [{ filename: 'plan.pdf', content }] }
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission(wish) })
  const inUse = await hand.take(1_900_000, 0)
  await drainLane(h.deps, work(h))
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'queued', attempts: 0, lastError: null })
  inUse?.()
  h.clock.advance(5_001)
  for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(h.deps.names.queue('mail-send')))
    await drainLane(h.deps, message)
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 1 })
  expect(await hand.take(2_000_000, 0)).toBeTypeOf('function')
})
