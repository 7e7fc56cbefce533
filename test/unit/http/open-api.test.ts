import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { beforeAll, describe, expect, test } from 'vitest'
import { ownErrors } from '../../../lib/http/api/api-errors.js'
import { openApi } from '../../../lib/http/api/open-api.js'
import { exampleOf } from '../../../lib/http/api/open-api-schemas.js'
import type { Operation } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { problemSchema } from '../../../lib/http/api/problem-schema.js'
import { eventSchemas, eventTypes } from '../../../lib/model/event.js'
import { mismatches } from '../../support/http/mismatches.js'

// biome-ignore lint/suspicious/noExplicitAny: a document is read wherever it leads
type Json = any
let document: Json
beforeAll(async () => {
  document = (await openApi('https://mail.example.com', '0.1.0')) as Json
})
const all = Object.values(operations) as Operation[]

/** Fields at any depth that say nothing. */
function undescribed({ properties = {}, items, anyOf = [], oneOf = [] }: Json, path: string): string[] {
  const own = Object.entries<Json>(properties).flatMap(([name, field]) => [
    // Nor may a default stand in its keyword: generators make such a field one that must be given.
    ...(String(field['description'] ?? '').length > 5 && !('default' in field) ? [] : [`${path}.${name}`]),
    ...undescribed(field, `${path}.${name}`),
  ])
  return [...own, ...[items ?? [], anyOf, oneOf].flat().flatMap((one: Json) => undescribed(one, path))]
}

describe('D1: the OpenAPI document', () => {
  test.each(all.map((operation) => [operation.name, operation] as const))(
    '%s has a tag, a summary, a description, its answer with an example, and its failures',
    (name, { route, method, answer, success }) => {
      const shown = document['paths'][`/${route}`][method.toLowerCase()] as Json
      expect(shown['operationId']).toBe(name)
      expect(shown['tags']).toHaveLength(1)
      expect(String(shown['summary']).length).toBeGreaterThan(5)
      expect(String(shown['description']).length).toBeGreaterThan(5)
      const content = shown['responses'][success[0]]['content'] as Json | undefined
      expect(content === undefined).toBe(answer === undefined)
      if (typeof answer === 'function') {
        expect(content?.['application/json']['schema']).toBeDefined()
        expect(content?.['application/json']['example']).toBeDefined()
      }
      expect(Object.keys(shown['responses'])).toEqual(expect.arrayContaining(['400', 'default']))
    },
  )

  test('D1: a failure stands in the document once, and every call names it: the document stays readable', () => {
    const shared = document['components']['responses'] as Record<string, Json>
    const named = new Set<string>()
    for (const { route, method, success, otherwise } of all) {
      const responses = document['paths'][`/${route}`][method.toLowerCase()]['responses'] as Record<string, Json>
      const own = [success[0], otherwise?.[0]].map(String)
      for (const [status, response] of Object.entries(responses).filter(([status]) => !own.includes(status))) {
        const name = String(response['$ref']).replace('#/components/responses/', '')
        expect(shared[name]?.['content']['application/problem+json'], `${route} ${status}`).toBeDefined()
        named.add(name)
      }
    }
    expect([...named].sort()).toEqual(Object.keys(shared).sort())
    expect(JSON.stringify(document).length).toBeLessThan(330_000)
  })

  test('each example is what its schema allows', async () => {
    for (const { name, answer } of all) {
      if (typeof answer !== 'function') continue
      const schema = await answer()
      expect(mismatches(schema, exampleOf(schema)), name).toEqual([])
    }
    for (const type of eventTypes)
      expect(mismatches(eventSchemas[type], exampleOf(eventSchemas[type])), type).toEqual([])
    expect(mismatches(problemSchema, exampleOf(problemSchema))).toEqual([])
  })

  test('each field of an answer, an event and a problem says what it means', () => {
    const silent = Object.entries<Json>(document['components']['schemas']).flatMap(([schema, { properties = {} }]) =>
      Object.entries<Json>(properties)
        .filter(([, field]) => !('description' in field) && !('$ref' in field))
        .map(([field]) => `${schema}.${field}`),
    )
    expect(silent).toEqual([])
  })

  test('each body is a component with an example that is accepted, and says what each of its fields means', async () => {
    for (const { name, body, method, route } of all) {
      if (body === undefined) continue
      const { schema, example } =
        document['paths'][`/${route}`][method.toLowerCase()].requestBody.content['application/json']
      expect(schema, name).toEqual({ $ref: expect.stringMatching(/^#\/components\/schemas\/\w+$/) })
      expect((await body()).safeParse(example), name).toMatchObject({ success: true })
      const component = document['components']['schemas'][schema.$ref.split('/').pop()]
      expect(undescribed(component, name), name).toEqual([])
    }
  })

  test('every event is a webhook with the headers of its signature; every code named is used', () => {
    expect(Object.keys(document['webhooks'])).toEqual(eventTypes)
    for (const { post } of Object.values<Json>(document['webhooks']))
      expect((post['parameters'] as Json[]).map((one) => one['name'])).toEqual([
        'webhook-id',
        'webhook-timestamp',
        'webhook-signature',
      ])
    const named = new Set(all.flatMap(({ errors = [] }) => errors as readonly string[]))
    expect(Object.keys(ownErrors).filter((code) => !named.has(code))).toEqual([])
  })

  test('it is OpenAPI 3.1 to a validator that is not ours, which notices a mistake', async () => {
    const judged = await new Validator().validate(structuredClone(document))
    expect(judged).toMatchObject({ valid: true })
    const get = { parameters: [{ name: 'a', in: 'somewhere' }] }
    const broken = { openapi: '3.1.0', info: { title: 'x', version: '1' }, paths: { '/a': { get } } }
    expect((await new Validator().validate(broken)).valid).toBe(false)
  }, 60_000)

  test('it is built once per process: anybody may ask for it', () => {
    expect(openApi('https://mail.example.com', '0.1.0')).toBe(openApi('https://mail.example.com', '0.1.0'))
    expect(openApi('https://other.example.com', '0.1.0')).not.toBe(openApi('https://mail.example.com', '0.1.0'))
  })

  test('the developer guide names each event with exactly its fields', () => {
    const guide = readFileSync(new URL('../../../docs/app-developer.md', import.meta.url), 'utf8')
    const [, table = ''] = /\| type \| data \|\n\|---\|---\|\n((?:\|.*\n)+)/.exec(guide) ?? []
    const named = [...table.matchAll(/^\| `([\w.-]+)` \| (.*) \|$/gm)].map(([, type, row = '']) => [
      type,
      [...row.matchAll(/`(\w+)`/g)].map(([, field]) => field),
    ])
    const wanted = eventTypes.map((type) => [type, Object.keys(eventSchemas[type].shape.data.shape)])
    expect(named).toEqual(wanted)
  })
})
