import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type GatewayError, RowChangedError } from '../../../lib/errors.js'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { bytesInHand } from '../../../lib/ports/bytes-in-hand.js'
import { AllRefusedError, type RefusedRecipient } from '../../../lib/ports/sender.js'
import { findMail } from '../../../lib/rows/mails.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { CrashError, faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, drainLane, releaseMail, cancelMail, retryMail, resolveMail, readMail, searchMails } =
  sendFlows
const mailTo = (...to: string[]) => parseMailSubmission({ to, subject: 'Offer 7', text: 'Hello' })
const work = (h: Harness) => ({ v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
const eventsOf = (h: Harness) =>
  (h.stores.queues as MemoryQueues).take(h.deps.names.eventsQueue(h.tenant)) as { type: string; id: string }[]
const rowsOf = async (h: Harness, table: 'outbox' | 'attention' | 'due' | 'mails') => {
  const rows = []
  for await (const row of h.stores.tables.query(h.deps.names.table(table), { partitionRange: ['', '~~~'] }))
    rows.push(row)
  return rows
}

test('M-041: a mail is accepted, sent, told and leaves nothing open behind', async () => {
  const h = await sendHarness()
  const { mail } = await acceptMail(h.deps, h.tenant, mailTo('bob@b.example'))
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
  await expect(acceptMail(h.deps, 'empty', mailTo('bob@b.example'))).rejects.toMatchObject({
    code: 'no_mail_server',
    status: 422,
  })
  expect(await rowsOf(h, 'outbox')).toEqual([])
  for (const named of [{}, { mailbox: 'sales' }, { mailbox: 'SALES@acme.example' }, { purpose: 'offers' }])
    expect(
      (await acceptMail(h.deps, h.tenant, parseMailSubmission({ to: ['b@b.example'], text: 'x', ...named }))).created,
    ).toBe(true)
})

test('SEC-30, M-038: From is the mailbox or one of its registered addresses', async () => {
  const h = await sendHarness()
  const from = (address: string) =>
    acceptMail(h.deps, h.tenant, parseMailSubmission({ ...mailTo('b@b.example'), from: address }))
  await expect(from('boss@acme.example')).rejects.toMatchObject({ code: 'from_not_allowed', status: 422 })
  expect((await from('INFO@acme.example')).mail.from).toBe('INFO@acme.example')
})

describe('REL-12: idempotency', () => {
  test('50 parallel posts with one key give one mail', async () => {
    const h = await sendHarness()
    const all = await Promise.all(
      Array.from({ length: 50 }, () => acceptMail(h.process().deps, h.tenant, mailTo('b@b.example'), 'k1')),
    )
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(all.map(({ mail }) => mail.id)).size).toBe(1)
    expect(await rowsOf(h, 'outbox')).toHaveLength(1)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(1)
  })

  test('the same key with another content is refused, also when both race', async () => {
    const h = await sendHarness()
    const results = await Promise.allSettled(
      ['a@b.example', 'c@b.example'].map((to) => acceptMail(h.process().deps, h.tenant, mailTo(to), 'k2')),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.map((result) => (result as PromiseRejectedResult).reason.code)).toEqual(['idempotency_conflict'])
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(1)
  })
})

test('REL-01: each message delivered up to five times to four workers sends each mail once', async () => {
  const h = await sendHarness()
  for (let n = 0; n < 20; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
  const workers = Array.from({ length: 4 }, () => h.process().deps)
  await Promise.all(Array.from({ length: 20 }, (_, n) => drainLane(workers[n % 4]!, work(h))))
  expect(h.peer.sent.map((mail) => mail.recipients[0]).sort()).toEqual(
    Array.from({ length: 20 }, (_, n) => `r${n}@b.example`).sort(),
  )
})

test('M-031: seven mails with three per session open sessions of 3, 3 and 1', async () => {
  const h = await sendHarness()
  for (let n = 0; n < 7; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
  await drainLane(h.deps, work(h))
  expect(h.peer.sessions).toEqual([3, 3, 1])
})

describe('REL-03: a process that dies at any step', () => {
  test.each(['stop', 'resend'] as const)('loses nothing with whenUnknown %s', async (whenUnknown) => {
    let finished = false
    let unknowns = 0
    for (let crashAt = 2; !finished; crashAt++) {
      const h = await sendHarness()
      const doomed = h.process(crashAt)
      const submission = parseMailSubmission({ ...mailTo('b@b.example'), whenUnknown })
      try {
        await acceptMail(doomed.deps, h.tenant, submission, 'key')
        await drainLane(doomed.deps, work(h))
        finished = !doomed.state.dead
      } catch (error) {
        if (!doomed.state.dead) throw error
      }
      // The client repeats what got no answer; the lease of the dead worker ends; the timer looks at the lane.
      const { mail } = await acceptMail(h.deps, h.tenant, submission, 'key')
      for (let look = 0; look < 3; look++) {
        h.clock.advance(6 * 60_000)
        await sendFlows.sweepLanes(h.deps)
        for (const message of (h.stores.queues as MemoryQueues).take<Message<'mail-send'>>(
          h.deps.names.queue('mail-send'),
        ))
          await drainLane(h.deps, message)
      }
      const { state } = await readMail(h.deps, h.tenant, mail.id)
      if (state === 'unknown') {
        unknowns += 1
        expect(whenUnknown).toBe('stop')
        expect((await searchMails(h.deps, h.tenant)).mails).toHaveLength(1)
      } else {
        expect([state, crashAt]).toEqual(['sent', crashAt])
        expect(await rowsOf(h, 'outbox')).toEqual([])
        expect(eventsOf(h).filter((event) => event.type === 'mail.sent').length).toBeGreaterThan(0)
      }
      expect(h.peer.sent.length).toBeLessThanOrEqual(whenUnknown === 'stop' ? 1 : 2)
      expect(new Set(h.peer.sent.map((sent) => sent.messageId)).size).toBeLessThanOrEqual(1)
    }
    expect(unknowns > 0).toBe(whenUnknown === 'stop')
  })
})

describe('P-09: an answer that never came', () => {
  const doubtful = async () => {
    const h = await sendHarness()
    h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    await drainLane(h.deps, work(h))
    return { h, mail }
  }

  test('is looked up and found sent', async () => {
    const { h, mail } = await doubtful()
    h.peer.script.lookUp = () => 'sent'
    h.clock.advance(60_001)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
    expect(h.peer.sent).toHaveLength(1)
  })

  test('without evidence waits for a person and is never sent again automatically', async () => {
    const { h, mail } = await doubtful()
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown' })
    expect(h.peer.sent).toHaveLength(1)
    expect(eventsOf(h).map((event) => event.type)).toEqual(['mail.unknown'])
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    h.peer.script.after = () => undefined
    await resolveMail(h.deps, h.tenant, mail.id, 'resend')
    expect(await rowsOf(h, 'attention')).toHaveLength(0)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
    await expect(resolveMail(h.deps, h.tenant, mail.id, 'not-sent')).rejects.toMatchObject({ code: 'wrong_state' })
  })
})

test('P-09: a mail refused after a doubtful hand-over does not claim that nobody got it', async () => {
  const h = await sendHarness()
  h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
  const submission = parseMailSubmission({ ...mailTo('b@b.example'), whenUnknown: 'resend' })
  const { mail } = await acceptMail(h.deps, h.tenant, submission)
  await drainLane(h.deps, work(h))
  h.peer.script.send = () => faultOf('permanent', { description: 'No such mailbox.' })
  for (let n = 0; n < 2; n++) {
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
  }
  const view = await readMail(h.deps, h.tenant, mail.id)
  expect(view).toMatchObject({ state: 'failed', attempts: 2 })
  expect(view.lastError?.text).toMatch(/^No such mailbox\. .*may have arrived once\.$/)
})

test('M-035: a held mail never leaves before its release; release and cancel may be repeated', async () => {
  const h = await sendHarness()
  const held = parseMailSubmission({ ...mailTo('b@b.example'), hold: true })
  const first = (await acceptMail(h.deps, h.tenant, held)).mail
  const second = (await acceptMail(h.deps, h.tenant, held)).mail
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
    (await acceptMail(h.deps, h.tenant, parseMailSubmission({ ...mailTo('b@b.example'), hold: true, deadline }))).mail
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
  const accept = (notBefore: string) => acceptMail(h.deps, h.tenant, { ...mailTo('b@b.example'), notBefore })
  for (const notBefore of [new Date(h.clock.now() + 367 * 86_400_000).toISOString(), '2286-12-01T00:00:00Z'])
    await expect(accept(notBefore)).rejects.toMatchObject({ status: 400, field: 'notBefore' })
  expect([...(await rowsOf(h, 'outbox')), ...(await rowsOf(h, 'mails'))]).toEqual([])
  await accept(new Date(h.clock.now() + 365 * 86_400_000).toISOString())
  await acceptMail(h.deps, h.tenant, mailTo('now@b.example'))
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((mail) => mail.recipients)).toEqual([['now@b.example']])
})

test('REL-06: a failed mail that a person tries again goes to everybody who does not have it', async () => {
  const h = await sendHarness()
  const refused = [
    { address: 'b@b.example', transient: false, code: '550', remedy: 'Correct it.', reply: '550 no such user' },
  ]
  h.peer.script.send = () => new AllRefusedError(faultOf('permanent'), refused)
  const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
  await drainLane(h.deps, work(h))
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'failed', refused: [{ code: '550' }] })
  h.peer.script.send = () => undefined
  await retryMail(h.deps, h.tenant, mail.id)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((one) => one.recipients)).toEqual([['b@b.example']])
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent', refused: [], attempts: 2 })
})

