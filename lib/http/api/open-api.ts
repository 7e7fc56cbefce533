/** OpenAPI 3.1 from the operations table and the very schemas that validate and serialise. */
import * as z from 'zod'
import { eventSchemas, eventSummary, eventTypes } from '../../model/event.js'
import { bodyErrors, commonErrors, ownErrors } from './api-errors.js'
import { exampleOf, type Json, schemaCollector } from './open-api-schemas.js'
import type { Operation } from './operation.js'
import { operations } from './operations.js'
import { problemSchema } from './problem-schema.js'

type SchemaOf = ReturnType<typeof schemaCollector>['schemaOf']

/** By the last part of a route that names a resource. */
const tags: Record<string, [name: string, description: string]> = {
  health: ['Gateway', 'The gateway itself.'],
  version: ['Gateway', 'The gateway itself.'],
  'openapi.json': ['Gateway', 'The gateway itself.'],
  tenants: ['Tenants', 'Customers, for operators.'],
  tenant: ['Tenants', 'Customers, for operators.'],
  holders: ['Tenants', 'Customers, for operators.'],
  keys: ['Keys', 'API keys.'],
  'return-urls': ['Connecting', 'Sign-ins, consents, connections.'],
  'reconnect-links': ['Connecting', 'Sign-ins, consents, connections.'],
  'sign-ins': ['Connecting', 'Sign-ins, consents, connections.'],
  'admin-consents': ['Connecting', 'Sign-ins, consents, connections.'],
  connections: ['Connecting', 'Sign-ins, consents, connections.'],
  registrations: ['Registrations', 'OAuth clients at identity providers.'],
  webhooks: ['Webhooks', 'Where the gateway posts events.'],
  mailboxes: ['Mailboxes', 'Connected mailboxes.'],
  'server-mailboxes': ['Mailboxes', 'Connected mailboxes.'],
  settings: ['Settings', 'What tenants, purposes and mailboxes choose for themselves.'],
  mails: ['Mail', 'Mail that is sent.'],
  received: ['Received mail', 'Mail that arrived.'],
  logs: ['Watching', 'What happened, and what is broken now.'],
  attention: ['Watching', 'What happened, and what is broken now.'],
}

function tagOf(route: string): string {
  const tag = route
    .split('/')
    .reverse()
    .map((part) => tags[part]?.[0])
    .find((name) => name !== undefined)
  if (tag === undefined) throw new Error(`no tag for ${route}: name its resource in open-api.ts`)
  return tag
}

const requestId = { $ref: '#/components/headers/RequestId' }

const description = `Connect mailboxes, send mail exactly once or be told why not, receive mail as events.

A value that does not exist is null. Later versions may add fields to answers and events: ignore the ones you do not know.

The gateway posts events to webhooks (see \`webhooks\`) and also puts them, as the same JSON in base64, on the storage
queue \`{environment}-events-{tenant}\`, where they stay for seven days.`

const built = new Map<string, Promise<Json>>()

/** Built once per process: anybody may ask for it, and it takes the whole table of operations to make. */
export function openApi(serverUrl: string, version: string): Promise<Json> {
  const key = `${serverUrl} ${version}`
  const document = built.get(key) ?? build(serverUrl, version)
  built.set(key, document)
  return document
}

async function build(serverUrl: string, version: string): Promise<Json> {
  const paths: Record<string, Json> = {}
  const { components, schemaOf } = schemaCollector()
  const responses: Record<string, Json> = {}
  schemaOf(problemSchema, 'output')
  for (const operation of Object.values(operations) as Operation[]) {
    const path = `/${operation.route}`
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: await describe(operation, schemaOf, responses) }
  }
  const webhooks = Object.fromEntries(eventTypes.map((type) => [type, { post: webhookOf(type, schemaOf) }]))
  return {
    openapi: '3.1.0',
    info: { title: 'Mailbox Gateway', version, description, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    tags: [...new Map(Object.values(tags)).entries()].map(([name, about]) => ({ name, description: about })),
    paths,
    webhooks,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'API key: mbg_{tenant}_{keyId}_{secret}' },
      },
      headers: {
        RequestId: { description: 'Quote it when you ask for help.', schema: { type: 'string' } },
        RetryAfter: { description: 'Seconds until you may repeat the request.', schema: { type: 'integer' } },
      },
      responses: Object.fromEntries(Object.entries(responses).sort(([a], [b]) => (a < b ? -1 : 1))),
      schemas: Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

async function describe(operation: Operation, schemaOf: SchemaOf, shared: Record<string, Json>): Promise<Json> {
  const parameters = await parametersOf(operation, schemaOf)
  const roles = operation.roles.length === 0 ? 'Needs no key.' : `Roles: ${operation.roles.join(', ')}.`
  const body = await operation.body?.()
  return {
    operationId: operation.name,
    tags: [tagOf(operation.route)],
    summary: operation.summary,
    description: `${operation.description ?? operation.summary} ${roles}`,
    ...(operation.roles.length === 0 ? { security: [] } : {}),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body
      ? {
          requestBody: {
            required: !operation.bodyOptional,
            content: { 'application/json': { schema: schemaOf(body, 'input'), example: exampleOf(body, 'input') } },
          },
        }
      : {}),
    responses: { ...(await successOf(operation, schemaOf)), ...failureResponses(operation, shared) },
  }
}

type Failure = readonly [code: string, status: number, whoActs: string, meaning: string]

