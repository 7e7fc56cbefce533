import { HttpRequest } from '@azure/functions'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { jsonBody } from '../../../lib/http/json-body.js'
import type { Operation } from '../../../lib/http/operation.js'
import { operations } from '../../../lib/http/operations.js'
import { parseMailSubmission } from '../../../lib/model/mail-submission.js'
import { parse } from '../../../lib/model/parse.js'

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
        const result = schema.safeParse({ [`x${extra}`]: 1 })
        expect(result.success, operation.name).toBe(false)
        expect(JSON.stringify(result.error?.issues), `${operation.name} ${extra}`).toMatch(/unrecognized_keys/)
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
    const many = Array.from({ length: 1001 }, (_, n) => `a${n}@b.example`)
    expect(await failure(() => parseMailSubmission({ to: many, text: 'x' }))).toMatchObject({ field: 'to' })
  })
})
