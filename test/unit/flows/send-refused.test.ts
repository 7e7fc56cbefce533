/** What each class of refusal does to the mail, its recipients and its mailbox. */
import { describe, expect, test } from 'vitest'
import { readMailboxFacts } from '../../../lib/flows/admin/mailboxes.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { AllRefusedError, type RefusedRecipient } from '../../../lib/ports/sender.js'
import { eventsOf, mailTo, rowsOf, work } from '../../support/send/mail-looks.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane, readMail, retryMail, searchMails } = sendFlows

test('REL-06: a failed mail that a person retries goes to everybody who does not have it', async () => {
  const h = await sendHarness()
  const refused = [
    { address: 'b@b.example', transient: false, code: '550', remedy: 'Correct it.', reply: '550 no such user' },
  ]
  h.peer.script.send = () => new AllRefusedError(faultOf('permanent'), refused)
  const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
  await drainLane(h.deps, work(h))
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'failed', refused: [{ code: '550' }] })
  h.peer.script.send = () => undefined
  await retryMail(h.deps, h.tenant, mail.id)
  await drainLane(h.deps, work(h))
  expect(h.peer.sent.map((one) => one.recipients)).toEqual([['b@b.example']])
  expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent', refused: [], attempts: 2 })
})

describe('P-08: the class decides', () => {
  test('transient waits within its bounds and is sent later', async () => {
    const h = await sendHarness()
    h.peer.script.send = () => faultOf('transient', { retryAfterMs: 600_000 })
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('bad@b.example') })
    await acceptMail(h.deps, h.tenant, { submission: mailTo('good@b.example') })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    for (let n = 0; n < 5; n++) await acceptMail(h.deps, h.tenant, { submission: mailTo(`r${n}@b.example`) })
    for (let n = 0; n < 3; n++) await drainLane(h.deps, work(h))
    expect(opened).toBe(2)
    expect(eventsOf(h).map((event) => event.type)).toEqual(['connection.changed'])
    expect(await rowsOf(h, 'attention')).toHaveLength(1)
    const states = (await searchMails(h.deps, h.tenant)).mails.map((mail) => [mail.state, mail.attempts])
    expect(states).toEqual(Array.from({ length: 5 }, () => ['queued', 0]))
    h.peer.script.open = () => undefined
    await sendFlows.openGate(h.deps, { tenant: h.tenant, mailboxId: h.mailbox.id })
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(5)
    expect(await rowsOf(h, 'attention')).toHaveLength(0)
  })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo(...people) })
    await drainLane(h.deps, work(h))
    h.clock.advance(3_600_000)
    await drainLane(h.deps, work(h))
    const view = await readMail(h.deps, h.tenant, mail.id)
    expect(view.state).toBe(combination.every((code) => code === '550') ? 'failed' : 'sent')
    expect(view.refused.map((one) => one.address)).toEqual(people.filter((one) => answerFor(one) === '550'))
    expect(tried[1] ?? []).toEqual(people.filter((one) => answerFor(one) === '451'))
  }
})
