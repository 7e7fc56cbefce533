/** Each mail leaves once: keys used twice, processes that die, answers that never come, any interleaving. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RowChangedError } from '../../../lib/errors.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { Message } from '../../../lib/model/messages.js'
import { findMail } from '../../../lib/rows/mails.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { eventsOf, mailTo, rowsOf, work } from '../../support/send/mail-looks.js'
import { CrashError, faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, cancelMail, drainLane, readMail, releaseMail, resolveMail, retryMail, searchMails } = sendFlows

describe('REL-12: idempotency', () => {
  test('50 parallel posts with one key give one mail', async () => {
    const h = await sendHarness()
    const all = await Promise.all(
      Array.from({ length: 50 }, () =>
        acceptMail(h.process().deps, h.tenant, { submission: mailTo('b@b.example'), idempotencyKey: 'k1' }),
      ),
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
      ['a@b.example', 'c@b.example'].map((to) =>
        acceptMail(h.process().deps, h.tenant, { submission: mailTo(to), idempotencyKey: 'k2' }),
      ),
    )
    const refused = results.filter((result) => result.status === 'rejected')
    expect(refused.map((result) => (result as PromiseRejectedResult).reason.code)).toEqual(['idempotency_conflict'])
    await drainLane(h.deps, work(h))
    expect(h.peer.sent).toHaveLength(1)
  })
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
        await acceptMail(doomed.deps, h.tenant, { submission, idempotencyKey: 'key' })
        await drainLane(doomed.deps, work(h))
        finished = !doomed.state.dead
      } catch (error) {
        if (!doomed.state.dead) throw error
      }
      // The client repeats what got no answer; the lease of the dead worker ends; the timer looks at the lane.
      const { mail } = await acceptMail(h.deps, h.tenant, { submission, idempotencyKey: 'key' })
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
    const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
    await resolveMail(h.deps, h.tenant, { id: mail.id, outcome: 'resend' })
    expect(await rowsOf(h, 'attention')).toHaveLength(0)
    await drainLane(h.deps, work(h))
    expect(await readMail(h.deps, h.tenant, mail.id)).toMatchObject({ state: 'sent' })
    await expect(resolveMail(h.deps, h.tenant, { id: mail.id, outcome: 'not-sent' })).rejects.toMatchObject({
      code: 'wrong_state',
    })
  })
})

test('P-09: a mail refused after a hand-over with unknown outcome does not claim that nobody got it', async () => {
  const h = await sendHarness()
  h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' }, 'connection_lost')
  const submission = parseMailSubmission({ ...mailTo('b@b.example'), whenUnknown: 'resend' })
  const { mail } = await acceptMail(h.deps, h.tenant, { submission })
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
      const { mail } = await acceptMail(h.deps, h.tenant, { submission: mailTo('b@b.example') })
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