describe('P-04: what people see of a mailbox is what its server did', () => {
  const facts = (h: Harness) => readMailboxFacts(h.deps, h.tenant, h.mailbox.id)

  test('a server that takes sessions and no mail is told after five failures, with no success claimed; the first mail ends it', async () => {
    const h = await sendHarness()
    const description = 'The service is not available.'
    h.peer.script.send = () => faultOf('transient', { description })
    await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    for (let n = 1; n <= 5; n++) {
      expect(await rowsOf(h, 'attention'), `before failure ${n}`).toHaveLength(0)
      await drainLane(h.deps, work(h))
      expect((await facts(h)).sending).toMatchObject({ failures: n, lastSuccess: '', problem: description })
      h.clock.advance(3_600_000)
    }
    expect(await rowsOf(h, 'attention')).toMatchObject([{ rowKey: `mailbox-send~${h.mailbox.id}`, description }])
    h.peer.script.send = () => undefined
    await drainLane(h.deps, work(h))
    expect(await rowsOf(h, 'attention')).toHaveLength(0)
    const lastSuccess = new Date(h.clock.now()).toISOString()
    expect((await facts(h)).sending).toMatchObject({ failures: 0, lastSuccess, problem: '', nextTry: '' })
  })

  test('many mails refused in one go are one failure; a refused recipient is none', async () => {
    const h = await sendHarness()
    for (let n = 0; n < 8; n++) await acceptMail(h.deps, h.tenant, mailTo(`b${n}@b.example`))
    h.peer.script.send = () => faultOf('transient')
    await drainLane(h.deps, work(h))
    expect((await facts(h)).sending.failures).toBe(1)
    h.peer.script.send = () => faultOf('permanent', { hint: 'recipient' })
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
    expect((await facts(h)).sending).toMatchObject({ failures: 0, lastSuccess: '' })
  })

  test('P-04: a gate closed until somebody signs in again is not tried for two days, one for an administrator each hour', async () => {
    const tries = { 'needs-reconnect': 0, 'needs-admin': 0 }
    for (const who of ['needs-reconnect', 'needs-admin'] as const) {
      const h = await sendHarness()
      await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
      h.peer.script.send = () => {
        tries[who] += 1
        return faultOf(who)
      }
      for (let hour = 0; hour < 48; hour++) {
        await drainLane(h.deps, work(h))
        h.clock.advance(3_600_001)
      }
    }
    expect(tries).toEqual({ 'needs-reconnect': 1, 'needs-admin': 48 })
  })

  // 554 5.7.1 t.example: your address is listed, try again later. Right: Postfix smtp_skip_5xx_greeting (postconf.5): a
  // 5xx greeting is a reason to try again, not a verdict on the mail.
  test('field 19: a server that refuses everybody is probed again at growing distances, and a retry opens at once', async () => {
    const refusal = () =>
      faultOf('permanent', { peerLine: '554 5.7.1 t.example: your address is listed, try again later' })
    const h = await sendHarness()
    let connects = 0
    h.peer.script.open = () => {
      connects += 1
      return refusal()
    }
    for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
    const at: number[] = []
    for (let passed = 0; passed < 6 * 60; passed++) {
      const before = connects
      await drainLane(h.deps, work(h))
      if (connects > before) at.push(passed)
      h.clock.advance(60_000)
    }
    expect(at).toEqual([0, 5, 10, 20, 40, 80, 140, 200, 260, 320])
    h.peer.script.open = () => undefined
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(0)
    h.clock.advance(20 * 60_000)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(5)
    // Closed anew, a person says that it should be tried.
    h.peer.script.open = refusal
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('late@b.example'))
    await drainLane(h.deps, work(h))
    h.peer.script.open = () => undefined
    await retryMail(h.deps, h.tenant, mail.id)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(6)
  })

  test('P-05: a reconnect while the worker still meets the old refusal is not undone by it', async () => {
    const h = await sendHarness()
    await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    const { open } = h.peer.sender
    h.peer.sender.open = async () => {
      await sendFlows.openGate(h.deps, h.tenant, h.mailbox.id)
      throw faultOf('needs-reconnect')
    }
    await drainLane(h.deps, work(h))
    h.peer.sender.open = open
    expect((await facts(h)).sending).toMatchObject({ gate: 'open' })
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(1)
  })

  test('a gate that each hourly try finds closed again is told once, with the time it began', async () => {
    const h = await sendHarness()
    const description = 'The mailbox has no licence.'
    h.peer.script.send = () => faultOf('needs-admin', { description })
    await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    await drainLane(h.deps, work(h))
    const [first] = await rowsOf(h, 'attention')
    for (let n = 0; n < 3; n++) {
      h.clock.advance(3_600_001)
      await drainLane(h.deps, work(h))
    }
    const nextTry = new Date(h.clock.now() + 3_600_000).toISOString()
    expect((await facts(h)).sending).toMatchObject({ gate: 'closed', lastSuccess: '', problem: description, nextTry })
    expect((await searchMails(h.deps, h.tenant)).mails).toMatchObject([{ attempts: 4 }])
    expect(await rowsOf(h, 'attention')).toMatchObject([{ since: first?.['since'] }])
    expect(eventsOf(h).map((event) => event.type)).toEqual(['connection.changed'])
  })

  test('an unknown mail says when it is looked up, and nothing once a person must decide', async () => {
    const h = await sendHarness()
    h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    await drainLane(h.deps, work(h))
    const lookUpAt = new Date(h.clock.now() + 60_000).toISOString()
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown', lookUpAt })
    h.clock.advance(60_001)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown', lookUpAt: '' })
  })
})

