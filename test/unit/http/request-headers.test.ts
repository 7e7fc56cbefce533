/** D7, D15: what a caller says in headers is never quietly something else. */
import { HttpRequest, InvocationContext } from '@azure/functions'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { apiHandler } from '../../../lib/http/api/api-handler.js'
import { judgedKey } from '../../../lib/http/api/idempotency-key.js'
import type { Operation } from '../../../lib/http/api/operation.js'
import type { Caller } from '../../../lib/model/caller.js'
import { judge, refusedTogether } from '../../../lib/model/parse.js'

const operation = {
  name: 'thing-make',
  method: 'POST',
  route: 'api/v1/things',
  roles: ['operator', 'tenant-admin', 'app'],
  tenant: true,
  summary: 'Makes a thing.',
  judgedByFlow: true,
  query: async () => z.object({ limit: z.int('must be a whole number').optional() }),
  body: async () => z.strictObject({ a: z.number() }),
  success: [201, 'Made.'],
} as const satisfies Operation

async function call(caller: Caller, headers: Record<string, string>, query = '', sent = '{"a":1}') {
  const seen: string[] = []
  const gateway = async () => ({
    authenticate: async () => caller,
    readTenant: async () => undefined,
    admit: () => undefined,
    audit: async () => undefined,
  })
  const handler = apiHandler(gateway, operation, async ({ tenant, body, ...more }) => {
    const { key, refused } = judgedKey(more)
    const judged = judge(await operation.body(), body)
    const error = refusedTogether('problems' in judged ? judged.problems : [], refused)
    if (error) throw error
    seen.push(`${tenant} ${key ?? 'none'}`)
    return undefined
  })
  const request = new HttpRequest({
    method: 'POST',
    url: `http://localhost/api/v1/things?${query}`,
    query: Object.fromEntries(new URLSearchParams(query)),
    headers: { 'content-type': 'application/json', authorization: 'Bearer x', ...headers },
    body: { string: sent },
  })
  const { status, body } = (await handler(request, new InvocationContext())) as { status: number; body?: string }
  return { status, seen, ...(JSON.parse(body ?? '{}') as { code?: string; detail?: string; problems?: object[] }) }
}

const app: Caller = { role: 'app', tenant: 'acme', keyId: 'k' }
const operator: Caller = { role: 'operator', tenant: '~', keyId: 'k' }

test('D7: an empty Idempotency-Key is an error that names header and cure, never none: two requests would be two mails', async () => {
  const answer = await call(app, { 'idempotency-key': '' })
  expect(answer).toMatchObject({ status: 400, code: 'invalid_input', seen: [] })
  expect(answer.problems).toEqual([
    { field: 'Idempotency-Key', message: expect.stringMatching(/1 to 200 .* leave the header out/) },
  ])
  expect(await call(app, { 'idempotency-key': ' ' })).toMatchObject({ status: 400 })
  expect(await call(app, { 'idempotency-key': 'a b' })).toMatchObject({ status: 400 })
  expect(await call(app, { 'idempotency-key': 'x'.repeat(201) })).toMatchObject({ status: 400 })
  expect(await call(app, { 'idempotency-key': 'order-17' })).toMatchObject({ status: 201, seen: ['acme order-17'] })
  expect(await call(app, {})).toMatchObject({ status: 201, seen: ['acme none'] })
})

test.each([
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/xml',
  'application/json; charset=utf-16',
  'application/jsonp',
  'application/json, text/plain',
])('D15: a body of type %s is not read as JSON: 415 with the cure', async (type) => {
  const answer = await call(app, { 'content-type': type })
  expect(answer).toMatchObject({ status: 415, code: 'invalid_input', seen: [] })
  expect(answer.problems).toEqual([
    { field: 'content-type', message: expect.stringContaining('content-type: application/json') },
  ])
})

test.each([
  'application/json',
  'Application/JSON; charset=UTF-8',
  'application/json;charset="utf-8"',
  'application/merge-patch+json',
  '',
])('D15: control: %s is JSON, and so is what says nothing', async (type) => {
  expect(await call(app, { 'content-type': type })).toMatchObject({ status: 201 })
})

