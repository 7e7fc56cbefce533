/** What people see of a mailbox is what its server did: gates, counts and cards. */
import { describe, expect, test } from 'vitest'
import type { GatewayError } from '../../../lib/errors.js'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { eventsOf, mailTo, rowsOf, work } from '../../support/send/mail-looks.js'
import { faultOf, type Harness, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail, retryMail, searchMails } = sendFlows

describe('P-04: what people see of a mailbox is what its server did', () => {
  const facts = (h: Harness) => readMailboxFacts(h.deps, h.tenant, h.mailbox.id)

  test('a server that takes sessions and no mail is told after five failures, with no success claimed; the first mail ends it', async () => {
    const h = await sendHarness()
    const description = 'The service is not available.'
    h.peer.script.send = () => faultOf('transient', { description })
    await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    for (let n = 0; n < 8; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`b${n}@b.example`) })
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
      await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('late@b.example') })
    await drainLane(h.deps, work(h))
    h.peer.script.open = () => undefined
    await retryMail(h.deps, h.tenant, mail.id)
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(6)
  })

  test('P-05: a reconnect while the worker still meets the old refusal is not undone by it', async () => {
    const h = await sendHarness()
    await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
    const { open } = h.peer.sender
    h.peer.sender.open = async () => {
      await sendFlows.openGate(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
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
    await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
    await drainLane(h.deps, work(h))
    const lookUpAt = new Date(h.clock.now() + 60_000).toISOString()
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown', lookUpAt })
    h.clock.advance(60_001)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'unknown', lookUpAt: '' })
  })
})

describe('O2: a mailbox whose mails are refused does not look healthy', () => {
  const facts = (h: Harness) => readMailboxFacts(h.deps, h.tenant, h.mailbox.id)
  const refuse = async (h: Harness, mails: number, error: GatewayError) => {
    h.peer.script.send = () => error
    for (let n = 0; n < mails; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`b${n}@b.example`) })
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
    await acceptMail(h.deps, h.tenant, { submission: mailTo('c@b.example') })
    await drainLane(h.deps, work(h))
    expect(await rowsOf(h, 'attention')).toEqual([])
    expect(await facts(h)).toMatchObject({ sending: { refusedMails: 0, lastRefused: '', problem: '' }, attention: [] })
    await refuse(h, 1, denied())
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
  })

  test('a card that somebody closed by a retry comes back with the next refusal', async () => {
    const h = await sendHarness()
    await refuse(h, 1, denied())
    await sendFlows.openGate(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
    expect(await rowsOf(h, 'attention')).toEqual([])
    await refuse(h, 1, denied())
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    h.peer.script.send = () => {
      void sendFlows.openGate(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
      return denied()
    }
    await acceptMail(h.deps, h.tenant, { submission: mailTo('d@b.example') })
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
      await acceptMail(h.deps, h.tenant, { submission: mailTo('c@b.example') })
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