describe('P-08: the class decides', () => {
  test('transient waits within its bounds and is sent later', async () => {
    const h = await sendHarness()
    h.peer.script.send = () => faultOf('transient', { retryAfterMs: 600_000 })
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    await drainLane(h.deps, work(h))
    const waiting = await readMail(h.deps, h.tenant, mail.id)
    expect(waiting).toMatchObject({ state: 'waiting', attempts: 1, lastError: { reply: '4xx or 5xx, verbatim' } })
    expect(Date.parse(waiting.notBefore) - h.clock.now()).toBeGreaterThanOrEqual(600_000)
    h.peer.script.send = () => undefined
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(0)
    h.clock.advance(600_001)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent', attempts: 2 })
  })

  test('permanent fails this mail at once and no other; retry is a person’s choice', async () => {
    const h = await sendHarness()
    h.peer.script.send = (mail) => (mail.recipients[0] === 'bad@b.example' ? faultOf('permanent') : undefined)
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('bad@b.example'))
    await acceptMail(h.deps, h.tenant, mailTo('good@b.example'))
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'failed' })
    expect(h.peer.sent).toHaveLength(1)
    h.peer.script.send = () => undefined
    await retryMail(h.deps, h.tenant, mail.id)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
  })

  test('P-20: a refused sender fails the mail alone, never retried, gate open', async () => {
    const h = await sendHarness()
    h.peer.script.send = () => faultOf('needs-admin', { hint: 'sender' }, 'exo_smtp_sendasdenied')
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'failed', attempts: 1 })
    expect((await readMailboxFacts(h.deps, h.tenant, h.mailbox.id)).sending).toMatchObject({
      gate: 'open',
      failures: 0,
    })
  })

  test('needs-reconnect, confirmed by a second try, closes the gate, tells once, and opening it is enough', async () => {
    const h = await sendHarness()
    let opened = 0
    h.peer.script.open = () => {
      opened += 1
      return faultOf('needs-reconnect')
    }
    for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
    for (let n = 0; n < 3; n++) await drainLane(h.deps, work(h))
    expect(opened).toBe(2)
    expect(eventsOf(h).map((event) => event.type)).toEqual(['connection.changed'])
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    const states = (await searchMails(h.deps, h.tenant)).mails.map((mail) => [mail.state, mail.attempts])
    expect(states).toEqual(Array.from({ length: 5 }, () => ['queued', 0]))
    h.peer.script.open = () => undefined
    await sendFlows.openGate(h.deps, h.tenant, h.mailbox.id)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(5)
    expect(await rowsOf(h, 'attention')).toHaveLength(0)
  })
})

