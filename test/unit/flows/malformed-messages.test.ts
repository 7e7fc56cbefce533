/** H6, field 21: whatever lies in a queue ends in a row that people find, or waits for who can read it. */
import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { buryMessage, readOrBury } from '../../../lib/flows/ops/bury-message.js'
import { checkHealth } from '../../../lib/flows/ops/check-health.js'
import { sendFlows } from '../../../lib/flows/send/index.js'
import { type QueueName, queueNames } from '../../../lib/model/names.js'
import type { MemoryQueues } from '../../../lib/stores/memory-queues.js'
import { everyAttention } from '../../support/general/every.js'
import { type Harness, sendHarness } from '../../support/send/send-harness.js'

const good = (tenant: string) =>
  `{"v":1,"tenant":"${tenant}","idempotencyKey":"k","mail":{"to":["kim@example.com"],"subject":"s","text":"x"}}`

/** What writers get wrong, each in the text of a good message. */
const wrongs: Record<string, (text: string, n: number) => string> = {
  'a recipient list given twice': (text) => text.replace('"subject"', '"to":["eve@example.com"],"subject"'),
  'a tenant given twice': (text) => text.replace('"mail"', '"tenant":"other","mail"'),
  'a version given twice': (text) => text.replace('"mail"', '"v":2,"mail"'),
  'nesting in a field': (text, n) => text.replace('"x"', `${'['.repeat(40 + n)}${']'.repeat(40 + n)}`),
  'nesting in a recipient': (text, n) =>
    text.replace('"kim@example.com"', `${'{"a":'.repeat(40 + n)}1${'}'.repeat(40 + n)}`),
  'half a character': (text) => text.replace('"s"', '"\\ud800"'),
  'half a character in a key': (text) => text.replace('"subject"', '"\\udc00"'),
  'an odd file name': (text) =>
    text.replace('"text"', '"attachments":[{"filename":"\\u0000\\u202e../..","content":"%%%"}],"text"'),
  'half a file name': (text) =>
    text.replace('"text"', '"attachments":[{"filename":"a\\udfff","content":"YQ=="}],"text"'),
  'a prototype': (text) => text.replace('"subject"', '"__proto__"'),
  'a cut text': (text, n) => text.slice(0, Math.max(1, text.length - 2 - n)),
  'something behind': (text) => `${text} x`,
  'no object': () => '[1,2,3]',
  'a number': (_text, n) => String(n),
  nothing: () => '',
  'no version': (text) => text.replace('"v":1,', ''),
  'an unknown field': (text) => text.replace('"subject"', '"subjekt"'),
  'no recipient': (text) => text.replace('"kim@example.com"', ''),
  'no tenant': (text) => text.replace(/"tenant":"[^"]*",/, ''),
  'a strange tenant': (text) => text.replace(/"tenant":"[^"]*"/, '"tenant":"no-such-tenant"'),
  'an impossible tenant': (text) => text.replace(/"tenant":"[^"]*"/, '"tenant":"../~"'),
  'a newer version': (text) => text.replace('"v":1', '"v":2'),
  'a newer version, nested deep': (text, n) =>
    text.replace('"v":1', '"v":9').replace('"x"', `${'['.repeat(2_000 + n)}${']'.repeat(2_000 + n)}`),
}

const forms: Record<string, (text: string) => unknown> = {
  'as bytes': (text) => Buffer.from(text),
  'in base64': (text) => Buffer.from(Buffer.from(text).toString('base64')),
  'in base64 with a line break': (text) => Buffer.from(`${Buffer.from(text).toString('base64')}\n`),
  'in the base64 of URLs': (text) => Buffer.from(`${Buffer.from(text).toString('base64url')}_-`),
  'in UTF-16': (text) => Buffer.from(text, 'utf16le'),
  'as the host reads it': (text) => {
    try {
      return JSON.parse(text) as unknown
    } catch {
      return text
    }
  },
}

/** As the functions do it, and as the host does with what fails five times. */
async function deliver(h: Harness, queue: QueueName, given: unknown, id: string): Promise<void> {
  const work = await readOrBury(h.deps, queue, { given, messageId: id })
  if (work === undefined) return
  if (queue !== 'outbound-mail') throw new Error(`${queue} took ${JSON.stringify(work)}`)
  await sendFlows.acceptMessage(h.deps, work, id).catch(() => buryMessage(h.deps, queue, { given, messageId: id }))
}

async function rowsOf(h: Harness): Promise<{ code: string; tenant: string; failed: boolean }[]> {
  const rows = []
  for (const log of ['sendinglog', 'receivinglog'] as const) {
    const table = h.deps.names.log(log, new Date(h.clock.now()).toISOString().slice(0, 10).replaceAll('-', ''))
    for await (const row of h.deps.tables.query(table, { partitionRange: ['0', '~~~'] }))
      if (!row.partitionKey.includes('~e~') && row['state'] === 'rejected')
        rows.push({ code: String(row['code']), tenant: row.partitionKey.replace(/~\d\d$/, ''), failed: true })
  }
  return rows
}

