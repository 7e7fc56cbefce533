/** What an application says about its own mail comes back with the mail's state and with everything it is told. */
import { describe, expect, test } from 'vitest'
import { buryMessage } from '../../../lib/flows/ops/bury-message.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import type { GatewayEvent } from '../../../lib/model/event.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, acceptMessage, drainLane, readMail, searchMails } = sendFlows
const metadata = { invoice: '4711', 'customer.id': 'C-1', language: 'pt-BR' }

async function place() {
  const h = await sendHarness()
  return {
    ...h,
    submit: async (more: object = {}) =>
      (
        await acceptMail(h.deps, h.tenant, {
          submission: parseMailSubmission({ to: ['a@b.example'], text: 'x', metadata, ...more }),
        })
      ).mail,
    drain: () => drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }),
    events: () => (h.stores.queues as MemoryQueues).take(h.deps.names.eventsQueue(h.tenant)) as GatewayEvent[],
  }
}

describe('D5: metadata', () => {
  test('comes back with the mail, in lists and in the events sent, failed and unknown', async () => {
    const h = await place()
    const sent = await h.submit()
    await h.drain()
    h.peer.script.send = () => faultOf('permanent')
    await h.submit()
    await h.drain()
    h.peer.script.send = () => undefined
    h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' })
    await h.submit()
    await h.drain()
    h.clock.advance(5 * 60_000)
    await h.drain()
    expect(h.events().map(({ type, data }) => [type, (data as { metadata?: object }).metadata])).toEqual([
      ['mail.sent', metadata],
      ['mail.failed', metadata],
      ['mail.unknown', metadata],
    ])
    expect(await readMail(h.deps, h.tenant, sent.id)).toMatchObject({ metadata })
    const { mails } = await searchMails(h.deps, h.tenant, { metadata: { key: 'customer.id', value: 'C-1' } })
    expect(mails.map((mail) => mail.metadata)).toEqual([metadata, metadata, metadata])
  })

  test('comes back when a mail from the queue is refused or buried, as far as it can be read', async () => {
    const h = await place()
    await acceptMessage(h.deps, { v: 1, tenant: h.tenant, mail: { to: [], metadata } }, 'one')
    await acceptMessage(h.deps, { v: 1, tenant: h.tenant, mail: { to: [], metadata: { 'bad key': 'x' } } }, 'two')
    await acceptMessage(
      h.deps,
      { v: 1, tenant: h.tenant, mail: { to: ['a@b.example'], mailbox: 'none', metadata } },
      'three',
    )
    await acceptMessage(h.deps, { v: 1, tenant: 'nobody', mail: { to: [], metadata } }, 'four')
    await buryMessage(h.deps, 'outbound-mail', {
      given: { v: 1, tenant: h.tenant, mail: { metadata } },
      messageId: 'five',
    })
    await buryMessage(h.deps, 'mail-send', { given: { v: 1, tenant: h.tenant, metadata }, messageId: 'six' })
    const told = h.events()
    expect(
      told.map(({ type, data }) => [
        type,
        (data as { queueMessageId?: string }).queueMessageId,
        (data as { metadata?: object }).metadata,
      ]),
    ).toEqual([
      ['mail.rejected', 'one', metadata],
      ['mail.rejected', 'two', {}],
      ['mail.rejected', 'three', metadata],
      ['mail.rejected', 'five', metadata],
    ])
    expect(told[0]?.data).toMatchObject({ code: 'invalid_input', description: expect.stringContaining('recipient') })
  })

  test('a repeated refusal is the same event', async () => {
    const h = await place()
    for (let n = 0; n < 2; n++) await acceptMessage(h.deps, { v: 1, tenant: h.tenant, mail: { to: [] } }, 'one')
    const ids = h.events().map(({ id }) => id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
  })

  test('is part of what one idempotency key means; a mail without any hashes as it did before there was any', async () => {
    const h = await place()
    const submit = (more: object) =>
      acceptMail(h.deps, h.tenant, {
        submission: parseMailSubmission({ to: ['a@b.example'], text: 'x', ...more }),
        idempotencyKey: 'key',
      })
    const { mail } = await submit({ metadata: { a: '1' } })
    expect((await submit({ metadata: { a: '1' } })).mail.id).toBe(mail.id)
    await expect(submit({ metadata: { a: '2' } })).rejects.toMatchObject({ code: 'idempotency_conflict' })
    expect(JSON.stringify(parseMailSubmission({ to: ['a@b.example'], text: 'x' }))).not.toContain('metadata')
  })

  test.each([
    ['21 names', Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, ''])), 'at most 20 names'],
    ['a name of 41 characters', { ['k'.repeat(41)]: '' }, '1 to 40 letters'],
    ['an empty name', { '': '' }, '1 to 40 letters'],
    ['a name with a colon', { 'a:b': '' }, '1 to 40 letters'],
    ['a value of 501 characters', { k: 'v'.repeat(501) }, 'at most 500 characters'],
    ['a line break', { k: 'a\nb' }, 'line breaks'],
    [
      'more than 4 KB',
      Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`k${n}`, 'v'.repeat(500)])),
      '4096 bytes',
    ],
    [
      '4 KB of other letters',
      Object.fromEntries(Array.from({ length: 5 }, (_, n) => [`k${n}`, 'ß'.repeat(500)])),
      '4096 bytes',
    ],
    ['a number', { k: 1 }, 'text'],
    ['a list', [], 'an object'],
  ])('refuses %s and says what is allowed', (_, wrong, says) => {
    const submit = () => parseMailSubmission({ to: ['a@b.example'], text: 'x', metadata: wrong })
    expect(submit).toThrow(says)
    try {
      submit()
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_input', field: expect.stringMatching(/^metadata/) })
    }
  })

  test('takes 20 names of 40 characters and values of 500', () => {
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}`.padStart(40, 'k'), 'v']))
    expect(parseMailSubmission({ to: ['a@b.example'], metadata: many }).metadata).toEqual(many)
    const long = { k: 'v'.repeat(500) }
    expect(parseMailSubmission({ to: ['a@b.example'], metadata: long }).metadata).toEqual(long)
  })
})