/** What a call can answer besides success. */
export function failuresOf(operation: Operation): Failure[] {
  const common = Object.entries(commonErrors).map(([code, row]): Failure => [code, ...row])
  if (operation.roles.length === 0) return common.filter(([code]) => code === 'invalid_input' || code === 'unexpected')
  const own = (operation.errors ?? []).flatMap((code): Failure[] =>
    code in ownErrors ? [[code, ...ownErrors[code as keyof typeof ownErrors]]] : [],
  )
  return [...common, ...(operation.body ? bodyErrors : []), ...own]
}

/**
 * By status; `default` for whatever else goes wrong. Most calls fail alike, so each failure stands in `shared` once, by
 * its codes.
 */
function failureResponses(operation: Operation, shared: Record<string, Json>): Json {
  const byStatus = new Map<number, Failure[]>()
  for (const one of failuresOf(operation)) byStatus.set(one[1], [...(byStatus.get(one[1]) ?? []), one])
  const schema = { $ref: '#/components/schemas/Problem' }
  const componentOf = (name: string, response: Json): Json => {
    shared[name] = response
    return { $ref: `#/components/responses/${name}` }
  }
  const responses = [...byStatus].map(([status, codes]) => {
    const [[code, , whoActs, meaning]] = codes as [Failure]
    const example = { ...(exampleOf(problemSchema) as Json), status, code, class: whoActs, title: meaning }
    Object.assign(example, { type: `urn:mailbox-gateway:error:${code}` })
    const retry = status === 429 || status === 503 ? { 'Retry-After': { $ref: '#/components/headers/RetryAfter' } } : {}
    return [
      status,
      componentOf(codes.map(([name]) => name).join('-'), {
        description: codes.map(([name, , , about]) => `\`${name}\`: ${about}`).join('\n\n'),
        headers: { 'x-request-id': requestId, ...retry },
        content: { 'application/problem+json': { schema, example } },
      }),
    ]
  })
  const otherwise = { description: 'Anything else.', content: { 'application/problem+json': { schema } } }
  return { ...Object.fromEntries(responses), default: componentOf('other', otherwise) }
}

function webhookOf(type: keyof typeof eventSchemas, schemaOf: SchemaOf): Json {
  const schema = eventSchemas[type]
  const header = (name: string, about: string) => ({
    name,
    in: 'header',
    required: true,
    description: about,
    schema: { type: 'string' },
  })
  return {
    operationId: type,
    tags: ['Webhooks'],
    summary: eventSummary(type),
    description: `${eventSummary(type)} Signed as Standard Webhooks defines. The gateway posts events in order and retries for three days until it gets a 2xx within ten seconds.`,
    security: [],
    parameters: [
      header('webhook-id', 'Id of the event; the same on every retry.'),
      header('webhook-timestamp', 'Seconds since 1970; refuse anything older than five minutes.'),
      header(
        'webhook-signature',
        'v1, and base64 of the HMAC-SHA-256 of id, timestamp and body, joined by full stops.',
      ),
    ],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemaOf(schema, 'output'), example: exampleOf(schema) } },
    },
    responses: { '2XX': { description: 'Taken.' } },
  }
}

/** Ids that are not 26 characters of base32, by the part of the route before them. */
const ids: Record<string, Json> = {
  keys: { type: 'string', pattern: '^[a-z2-7]{8}$' },
  tenants: { type: 'string', pattern: '^[a-z0-9]+(-[a-z0-9]+)*$', minLength: 2, maxLength: 32 },
  holders: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  attachments: { type: 'integer', minimum: 0, maximum: 99_999 },
}

async function parametersOf(operation: Operation, schemaOf: SchemaOf): Promise<Json[]> {
  const shape = (await operation.query?.())?.shape ?? {}
  return [
    ...[...operation.route.matchAll(/(\w[\w-]*)\/\{(\w+)\}/g)].map(([, resource = '', name]) => ({
      name,
      in: 'path',
      required: true,
      description: `Of ${resource}.`,
      schema: ids[resource] ?? { type: 'string', pattern: '^[a-z2-7]{26}$' },
    })),
    ...Object.entries(shape).map(([name, field]) => {
      const { description, ...schema } = schemaOf(field as z.ZodType, 'input')
      const required = !z.safeParse(field as z.ZodType, undefined).success
      return { name, in: 'query', description, ...(required ? { required } : {}), schema }
    }),
    ...Object.entries(operation.headers ?? {}).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
    ...(operation.tenant
      ? [
          {
            name: 'x-tenant',
            in: 'header',
            description: `Operators only: the tenant to work on${operation.deployment ? ", or ~ for the deployment's own" : ''}.`,
            schema: { type: 'string' },
          },
        ]
      : []),
  ]
}

async function successOf(
  { answer, success, otherwise, answerHeaders = {} }: Operation,
  schemaOf: SchemaOf,
): Promise<Json> {
  const own = Object.entries(answerHeaders).map(([name, about]) => [
    name,
    { description: about, schema: { type: 'string' } },
  ])
  const headers = { 'x-request-id': requestId, ...Object.fromEntries(own) }
  const content = await contentOf(answer, schemaOf)
  const all = otherwise === undefined ? [success] : [success, otherwise]
  return Object.fromEntries(
    all.map(([status, meaning]) => [status, { description: meaning, headers, ...(content ? { content } : {}) }]),
  )
}

async function contentOf(answer: Operation['answer'], schemaOf: SchemaOf): Promise<Json | undefined> {
  if (answer === undefined) return undefined
  if (typeof answer !== 'function') return { [answer.media]: { schema: { type: 'string', format: 'binary' } } }
  const schema = await answer()
  return { 'application/json': { schema: schemaOf(schema, 'output'), example: exampleOf(schema) } }
}
