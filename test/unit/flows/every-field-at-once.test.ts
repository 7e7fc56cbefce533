/** D8: whoever corrects a mail is told of every field in one answer, whichever check found it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { acceptMail, acceptSubmission } from '../../../lib/flows/send/accept-mail.js'
import { mailboxChangeSchema } from '../../../lib/model/admin-schemas.js'
import { judgeMailSubmission, mailSubmissionSchema, parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { parse } from '../../../lib/model/parse.js'
import { sendHarness } from '../../support/send/send-harness.js'

const good = { to: ['kim@example.net'], subject: 'hello', text: 'x' }

async function refusal(work: () => unknown): Promise<GatewayError> {
  try {
    await work()
  } catch (error) {
    expect(error).toBeInstanceOf(GatewayError)
    return error as GatewayError
  }
  throw new Error('it was accepted')
}

const fieldsOf = ({ problems = [] }: GatewayError) => problems.map(({ field }) => field)

/** One fault each, of the form or of what only the tenant's mailboxes and the clock can tell. */
const faults: [patch: Record<string, unknown>, field: string, ofForm: boolean][] = [
  [{ subject: 5 }, 'subject', true],
  [{ subjct: 'x' }, 'subjct', true],
  [{ whenUnknown: 'maybe' }, 'whenUnknown', true],
  [{ attachments: [{ filename: 'a' }] }, 'attachments[0].content', true],
  [{ hold: 'yes' }, 'hold', true],
  [{ cc: ['kim@example.net', 7] }, 'cc[1]', true],
  [{ to: ['kim@example.net', 'nobody at home'] }, 'to[1]', false],
  [{ bcc: [{ address: 'a@b..c' }] }, 'bcc[0].address', false],
  [{ from: 'boss@bank.example' }, 'from', false],
  [{ replyTo: 'not an address' }, 'replyTo', false],
  [{ mailbox: 'zzzzz' }, 'mailbox', false],
  [{ notBefore: '2199-01-01T00:00:00Z' }, 'notBefore', false],
  [{ deadline: '2001-01-01T00:00:00Z' }, 'deadline', false],
  [{ headers: { Bcc: 'x@y.example' } }, 'headers.Bcc', false],
]

test('D8: any set of faults is one answer that names each of them, and nothing else', async () => {
  const h = await sendHarness()
  await fc.assert(
    fc.asyncProperty(fc.subarray(faults, { minLength: 1 }), async (chosen) => {
      const input = Object.assign({ ...good }, ...chosen.map(([patch]) => patch)) as object
      // Whose sender it would be is open while the mailbox is.
      const isNamed = ([, field]: (typeof faults)[number]) =>
        field !== 'from' || !chosen.some(([, other]) => other === 'mailbox')
      const wanted = chosen.filter(isNamed).map(([, field]) => field)
      const { problems, ...error } = await refusal(() => acceptSubmission(h.deps, h.tenant, { input }))
      expect(new Set(problems?.map(({ field }) => field) ?? [error.field])).toEqual(new Set(wanted))
      expect(chosen.some(([, , ofForm]) => ofForm) ? [400] : [400, 422]).toContain(error.status)
      for (const { message } of problems ?? []) expect(message).not.toBe('')
    }),
    { numRuns: 200 },
  )
})

test('D8: control: without a fault it is accepted, and a single fault keeps its own code', async () => {
  const h = await sendHarness()
  expect((await acceptSubmission(h.deps, h.tenant, { input: good })).created).toBe(true)
  const one = await refusal(() => acceptSubmission(h.deps, h.tenant, { input: { ...good, from: 'boss@bank.example' } }))
  expect(one).toMatchObject({ code: 'from_not_allowed', status: 422, field: 'from' })
  const two = await refusal(() =>
    acceptSubmission(h.deps, h.tenant, {
      input: { ...good, from: 'boss@bank.example', deadline: '2001-01-01T00:00:00Z' },
    }),
  )
  expect(new Set(fieldsOf(two))).toEqual(new Set(['from', 'deadline']))
})

