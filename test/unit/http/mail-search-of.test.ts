import { expect, test } from 'vitest'
import { mailSearchOf } from '../../../lib/http/api/mail-search-of.js'
import type { QueryOf } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { queryOf } from '../../../lib/http/api/query-of.js'
import { consoleMailQuery } from '../../../lib/http/console/console-mail-query.js'

const read = async (text: string) =>
  mailSearchOf((await queryOf(operations.mailList, new URLSearchParams(text))) as QueryOf<typeof operations.mailList>)

test('D5: every parameter of the search is read', async () => {
  const all =
    'recipient=ana%40b.example&subject=Invoice+47&messageId=%3Ca%40b%3E&idempotencyKey=k&metadata=invoice%3A47%3A11&state=held' +
    '&since=2026-01-31&until=2026-02-01T08%3A00%3A00%2B02%3A00&mailbox=aaaaaaaaaaaaaaaaaaaaaaaaaa&includeDone=true&limit=7&after=x'
  expect(await read(all)).toEqual({
    recipient: 'ana@b.example',
    subject: 'Invoice 47',
    messageId: '<a@b>',
    idempotencyKey: 'k',
    metadata: { key: 'invoice', value: '47:11' },
    state: 'held',
    since: Date.UTC(2026, 0, 31),
    until: Date.UTC(2026, 1, 1, 6),
    mailboxId: 'a'.repeat(26),
    includeDone: true,
    limit: 7,
    after: 'x',
  })
  expect(Object.keys((await operations.mailList.query()).shape).sort()).toEqual(
    [...new URLSearchParams(all).keys()].sort(),
  )
  expect(await read('')).toMatchObject({ includeDone: false, limit: 50 })
})

test.each([
  ['recipient=ana', 'recipient', 'such as ana@example.com'],
  ['recipient=<a@b.example>', 'recipient', 'such as'],
  ['metadata=4711', 'metadata', 'such as invoice:4711'],
  ['metadata=a b:c', 'metadata', 'such as invoice:4711'],
  ['state=open', 'state', 'queued or held'],
  ['since=yesterday', 'since', 'such as 2026-01-31'],
  ['since=2026-13-01', 'since', 'calendar'],
  ['until=2026-01-31T08:00', 'until', 'such as 2026-01-31'],
  ['until=1', 'until', 'such as 2026-01-31'],
  [`subject=${'x'.repeat(201)}`, 'subject', 'at most 200'],
  ['subject=', 'subject', 'leave it out'],
  ['since=2026-02-99', 'since', 'calendar'],
  ['since=2026-02-31', 'since', 'calendar'],
  ['until=2026-02-29', 'until', 'calendar'],
  ['since=2026-01-31T24:00:00Z', 'since', 'calendar'],
  ['since=2026-01-31T10:00:00+02:00', 'since', '%2B'],
  ['since=2026-01-31&until=2026-01-31', 'until', 'later than since'],
  ['idempotencyKey=a b', 'idempotencyKey', 'visible ASCII'],
  ['limit=0', 'limit', '1 to 200'],
  ['limit=201', 'limit', '1 to 200'],
  ['includeDone=yes', 'includeDone', 'true or false'],
])('D5: %s is refused, naming the parameter and the cure', async (text, field, cure) => {
  const refused = { code: 'invalid_input', status: 400, field, description: expect.stringContaining(cure) }
  await expect(read(text)).rejects.toMatchObject(refused)
})

test.each(['+275760-09-13', 'x', '9999-12-31', '2026-02-31', '2026-02-29'])(
  'D5: the last day %s of the form is refused, not left out',
  async (until) => {
    const refused = { code: 'invalid_input', status: 400, field: 'until' }
    await expect(consoleMailQuery(new URLSearchParams({ until }))).rejects.toMatchObject(refused)
  },
)

test('D5: control: the last day of the form is part of the time', async () => {
  const until = Date.UTC(2026, 10, 22)
  expect(await consoleMailQuery(new URLSearchParams({ until: '2026-11-21' }))).toMatchObject({ until })
})