const waitingOf = (h: Harness): unknown[] => {
  h.clock.advance(60_000)
  return queueNames.flatMap((queue) => (h.stores.queues as MemoryQueues).take(h.deps.names.queue(queue)))
}

test('H6, field 21: of 2,000 malformed messages each ends in a row or waits; nobody gets a mail', async () => {
  const h = await sendHarness()
  const messages = fc.sample(
    fc.record({
      queue: fc.constantFrom(...queueNames),
      wrong: fc.constantFrom(...Object.keys(wrongs)),
      form: fc.constantFrom(...Object.keys(forms)),
      n: fc.nat(60),
    }),
    { numRuns: 2_000, seed: 21 },
  )
  const lost: string[] = []
  let counted = 0
  let waited = 0
  for (const [at, { queue, wrong, form, n }] of messages.entries()) {
    // A host that reads JSON itself hides what was given twice: the functions ask for the bytes.
    const seen = wrong.includes('given twice') && form === 'as the host reads it' ? 'as bytes' : form
    const given = forms[seen]!(wrongs[wrong]!(good(h.tenant), n))
    await deliver(h, queue, given, `message-${at}`)
    if (at % 50 === 49) {
      waited += waitingOf(h).length
      counted = (await rowsOf(h)).length
      if (counted + waited !== at + 1)
        lost.push(`${counted} rows and ${waited} waiting after ${at + 1}, last ${queue}: ${wrong}, ${form}, ${n}`)
      if (lost.length > 0) break
    }
  }
  expect(lost).toEqual([])
  expect(counted + waited).toBe(messages.length)
  expect(waited).toBeGreaterThan(10)
  expect((await sendFlows.searchMails(h.deps, h.tenant, {})).mails).toEqual([])
  const clock = { now: h.clock.now, sleep: () => new Promise<void>(() => {}) }
  const { checks } = await checkHealth({ ...h.deps, clock } as typeof h.deps, clock.now)
  expect(checks.find(({ name }) => name === 'messages')).toMatchObject({ ok: false, code: 'messages_given_up' })
})

test.each(
  Object.keys(wrongs).filter(
    (name) => !/strange|impossible|no tenant|tenant given|no object|number|nothing/.test(name),
  ),
)('H6: a mail with %s is found under the tenant it names, however it is written, or waits', async (name) => {
  for (const form of ['as bytes', 'in base64']) {
    const h = await sendHarness()
    await deliver(h, 'outbound-mail', forms[form]!(wrongs[name]!(good(h.tenant), 3)), 'one')
    if (name.startsWith('a newer version')) {
      expect(waitingOf(h), form).toMatchObject([{ firstMessageId: 'one' }])
      expect(await rowsOf(h), form).toEqual([])
    } else
      expect(
        (await rowsOf(h)).map(({ tenant }) => tenant),
        form,
      ).toEqual([h.tenant])
  }
})

test('H6: what waits for a newer build is sent again as it was written, its first id once', async () => {
  const h = await sendHarness()
  const text = wrongs['a newer version, nested deep']!(good(h.tenant), 0)
  await deliver(h, 'outbound-mail', Buffer.from(text), 'first')
  const [again] = waitingOf(h)
  await deliver(h, 'outbound-mail', Buffer.from(JSON.stringify(again)), 'second')
  const [thrice] = waitingOf(h)
  expect(thrice).toEqual(again)
  expect(again).toEqual({ ...(JSON.parse(text) as object), firstMessageId: 'first' })
})

test('H6: a message that names no tenant of ours is a card of the operator, with its text', async () => {
  const h = await sendHarness()
  await deliver(h, 'outbound-mail', Buffer.from(good('no-such-tenant')), 'one')
  const [card, ...more] = await everyAttention(h.deps, '~')
  expect(more).toEqual([])
  expect(card).toMatchObject({ tenant: '~', kind: 'message', whoActs: 'Developers of the application' })
  const kept = await h.deps.blobs.get(h.deps.names.container('quarantine'), /~\/messages\/\w+/.exec(card!.remedy)![0])
  expect(JSON.parse(String(Buffer.from(kept!)))).toMatchObject({ tenant: 'no-such-tenant' })
})

test('field 21: a good message reads the same as bytes, in base64 and as the host reads it', async () => {
  for (const form of ['as bytes', 'in base64', 'as the host reads it']) {
    const h = await sendHarness()
    await deliver(h, 'outbound-mail', forms[form]!(good(h.tenant)), 'one')
    expect(await rowsOf(h), form).toEqual([])
    expect((await sendFlows.searchMails(h.deps, h.tenant, {})).mails, form).toHaveLength(1)
  }
})

test('H6: every queue trigger asks for the bytes of the text, so that a key given twice is seen', () => {
  const functions = readdirSync('functions').map((file) => readFileSync(`functions/${file}`, 'utf8'))
  const made = functions.filter((text) => /^(queue|bury)Function\(/m.test(text))
  expect(made.length).toBeGreaterThanOrEqual(2 * queueNames.length)
  // One place registers them all.
  expect(functions.filter((text) => text.includes('storageQueue'))).toEqual([])
  expect(readFileSync('lib/queue-function.ts', 'utf8')).toContain('...asBytes')
})
