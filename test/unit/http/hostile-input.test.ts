import { HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { apiHandler } from '../../../lib/http/api/api-handler.js'
import type { Operation } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { jsonBody } from '../../../lib/http/request/json-body.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { parse } from '../../../lib/model/parse.js'
import { signInPages } from '../../../lib/model/providers.js'

const withBody = (Object.values(operations) as Operation[]).filter((operation) => operation.body !== undefined)
const hostile = ['__proto__', 'constructor', 'prototype'] as const

const bodyOf = (text: string, headers: Record<string, string> = {}) =>
  jsonBody(new HttpRequest({ method: 'POST', url: 'http://localhost/x', headers, body: { string: text } }), 1_000_000)
const failure = (work: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => 'accepted',
      (error: unknown) => error,
    )

/** JSON text with `key` planted at some depth; JSON.stringify would lose an own `__proto__`. */
const planted = fc.letrec<{ json: string; object: string }>((tie) => ({
  json: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue().map((value) => JSON.stringify(value)),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(fc.string({ maxLength: 8 }), tie('json')), { maxLength: 3 })
    .map((entries) => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`),
})).object

describe('SEC-23: mass assignment and prototypes', () => {
  test('a hostile key at any depth is refused before anything is made of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        planted,
        fc.constantFrom(...hostile),
        fc.array(fc.constantFrom('{"a":', '['), { maxLength: 20 }),
        async (inner, key, path) => {
          const closing = path.map((part) => (part === '[' ? ']' : '}')).reverse()
          const text = `${path.join('')}{${JSON.stringify(key)}:${inner}}${closing.join('')}`
          expect(await failure(() => bodyOf(text))).toMatchObject({ code: 'invalid_input', field: key })
        },
      ),
      { numRuns: 300 },
    )
    expect(Object.getOwnPropertyNames(Object.prototype)).not.toContain('polluted')
  })

  test('control: the same text without the key is taken, and a bare parse would keep the key', async () => {
    expect(await bodyOf('{"a":{"b":{"protо":{"polluted":1}}}}')).toBeTruthy()
    expect(Object.hasOwn(JSON.parse('{"__proto__":{"polluted":1}}') as object, '__proto__')).toBe(true)
  })

  test('no body of the API takes a field it does not know', async () => {
    expect(withBody.length).toBeGreaterThan(8)
    for (const operation of withBody) {
      const schema = await operation.body!()
      for (const extra of ['tenant', 'role', 'isAdmin', 'id', 'etag', 'partitionKey', 'state', 'toString']) {
        // A settings body is a record of names that its flow checks against the table.
        if (/settings-save$/.test(operation.name)) continue
        // Of several kinds the one that is named is what counts.
        const result = schema.safeParse({ kind: signInPages[0], [`x${extra}`]: 1 })
        expect(result.success, operation.name).toBe(false)
        expect(JSON.stringify(result.error?.issues), `${operation.name} ${extra}`).toMatch(/unrecognized_keys/)
        expect(JSON.stringify(result.error?.issues), operation.name).toContain(`x${extra}`)
      }
    }
  })

  test('what a schema lets through never carries a prototype of its own', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.constantFrom(...hostile), (value, key) => {
        const input = JSON.parse(
          `{"to":["a@b.example"],"text":"x","headers":{${JSON.stringify(key)}:${JSON.stringify(value)}}}`,
        )
        try {
          const mail = parseMailSubmission(input)
          expect(Object.getPrototypeOf(mail)).toBe(Object.prototype)
          expect(Object.getPrototypeOf(mail.headers)).toBe(Object.prototype)
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
        }
      }),
    )
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('arbitrary JSON at every body is an answer that names a field, never a fault of ours', async () => {
    const schemas = await Promise.all(withBody.map((operation) => operation.body!()))
    fc.assert(
      fc.property(fc.constantFrom(...schemas), fc.jsonValue({ maxDepth: 5 }), (schema, value) => {
        try {
          parse(schema, value)
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_input', field: expect.any(String) })
        }
      }),
      { numRuns: 500 },
    )
  })

  test('sizes are bounded: text, depth, and an announced or a real length', async () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(await failure(() => bodyOf(deep))).toMatchObject({ code: 'invalid_input', field: 'body' })
    expect(await failure(() => bodyOf(`"${'x'.repeat(1_000_000)}"`))).toMatchObject({ status: 413 })
    expect(await failure(() => bodyOf('{}', { 'content-length': '999999999' }))).toMatchObject({ status: 413 })
    expect(await failure(() => bodyOf('{"a":1'))).toMatchObject({ status: 400 })
    // A3: judged by its length first; the pattern alone would overflow the stack.
    const contentType = `a/b${'; a=b'.repeat(1_000_000)}!`
    const attachments = [{ filename: 'a', content: '', contentType }]
    expect(await failure(() => parseMailSubmission({ to: ['a@b.example'], attachments }))).toMatchObject({
      problems: [{ field: 'attachments[0].contentType', message: 'must have at most 150 characters; shorten it' }],
    })
    const many = Array.from({ length: 1001 }, (_, n) => `a${n}@b.example`)
    expect(await failure(() => parseMailSubmission({ to: many, text: 'x' }))).toMatchObject({ field: 'to' })
  })
})

test.each([
  ['{"to":["a@b.example"],"subjct":"x"}', 'subjct', 'is not a field here; did you mean "subject"?'],
  ['{"to":"a@b.example"}', 'to', 'must be a list'],
  ['{"to":["a@b.example",7]}', 'to[1]', 'must be a mail address, or an object of address and name'],
  ['{"to":["a@b.example"],"subject":5}', 'subject', 'must be text'],
  ['{"to":["a@b.example"],"hold":"yes"}', 'hold', 'must be true or false'],
  [
    '{"to":["a@b.example"],"headers":{"X A":"b"}}',
    'headers.X A',
    'must be a header name of letters, digits and hyphens',
  ],
  ['{"to":["a@b.example"],"attachments":[{"filename":"a"}]}', 'attachments[0].content', 'is missing; give text'],
  ['{"to":["a@b.example"],"whenUnknown":"maybe"}', 'whenUnknown', 'must be stop or resend'],
  ['[]', 'body', 'must be an object'],
  ['null', 'body', 'must be an object'],
])('%s is answered with the field, what is wrong with it and the cure', async (text, field, message) => {
  const input = await bodyOf(text)
  expect(await failure(() => parseMailSubmission(input))).toMatchObject({
    code: 'invalid_input',
    status: 400,
    problems: [{ field, message }],
  })
})

test('no field of any body is answered in the words of a library', async () => {
  for (const operation of withBody) {
    const schema = await operation.body!()
    const shape = Object.keys((schema as unknown as { shape?: object }).shape ?? {})
    const inputs: unknown[] = [{}, [], 'x', null, 7, { [`${'x'.repeat(20)}`]: 1 }]
    for (const name of shape)
      for (const value of [null, 7, -1, 1.5, 'x'.repeat(30_000), '', true, [], {}, [[]], { a: 1 }])
        inputs.push({ [name]: value })
    for (const input of inputs) {
      const error = await failure(() => parse(schema, input))
      if (error === 'accepted') continue
      expect(error).toBeInstanceOf(GatewayError)
      for (const { field, message } of (error as GatewayError).problems ?? []) {
        expect(field, operation.name).not.toBe('')
        expect(message, `${operation.name} ${field}`).not.toMatch(
          /invalid|expected|received|unrecognized|too (big|small)/i,
        )
      }
    }
  }
})

test('a parameter of the query that no call has is named, not passed over', async () => {
  const working = {
    authenticate: async () => ({ role: 'app' as const, tenant: 'acme', keyId: 'k' }),
    readTenant: async () => ({}),
    admit: () => {},
    audit: async () => {},
  }
  const handler = apiHandler(
    async () => working,
    operations.mailList,
    async () => ({ mails: [], next: '' }),
  )
  const ask = async (query: string) => {
    const url = `http://localhost/api/v1/mails?${query}`
    const answer = await handler(new HttpRequest({ method: 'GET', url }), {
      info: () => {},
    } as unknown as InvocationContext)
    return answer as HttpResponseInit
  }
  const answer = await ask('limit=5&mailboxId=abc')
  expect(answer.status).toBe(400)
  expect(JSON.parse(String(answer.body)).problems).toEqual([
    {
      field: 'mailboxId',
      message:
        'is not a parameter: did you mean "mailbox"? this call accepts limit, after, mailbox, recipient, subject, messageId, idempotencyKey, metadata, state, since, until, includeDone.',
    },
  ])
  // The platform's own, for a function key.
  expect((await ask('limit=5&code=abc')).status).toBe(200)
  const wrong = JSON.parse(String((await ask('limit=500&includeDone=maybe&mailbox=x')).body)).problems
  expect(wrong).toEqual([
    { field: 'limit', message: 'must be a whole number from 1 to 200' },
    { field: 'mailbox', message: 'must be the id of a mailbox, 26 characters' },
    { field: 'includeDone', message: 'must be true or false' },
  ])
  for (const limit of ['', ' 5', '5.5', '0x10', '1e2', 'NaN']) {
    const { problems } = JSON.parse(String((await ask(`limit=${limit}`)).body))
    expect(problems, limit).toEqual([{ field: 'limit', message: 'must be a whole number from 1 to 200' }])
  }
  expect(JSON.parse(String((await ask('limit=1&limit=2')).body)).title).toBe('limit: must be given only once.')
})
