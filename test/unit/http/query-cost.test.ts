import { expect, test } from 'vitest'
import { operations } from '../../../lib/http/api/operations.js'
import { queryOfRequest } from '../../../lib/http/api/query-of.js'
import { pageHandler } from '../../../lib/http/pages/page-handler.js'
import { formBody } from '../../../lib/http/request/form-body.js'

const many = (count: number): string => Array.from({ length: count }, (_, n) => `name${n}x=1`).join('&')
const address = (query: string): string => `https://gateway.example/mails?${query}`
const ask = (query: string) =>
  queryOfRequest(operations.mailList, { url: address(query), query: new URLSearchParams(query) })
const refusal = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error)

test('A3: a query with more parameters than any call takes is refused before it is read', async () => {
  const url = {
    url: address(many(101)),
    get query(): URLSearchParams {
      throw new Error('was read')
    },
  }
  await expect(queryOfRequest(operations.mailList, url)).rejects.toMatchObject({
    code: 'invalid_input',
    status: 400,
    field: 'query',
    description: expect.stringMatching(/limit of 100 parameters; leave out/) as string,
  })
  expect(await refusal(ask(many(100)))).toMatchObject({ field: 'name0x', problems: { length: 50 } })
})

test('A3: an address line above the limit is refused, one with the longest values of every parameter is not', async () => {
  expect(await refusal(ask(`subject=${'a'.repeat(16_384)}`))).toMatchObject({
    code: 'invalid_input',
    field: 'query',
    description: expect.stringMatching(/limit of 16384 characters; shorten/) as string,
  })
  const longest = new URLSearchParams({
    recipient: `${'ö'.repeat(308)}@example.com`,
    subject: '€'.repeat(200),
    messageId: `<${'%'.repeat(996)}>`,
    idempotencyKey: '%'.repeat(200),
    metadata: `n:${'€'.repeat(598)}`,
    since: '2026-01-31T08:00:00+01:00',
    until: '2026-02-01T08:00:00+01:00',
    after: 'a'.repeat(200),
  })
  expect(await ask(String(longest))).toMatchObject({ subject: '€'.repeat(200) })
})

test('A3: a form with more fields than any has is refused before it is read', async () => {
  const posted = (count: number) =>
    new Request('https://gateway.example/connect/password', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: many(count),
    }) as never
  await expect(formBody(posted(101))).rejects.toMatchObject({ field: 'body', code: 'invalid_input' })
  expect([...(await formBody(posted(100)))]).toHaveLength(100)
})

test('A3: a page is not made for an address with more parameters than any has', async () => {
  const show = pageHandler(async () => ({ status: 200 }))
  const opened = async (count: number) =>
    (await show(
      Object.assign(new Request(address(many(count))), { params: {} }) as never,
      { info: () => {} } as never,
    )) as {
      status: number
    }
  expect((await opened(101)).status).toBe(400)
  expect((await opened(100)).status).toBe(200)
})
