/** D7, D15: what a caller says in headers is never quietly something else. */
import { HttpRequest, InvocationContext } from '@azure/functions'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { apiHandler } from '../../../lib/http/api-handler.js'
import { idempotencyKeyOf } from '../../../lib/http/idempotency-key.js'
import type { Operation } from '../../../lib/http/operation.js'
import type { Caller } from '../../../lib/model/caller.js'

const operation = {
  name: 'thing-make',
  method: 'POST',
  route: 'api/v1/things',
  roles: ['operator', 'tenant-admin', 'app'],
  tenant: true,
  summary: 'Makes a thing.',
  body: async () => z.strictObject({ a: z.number() }),
  success: [201, 'Made.'],
} as const satisfies Operation

async function call(caller: Caller, headers: Record<string, string>) {
  const seen: string[] = []
  const gateway = async () => ({
    authenticate: async () => caller,
    readTenant: async () => undefined,
    admit: () => undefined,
    audit: async () => undefined,
  })
  const handler = apiHandler(gateway, operation, async ({ tenant, request }) => {
    seen.push(`${tenant} ${idempotencyKeyOf(request) ?? 'none'}`)
    return undefined
  })
  const request = new HttpRequest({
    method: 'POST',
    url: 'http://localhost/api/v1/things',
    headers: { 'content-type': 'application/json', authorization: 'Bearer x', ...headers },
    body: { string: '{"a":1}' },
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
