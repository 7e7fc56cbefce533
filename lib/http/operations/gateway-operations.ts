/** The gateway itself; anybody may ask. */
import type { Operation } from '../operation.js'

export const gatewayOperations = {
  health: {
    name: 'health',
    method: 'GET',
    route: 'api/health',
    roles: [],
    tenant: false,
    summary: 'A verdict per dependency: storage, queue, vault.',
    success: [200, 'Everything works.'],
  },
  version: {
    name: 'version',
    method: 'GET',
    route: 'api/version',
    roles: [],
    tenant: false,
    summary: 'Version, commit, and what this build can do: providers, senders, receivers, webhooks.',
    success: [200, 'Version.'],
  },
  openapiShow: {
    name: 'openapi-show',
    method: 'GET',
    route: 'api/openapi.json',
    roles: [],
    tenant: false,
    summary: 'This document.',
    success: [200, 'OpenAPI 3.1.'],
  },
} satisfies Record<string, Operation>
