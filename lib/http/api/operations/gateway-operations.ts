/** The gateway itself; anybody may ask. */
import type { Operation } from '../operation.js'
import { watchAnswer } from './operation-kinds.js'

export const gatewayOperations = {
  health: {
    name: 'health',
    method: 'GET',
    route: 'api/health',
    roles: [],
    tenant: false,
    summary: 'A verdict per dependency: storage, queue, vault.',
    answer: watchAnswer('health'),
    success: [200, 'Everything works.'],
    otherwise: [503, 'Something does not work; the verdicts say what.'],
  },
  version: {
    name: 'version',
    method: 'GET',
    route: 'api/version',
    roles: [],
    tenant: false,
    summary: 'Version, commit, and what this build can do: providers, senders, receivers, webhooks.',
    answer: watchAnswer('version'),
    success: [200, 'Version.'],
  },
  openapiShow: {
    name: 'openapi-show',
    method: 'GET',
    route: 'api/openapi.json',
    roles: [],
    tenant: false,
    summary: 'This document.',
    answer: watchAnswer('openApiDocument'),
    success: [200, 'OpenAPI 3.1.'],
  },
} as const satisfies Record<string, Operation>