test('D15: a key that names another tenant is refused, its own it may name; operators must name one', async () => {
  for (const role of ['app', 'tenant-admin'] as const) {
    const caller = { ...app, role }
    for (const other of ['other', '~', 'ACME', 'acme, other'])
      expect(await call(caller, { 'x-tenant': other })).toMatchObject({
        status: 403,
        code: 'forbidden',
        detail: expect.stringContaining('Leave the header out'),
        seen: [],
      })
    expect(await call(caller, { 'x-tenant': 'acme' })).toMatchObject({ status: 201, seen: ['acme none'] })
    expect(await call(caller, {})).toMatchObject({ status: 201, seen: ['acme none'] })
  }
  expect(await call(operator, { 'x-tenant': 'acme' })).toMatchObject({ status: 201, seen: ['acme none'] })
  expect(await call(operator, {})).toMatchObject({ status: 400 })
})

const fieldsOf = ({ problems = [] }: { problems?: object[] }) =>
  problems.map((one) => (one as { field: string }).field).sort()

test('D8: what is wrong in the query, in a header and in the body is one answer', async () => {
  const answer = await call(app, { 'idempotency-key': '' }, 'limit=x&dry=1&limt=2', '{"a":"x","b":1}')
  expect(answer).toMatchObject({ status: 400, code: 'invalid_input', seen: [] })
  expect(fieldsOf(answer)).toEqual(['Idempotency-Key', 'a', 'b', 'dry', 'limit', 'limt'])
  expect(JSON.stringify(answer.problems)).toContain('did you mean \\"limit\\"?')
  expect(fieldsOf(await call(app, {}, 'dry=1', 'no JSON'))).toEqual(['body', 'dry'])
  expect(fieldsOf(await call(app, {}, 'limit=1&limit=2', '{"a":1}'))).toEqual(['limit'])
  expect(fieldsOf(await call(app, {}, '__proto__=1', '{"a":1}'))).toEqual(['__proto__'])
  expect(await call(app, {}, 'limit=1')).toMatchObject({ status: 201 })
})

test('D15: a body that says it is compressed is refused with the cure, and not called bad JSON', async () => {
  for (const coding of ['gzip', 'br', 'gzip, identity'])
    expect(await call(app, { 'content-encoding': coding })).toMatchObject({
      status: 415,
      problems: [{ field: 'content-encoding', message: expect.stringContaining('without compression') }],
    })
  expect(await call(app, { 'content-encoding': 'Identity' })).toMatchObject({ status: 201 })
})

test('D15: the scheme of the key is read whatever its capitals (RFC 9110 section 11.1)', async () => {
  expect(await call(app, { authorization: 'bearer x' })).toMatchObject({ status: 201 })
  expect(await call(operator, { 'x-tenant': 'ACME' })).toMatchObject({
    status: 400,
    problems: [{ field: 'x-tenant', message: expect.stringContaining('lower-case') }],
  })
})

test('D8: a call that takes no body refuses fields, which would look as if they counted', async () => {
  const bare = { ...operation, body: undefined, judgedByFlow: undefined } as unknown as Operation
  const gateway = async () => ({
    authenticate: async () => app,
    readTenant: async () => undefined,
    admit: () => undefined,
    audit: async () => undefined,
  })
  const handler = apiHandler(gateway, bare, async () => undefined as never)
  const send = async (text: string) => {
    const headers = {
      authorization: 'Bearer x',
      'content-type': 'application/json',
      'content-length': `${text.length}`,
    }
    const url = 'http://localhost/api/v1/things?dry=1'
    const request = new HttpRequest({ method: 'POST', url, query: { dry: '1' }, headers, body: { string: text } })
    const { body } = (await handler(request, new InvocationContext())) as { body?: string }
    return fieldsOf(JSON.parse(body ?? '{}') as { problems?: object[] })
  }
  expect(await send('{"reason":"x"}')).toEqual(['dry', 'reason'])
  expect(await send('[1]')).toEqual(['body', 'dry'])
  expect(await send('{}')).toEqual(['dry'])
})