test('D8: fifty problems are named, and nobody looks for more; the rest is said to be there', async () => {
  const h = await sendHarness()
  const to = Array.from({ length: 900 }, (_, at) => (at % 2 ? 7 : 'not an address'))
  const error = await refusal(() => acceptSubmission(h.deps, h.tenant, { input: { ...good, to, subjct: 1 } }))
  expect(error.problems).toHaveLength(50)
  expect(error.description.length).toBeLessThan(1_000)
  expect(error.description).toMatch(/and at least \d{2} more, see problems$/)
  const few = await refusal(() => acceptSubmission(h.deps, h.tenant, { input: { ...good, to: Array(36).fill(7) } }))
  expect(few.description).toMatch(/ · and 31 more, see problems$/)
})

test('D8: places are those of what was given, though bad entries stand between', async () => {
  const h = await sendHarness()
  const error = await refusal(() =>
    acceptSubmission(h.deps, h.tenant, { input: { ...good, to: [7, 'ok@example.net', {}, 'no address'] } }),
  )
  expect(fieldsOf(error)).toEqual(['to[0]', 'to[2]', 'to[3]'])
})

test('judged entry by entry, a submission is what the schema alone makes of it', () => {
  const recipient = fc.oneof(
    fc.constantFrom('a@b.example', '', 7, null),
    fc.record({ address: fc.constantFrom('a@b.example', 1), name: fc.constantFrom('Ana', 2) }, { requiredKeys: [] }),
  )
  const submission = fc.record(
    {
      to: fc.oneof(fc.array(recipient, { maxLength: 4 }), fc.constant('a@b.example')),
      cc: fc.array(recipient, { maxLength: 3 }),
      attachments: fc.array(fc.constantFrom({ filename: 'a', content: 'AAAA' }, { filename: '/', content: 'A' }, 5), {
        maxLength: 3,
      }),
      text: fc.constantFrom('x', 5),
      raw: fc.constantFrom('AAAA', undefined),
      deadline: fc.constantFrom('2026-01-01T00:00:00Z', 'soon'),
      notBefore: fc.constantFrom('2026-02-01T00:00:00Z'),
      extra: fc.constant(1),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(submission, (input) => {
      const whole = mailSubmissionSchema.safeParse(input)
      const judged = judgeMailSubmission(input)
      expect(judged.problems.length === 0).toBe(whole.success)
      if (whole.success) expect(judged.submission).toEqual(whole.data)
    }),
    { numRuns: 1_000 },
  )
})

test('acceptMail and acceptSubmission make the same mail', async () => {
  const h = await sendHarness()
  const first = await acceptMail(h.deps, h.tenant, { submission: parseMailSubmission(good), idempotencyKey: 'key' })
  const again = await acceptSubmission(h.deps, h.tenant, { input: good, idempotencyKey: 'key' })
  expect(again).toMatchObject({ created: false, mail: { id: first.mail.id } })
})

test.each([
  [{ subjct: 'x' }, 'subjct', 'did you mean "subject"?'],
  [{ Subject: 'x' }, 'Subject', 'did you mean "subject"?'],
  [{ attachment: [] }, 'attachment', 'did you mean "attachments"?'],
  [{ attachments: [{ fielname: 'a', content: '' }] }, 'attachments[0].fielname', 'did you mean "filename"?'],
  [{ nothingLikeIt: 1 }, 'nothingLikeIt', 'correct its name or leave it out'],
])('D13: %j: an unknown field that is nearly a known one', (patch, field, words) => {
  const { problems } = judgeMailSubmission({ ...good, ...patch })
  expect(problems).toContainEqual({ field, message: `is not a field here; ${words}` })
})

test('D14: where several forms are allowed, the answer names them', async () => {
  const { problems = [] } = await refusal(() => parse(mailboxChangeSchema, { receive: { transport: 'pop3' } }))
  expect(problems).toEqual([
    { field: 'receive.transport', message: expect.stringContaining('{transport: "imap", connectionId, imap, after?}') },
  ])
  const after = await refusal(() =>
    parse(mailboxChangeSchema, {
      receive: { transport: 'graph', connectionId: 'a'.repeat(26), after: { action: 'burn' } },
    }),
  )
  expect(after.problems?.[0]?.message).toContain('{action: "move", folder}')
})
