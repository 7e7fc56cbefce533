/** OpenAPI 3.1 from the operations table and the very schemas that validate and serialise. */
import * as z from 'zod'
import { exampleOf, type Json, schemaCollector } from './open-api-schemas.js'
import type { Operation } from './operation.js'
import { operations } from './operations.js'

type SchemaOf = ReturnType<typeof schemaCollector>['schemaOf']

const problemReference = { $ref: '#/components/schemas/Problem' }

export async function openApi(serverUrl: string, version: string): Promise<Json> {
  const paths: Record<string, Json> = {}
  const { components, schemaOf } = schemaCollector()
  for (const operation of Object.values(operations) as Operation[]) {
    const path = `/${operation.route}`
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: await describe(operation, schemaOf) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mailbox Gateway',
      version,
      description: 'Connect mailboxes, send mail exactly once or be told why not, receive mail as events.',
    },
    servers: [{ url: serverUrl }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'http', scheme: 'bearer', description: 'API key: mbg_{tenant}_{keyId}_{secret}' },
      },
      schemas: {
        ...Object.fromEntries(Object.entries(components).sort(([a], [b]) => (a < b ? -1 : 1))),
        Problem: {
          type: 'object',
          description: 'RFC 9457 problem document.',
          required: ['type', 'title', 'status', 'code', 'class', 'detail', 'requestId'],
          properties: {
            type: { type: 'string' },
            title: { type: 'string', description: 'What is wrong, in plain words.' },
            status: { type: 'integer' },
            code: { type: 'string', description: 'Stable word to branch on.' },
            class: { enum: ['transient', 'permanent', 'needs-reconnect', 'needs-admin'], description: 'Who must act.' },
            detail: { type: 'string', description: 'The remedy.' },
            problems: {
              type: 'array',
              items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } },
            },
            requestId: { type: 'string' },
          },
        },
      },
    },
  }
}

async function describe(operation: Operation, schemaOf: SchemaOf): Promise<Json> {
  const parameters = await parametersOf(operation, schemaOf)
  const errors = (operation.errors ?? []).join(', ')
  return {
    operationId: operation.name,
    summary: operation.summary,
    ...(operation.roles.length === 0
      ? { security: [] }
      : { description: `Roles: ${operation.roles.join(', ')}.${errors === '' ? '' : ` Error codes: ${errors}.`}` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body
      ? {
          requestBody: {
            required: !operation.bodyOptional,
            content: { 'application/json': { schema: schemaOf(await operation.body(), 'input') } },
          },
        }
      : {}),
    responses: {
      ...(await successOf(operation, schemaOf)),
      default: {
        description: 'Refused or failed.',
        content: { 'application/problem+json': { schema: problemReference } },
      },
    },
  }
}

async function parametersOf(operation: Operation, schemaOf: SchemaOf): Promise<Json[]> {
  const shape = (await operation.query?.())?.shape ?? {}
  return [
    ...[...operation.route.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
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
  const headers = Object.fromEntries(
    Object.entries(answerHeaders).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  )
  const content = await contentOf(answer, schemaOf)
  const all = otherwise === undefined ? [success] : [success, otherwise]
  return Object.fromEntries(
    all.map(([status, description]) => [
      status,
      { description, ...(Object.keys(headers).length > 0 ? { headers } : {}), ...(content ? { content } : {}) },
    ]),
  )
}

async function contentOf(answer: Operation['answer'], schemaOf: SchemaOf): Promise<Json | undefined> {
  if (answer === undefined) return undefined
  if (typeof answer !== 'function') return { [answer.media]: { schema: { type: 'string', format: 'binary' } } }
  const schema = await answer()
  return { 'application/json': { schema: schemaOf(schema, 'output'), example: exampleOf(schema) } }
}