test('REL-07: a mail past its deadline is given up with its last error', async () => {
  const h = await sendHarness()
  h.peer.script.send = () => faultOf('transient', { description: 'The server is busy.' })
  const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
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
  const kept = await acceptMail(h.deps, h.tenant, { ...mailTo('late@b.example'), deadline: late })
  for (let n = 0; n < 120; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
  await drainLane(h.deps, work(h))
  h.clock.advance(3 * 86_400_000 + 1)
  eventsOf(h)
  await drainLane(h.deps, { ...work(h), sweep: true })
  expect(eventsOf(h).filter((event) => event.type === 'mail.failed')).toHaveLength(120)
  expect((await searchMails(h.deps, h.tenant)).mails.map(({ id }) => id)).toEqual([kept.mail.id])
  expect(h.peer.sent).toEqual([])
})

test('REL-06: all 27 combinations of answers for three recipients over two attempts', async () => {
  const codes = ['250', '451', '550'] as const
  for (const combination of codes.flatMap((a) => codes.flatMap((b) => codes.map((c) => [a, b, c] as const)))) {
    const h = await sendHarness()
    const people = ['a@b.example', 'b@b.example', 'c@b.example']
    const answerFor = (address: string) => combination[people.indexOf(address)]!
    let attempt = 0
    const tried: string[][] = []
    h.peer.script.send = (mail) => {
      attempt += 1
      tried.push(mail.recipients)
      const refused: RefusedRecipient[] = mail.recipients
        .filter((address) => answerFor(address) !== '250' && !(attempt > 1 && answerFor(address) === '451'))
        .map((address) => ({
          address,
          transient: answerFor(address) === '451',
          code: answerFor(address),
          remedy: '',
          reply: 'no',
        }))
      if (refused.length < mail.recipients.length) return { refused, reply: '250 ok' }
      const again = refused.some((one) => one.transient)
      return new AllRefusedError(faultOf(again ? 'transient' : 'permanent'), refused)
    }
    const { mail } = await acceptMail(h.deps, h.tenant, mailTo(...people))
    await drainLane(h.deps, work(h))
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
    const view = await readMail(h.deps, h.tenant, mail.id)
    expect(view.state).toBe(combination.every((code) => code === '550') ? 'failed' : 'sent')
    expect(view.refused.map((one) => one.address)).toEqual(people.filter((one) => answerFor(one) === '550'))
    expect(tried[1] ?? []).toEqual(people.filter((one) => answerFor(one) === '451'))
  }
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
    await acceptMail(h.deps, h.tenant, parseMailSubmission({ ...mailTo(`r${n}@b.example`), mailboxId: h.mailbox.id }))
  const accepting = h.state.calls
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(mails)
  // The settings of the tenant are read once.
  expect((accepting - 1) / mails).toBeLessThanOrEqual(6)
  expect(h.state.calls / mails).toBeLessThanOrEqual(15)
})

test('REL-02: random interleavings of workers, crashes and people never leave the graph or send twice', async () => {
  type Step = 'drain' | 'crash' | 'advance' | 'cancel' | 'retry' | 'release'
  const steps = fc.array(fc.constantFrom<Step>('drain', 'crash', 'advance', 'cancel', 'retry', 'release'), {
    minLength: 3,
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(steps, fc.integer({ min: 2, max: 40 }), fc.boolean(), async (script, crashAt, flaky) => {
      const h = await sendHarness()
      let turn = 0
      h.peer.script.send = () => (flaky && turn++ % 2 === 0 ? faultOf('transient') : undefined)
      const { mail } = await acceptMail(h.deps, h.tenant, mailTo('b@b.example'))
      for (const step of script) {
        const before = await readMail(h.deps, h.tenant, mail.id)
        const sentBefore = h.peer.sent.length
        const settle = (error: unknown) => {
          const expected = error instanceof CrashError || error instanceof RowChangedError
          if (!expected && (error as { code?: string }).code !== 'wrong_state') throw error
        }
        if (step === 'drain')
          await Promise.all([drainLane(h.process().deps, work(h)), drainLane(h.process().deps, work(h))])
        else if (step === 'crash') {
          const doomed = h.process(crashAt)
          await drainLane(doomed.deps, work(h)).catch((error: unknown) => {
            if (!doomed.state.dead) throw error
          })
        } else if (step === 'advance') h.clock.advance(6 * 60_000)
        else
          await { cancel: cancelMail, retry: retryMail, release: releaseMail }
            [step](h.deps, h.tenant, mail.id)
            .catch(settle)
        if (before.state === 'sent' || before.state === 'cancelled') {
          expect((await findMail(h.deps, h.tenant, mail.id))?.mail.state).toBe(before.state)
          expect(h.peer.sent.length).toBe(sentBefore)
        }
      }
      expect(h.peer.sent.length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 150 },
  )
})

test('SEC-43: recipients beyond those of a day wait for the next; other mailboxes are not concerned', async () => {
  const h = await sendHarness()
  h.deps.config.recipientsPerDay = 3
  for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, mailTo(`r${n}@b.example`))
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(3)
  h.clock.advance(23 * 3_600_000)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(3)
  h.clock.advance(3_600_001)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent).toHaveLength(5)
})

describe('O2: a mailbox whose mails are refused does not look healthy', () => {
  const facts = (h: Harness) => readMailboxFacts(h.deps, h.tenant, h.mailbox.id)
  const refuse = async (h: Harness, mails: number, error: GatewayError) => {
    h.peer.script.send = () => error
    for (let n = 0; n < mails; n++) await acceptMail(h.deps, h.tenant, mailTo(`b${n}@b.example`))
    await drainLane(h.deps, work(h))
  }
  const denied = () => faultOf('needs-admin', { hint: 'sender', description: 'No Send As.' }, 'exo_smtp_sendasdenied')

  test('one refusal that an administrator must end: card, count, words and state at once; one card for many mails', async () => {
    const h = await sendHarness()
    await refuse(h, 3, denied())
    expect(await rowsOf(h, 'attention')).toMatchObject([
      { rowKey: `mailbox-send~${h.mailbox.id}`, code: 'exo_smtp_sendasdenied', subject: h.mailbox.address },
    ])
    const lastRefused = new Date(h.clock.now()).toISOString()
    expect(await facts(h)).toMatchObject({
      health: 'needs-admin',
      attention: [
        { kind: 'mailbox-send', whoActs: "Customer's administrator", actions: [{ operation: 'mailboxTestMail' }] },
      ],
      sending: { failures: 0, gate: 'open', refusedMails: 3, lastRefused, problem: 'No Send As.' },
    })
    await refuse(h, 2, denied())
    expect((await facts(h)).sending.refusedMails).toBe(5)
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
  })

  test('the first mail that leaves removes card and count', async () => {
    const h = await sendHarness()
    await refuse(h, 2, denied())
    h.peer.script.send = () => undefined
    await acceptMail(h.deps, h.tenant, mailTo('c@b.example'))
    await drainLane(h.deps, work(h))
    expect(await rowsOf(h, 'attention')).toEqual([])
    expect(await facts(h)).toMatchObject({ sending: { refusedMails: 0, lastRefused: '', problem: '' }, attention: [] })
    await refuse(h, 1, denied())
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
  })

  test('a card that somebody closed by a retry comes back with the next refusal', async () => {
    const h = await sendHarness()
    await refuse(h, 1, denied())
    await sendFlows.openGate(h.deps, h.tenant, h.mailbox.id)
    expect(await rowsOf(h, 'attention')).toEqual([])
    await refuse(h, 1, denied())
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    h.peer.script.send = () => {
      void sendFlows.openGate(h.deps, h.tenant, h.mailbox.id)
      return denied()
    }
    await acceptMail(h.deps, h.tenant, mailTo('d@b.example'))
    await drainLane(h.deps, work(h))
    await refuse(h, 1, denied())
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
  })

  test('refused mail after mail without such a reason: counted from the first, told after five', async () => {
    const h = await sendHarness()
    await refuse(h, 4, faultOf('permanent', { hint: 'message' }))
    expect(await rowsOf(h, 'attention')).toEqual([])
    expect((await facts(h)).sending.refusedMails).toBe(4)
    await refuse(h, 1, faultOf('permanent', { hint: 'message' }))
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    expect((await facts(h)).attention).toMatchObject([{ whoActs: 'Sender of the mail' }])
  })

  test('wrong addresses are the fault of the mails: counted, and no card of the mailbox', async () => {
    const h = await sendHarness()
    await refuse(h, 8, faultOf('permanent', { hint: 'recipient' }))
    expect(await rowsOf(h, 'attention')).toEqual([])
    expect(await facts(h)).toMatchObject({ attention: [], sending: { refusedMails: 8 } })
  })

  test('a healthy mail costs what it did: the count is written by the refusal and by the first success after it', async () => {
    const h = await sendHarness()
    const cost = async (): Promise<number> => {
      h.peer.script.send = () => undefined
      await acceptMail(h.deps, h.tenant, mailTo('c@b.example'))
      const before = h.state.calls
      await drainLane(h.deps, work(h))
      return h.state.calls - before
    }
    await cost()
    const healthy = await cost()
    await refuse(h, 1, denied())
    expect(await cost()).toBeGreaterThan(healthy)
    expect(await cost()).toBe(healthy)
  })
})

test('H10: a mail for which this process has no memory now keeps its place, is nobody’s fault and leaves at the next look', async () => {
  const h = await sendHarness()
  const hand = bytesInHand(2_000_000)
  h.deps.inHand = { ...hand, take: (bytes) => hand.take(bytes, 0) }
  const content = Buffer.alloc(1_200_000, 7).toString('base64')
  const wish = { ...mailTo('b@b.example'), attachments: [{ filename: 'plan.pdf', content }] }
  const { mail } = await acceptMail(h.deps, h.tenant, parseMailSubmission(wish))
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
