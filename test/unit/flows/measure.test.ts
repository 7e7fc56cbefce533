import { expect, test } from 'vitest'
import { buryMessage, forgetBuried, readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { checkHealth } from '../../../lib/flows/ops/check-health.js'
import { measure } from '../../../lib/flows/ops/measure.js'
import { sweep } from '../../../lib/flows/ops/sweep.js'
import { mailboxesDue } from '../../../lib/flows/receive/mailboxes-due.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { telemetry } from '../../../lib/model/telemetry.js'
import { raiseAttention } from '../../../lib/rows/attention.js'
import { everyAttention } from '../../support/general/every.js'
import { recordedLog } from '../../support/general/recorded-log.js'
import { faultOf, sendHarness } from '../../support/send/send-harness.js'

const { acceptMail, drainLane } = sendFlows
const mail = (more: object = {}) => parseMailSubmission({ to: ['bob@b.example'], subject: 'Offer', text: 'x', ...more })
const minute = 60_000
const day = 86_400_000

async function harness() {
  const h = await sendHarness()
  const recorded = recordedLog()
  return { ...h, ...recorded, deps: { ...h.deps, log: recorded.log } }
}

test('late mail is told from mail that waits for a person and from held mail', async () => {
  const h = await harness()
  await acceptMail(h.deps, h.tenant, { submission: mail() })
  await acceptMail(h.deps, h.tenant, { submission: mail({ hold: true }) })
  h.clock.advance(20 * minute)
  await acceptMail(h.deps, h.tenant, { submission: mail() })
  await measure(h.deps)
  expect(h.of('mails-open')).toMatchObject([{ waiting: 2, gated: 0, held: 1, unknown: 0, oldestLateMs: 20 * minute }])

  h.peer.script.open = () => faultOf('needs-reconnect')
  await drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
  h.clock.advance(20 * minute)
  await measure(h.deps)
  expect(h.of('mails-open')[1]).toMatchObject({ waiting: 0, gated: 2, held: 1, oldestLateMs: 0 })
})

test('a mail nobody knows the fate of is counted with its age until a person decides', async () => {
  const h = await harness()
  h.peer.script.after = () => faultOf('transient', { outcome: 'unknown' })
  await acceptMail(h.deps, h.tenant, { submission: mail() })
  // The mail server is given a minute before it is asked what became of the mail.
  for (let look = 0; look < 2; look++) {
    await drainLane(h.deps, { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id })
    h.clock.advance(look === 0 ? 2 * minute : 90 * minute)
  }
  await measure(h.deps)
  expect(h.of('mails-open')).toMatchObject([{ unknown: 1, oldestUnknownMs: 92 * minute }])
  expect(h.of('attention-open')).toMatchObject([{ kind: 'mail-unknown', count: 1, oldestMs: 90 * minute }])
  expect(h.of('mail-attempt').at(-1)).toMatchObject({ state: 'unknown', tenant: h.tenant })
})

test('the length of every queue is told, and of its poison queue', async () => {
  const h = await harness()
  await h.stores.queues.send(h.deps.names.queue('webhook'), { v: 1 })
  await h.stores.queues.ensure(`${h.deps.names.queue('mail-send')}-poison`)
  await h.stores.queues.send(`${h.deps.names.queue('mail-send')}-poison`, { v: 1 })
  await measure(h.deps)
  const told = Object.fromEntries(
    h.of('queue-length').map((line) => [line['queue'], [line['waiting'], line['poison']]]),
  )
  expect(told).toEqual({
    'outbound-mail': [0, 0],
    'mail-send': [0, 1],
    'mailbox-poll': [0, 0],
    'connection-refresh': [0, 0],
    'second-clock': [0, 0],
    webhook: [1, 0],
  })
})

test('what needs attention is counted by kind and class over all tenants', async () => {
  const h = await harness()
  await raiseAttention(h.deps, { tenant: 'acme', kind: 'connection', id: 'a' }, faultOf('needs-reconnect'))
  h.clock.advance(minute)
  await raiseAttention(h.deps, { tenant: 'other', kind: 'connection', id: 'b' }, faultOf('needs-reconnect'))
  await raiseAttention(h.deps, { tenant: '~', kind: 'registration', id: 'c' }, faultOf('needs-admin'))
  await measure(h.deps)
  expect(h.of('attention-open')).toEqual([
    {
      event: 'attention-open',
      level: 'info',
      kind: 'connection',
      class: 'needs-reconnect',
      count: 2,
      oldestMs: minute,
    },
    { event: 'attention-open', level: 'info', kind: 'registration', class: 'needs-admin', count: 1, oldestMs: 0 },
  ])
})

test('timers leave a heartbeat that says how late the most overdue subject is', async () => {
  const h = await harness()
  await h.stores.tables.ensure(h.deps.names.table('due'))
  const { setDue } = await import('../../../lib/rows/due.js')
  await setDue(h.deps, { kind: 'poll', tenant: h.tenant, id: h.mailbox.id }, h.clock.now())
  h.clock.advance(7 * minute)
  await mailboxesDue(h.deps)
  await sweep(h.deps, {})
  expect(h.of('timer-ran')).toMatchObject([
    { timer: 'mailboxes-due', kind: 'own', subjects: 1, lateMs: 7 * minute },
    { timer: 'sweep' },
  ])
})

test('SEC-40: a log line can carry ids, codes, counts and durations only', () => {
  const ids = /^(tenant|[a-zA-Z]*Id|code|class|kind|state|event|timer|queue|table|part|settings|error|operation|fault)$/
  const counts =
    /^(count|attempt|subjects|mailboxes|poison|idle|mail|failed|skipped|handedOver|quarantined|waiting|gated|held|unknown|difference|daysLeft|ends|ms|[a-zA-Z]+Ms)$/
  for (const [name, fields] of Object.entries(telemetry))
    for (const field of fields) expect(ids.test(field) || counts.test(field), `${name}.${field}`).toBe(true)
})

test('host 8, REL-10: a message nobody can read is kept, logged and shown at once; one in base64 is read', async () => {
  const h = await harness()
  const work = { v: 1, tenant: h.tenant }
  expect(
    await readOrBury(h.deps, 'outbound-mail', {
      given: Buffer.from(JSON.stringify(work)).toString('base64'),
      messageId: 'a',
    }),
  ).toEqual(work)
  expect(await readOrBury(h.deps, 'outbound-mail', { given: work, messageId: 'b' })).toEqual(work)
  expect(await everyAttention(h.deps, '~')).toEqual([])
  expect(await readOrBury(h.deps, 'outbound-mail', { given: 'not base64 {', messageId: 'c' })).toBeUndefined()
  const [card] = await everyAttention(h.deps, '~')
  expect(card).toMatchObject({ tenant: '~', kind: 'message', remedy: expect.stringContaining('quarantine') })
  const kept = await h.deps.blobs.get(h.deps.names.container('quarantine'), /~\/messages\/\w+/.exec(card!.remedy)![0])
  expect(String(Buffer.from(kept ?? []))).toBe('not base64 {')
})

test('H6: a message in base64 that breaks the rules of bodies is shown under its tenant with the place at fault', async () => {
  const h = await harness()
  const text = `{"v":1,"tenant":"${h.tenant}","mail":{"to":["a@b.example"],"to":["c@d.example"]}}`
  const given = Buffer.from(text).toString('base64')
  expect(await readOrBury(h.deps, 'outbound-mail', { given: given, messageId: 'a' })).toBeUndefined()
  const [card] = await everyAttention(h.deps, h.tenant)
  expect(card).toMatchObject({ kind: 'message', description: expect.stringContaining('mail.to: is given twice') })
  const kept = await h.deps.blobs.get(
    h.deps.names.container('quarantine'),
    /[\w~-]+\/messages\/\w+/.exec(card!.remedy)![0],
  )
  expect(String(Buffer.from(kept ?? []))).toBe(given)
})

test('host 8: what the host gave up on keeps its tenant in base64 too', async () => {
  const h = await harness()
  const text = Buffer.from(JSON.stringify({ tenant: h.tenant, mailboxId: h.mailbox.id })).toString('base64')
  await buryMessage(h.deps, 'mail-send', { given: text, messageId: 'one' })
  expect((await everyAttention(h.deps, h.tenant)).map(({ kind }) => kind)).toEqual(['message'])
})

test('host 8: a message given up is in the health for an hour as a fault, then as a count; the card says who acts', async () => {
  const h = await harness()
  const clock = { now: h.clock.now, sleep: () => new Promise<void>(() => {}) }
  const verdict = async () =>
    (await checkHealth({ ...h.deps, clock } as typeof h.deps, clock.now)).checks.find(({ name }) => name === 'messages')
  expect(await verdict()).toMatchObject({ ok: true, text: 'no queue message was given up in the last week' })
  await buryMessage(h.deps, 'outbound-mail', { given: { v: 1, tenant: h.tenant, mail: {} }, messageId: 'one' })
  expect(await verdict()).toMatchObject({
    ok: false,
    code: 'messages_given_up',
    text: expect.stringMatching(/^1 queue/),
  })
  await readOrBury(h.deps, 'outbound-mail', { given: 'no JSON at all', messageId: 'two' })
  await buryMessage(h.deps, 'mailbox-poll', { given: { v: 1, mailboxes: [] }, messageId: 'three' })
  h.clock.advance(61 * 60_000)
  expect(await verdict()).toMatchObject({ ok: true, text: expect.stringMatching(/^3 queue messages were given up/) })
  const cards = await everyAttention(h.deps, '~')
  expect(cards.map(({ whoActs }) => whoActs).sort()).toEqual([
    'Developers of the application',
    'Gateway developers',
    'Gateway operator',
  ])
  for (const { remedy, whoActs } of cards)
    expect(remedy).toMatch(whoActs === 'Gateway developers' ? /Nothing is lost/ : /enqueue .*messages\//)
})

test('host 8: a message of another shape on mail-send is a card at once and not only a log line', async () => {
  const h = await harness()
  const work = { v: 1, tenant: h.tenant, mailboxId: h.mailbox.id }
  expect(await readOrBury(h.deps, 'mail-send', { given: work, messageId: 'good' })).toEqual(work)
  expect(await everyAttention(h.deps, '~')).toEqual([])
  const wrong = [null, 'x', {}, { ...work, v: 0 }, { v: 1, tenant: h.tenant }, { ...work, tenant: 7 }]
  for (const [at, one] of wrong.entries())
    expect(await readOrBury(h.deps, 'mail-send', { given: one, messageId: `${at}` })).toBeUndefined()
  const cards = await everyAttention(h.deps, '~')
  expect(cards).toHaveLength(wrong.length)
  expect(cards.map(({ tenant }) => tenant)).toContain(h.tenant)
  for (const { description, whoActs } of cards) {
    expect(description).toMatch(/is not one that|not JSON/)
    expect(whoActs).toBe('Gateway operator')
  }
})

test('a buried message is shown to its tenant or the operator for a week', async () => {
  const h = await harness()
  await buryMessage(h.deps, 'mail-send', { given: { tenant: h.tenant, mailboxId: h.mailbox.id }, messageId: 'one' })
  await buryMessage(h.deps, 'outbound-mail', { given: 'no JSON at all', messageId: 'two' })
  // The schedule brought the same work again, and it failed again.
  await buryMessage(h.deps, 'mail-send', { given: { tenant: h.tenant, mailboxId: h.mailbox.id }, messageId: 'three' })
  expect(h.of('message-buried').map((line) => line['tenant'])).toEqual([h.tenant, '~', h.tenant])
  const remedy = (await everyAttention(h.deps, '~')).find((item) => item.tenant === '~')?.remedy ?? ''
  const kept = await h.deps.blobs.get(h.deps.names.container('quarantine'), /~\/messages\/\w+/.exec(remedy)?.[0] ?? '')
  expect(String(Buffer.from(kept ?? []))).toBe('no JSON at all')
  const shown = async () => (await everyAttention(h.deps, '~')).map((item) => [item.tenant, item.kind])
  await forgetBuried(h.deps)
  expect((await shown()).sort()).toEqual([
    [h.tenant, 'message'],
    ['~', 'message'],
  ])
  h.clock.advance(8 * day)
  await forgetBuried(h.deps)
  expect(await shown()).toEqual([])
})
