/** OpenAPI 3.1 from the operations table and the very schemas that validate. */
import * as z from 'zod'
import type { Operation } from './operation.js'
import { operations } from './operations.js'

const problemReference = { $ref: '#/components/schemas/Problem' }

export async function openApi(serverUrl: string, version: string): Promise<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of Object.values(operations) as Operation[]) {
    const path = `/${operation.route}`
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: await describe(operation) }
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

async function describe(operation: Operation): Promise<Record<string, unknown>> {
  const parameters = [
    ...[...operation.route.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(operation.query ?? {}).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema: { type: 'string' },
    })),
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
  const [status, description] = operation.success
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
            content: {
              'application/json': {
                schema: z.toJSONSchema(await operation.body(), { io: 'input', unrepresentable: 'any' }),
              },
            },
          },
        }
      : {}),
    responses: {
      [status]: { description },
      default: {
        description: 'Refused or failed.',
        content: { 'application/problem+json': { schema: problemReference } },
      },
    },
  }
}
