import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, GatewayError, invalidInput, placeOf } from '../errors.js'
import { invocationLog } from '../log.js'
import type { Caller } from '../model/caller.js'
import { isTenantId, newId } from '../model/ids.js'
import { parse } from '../model/parse.js'
import { jsonBody } from './json-body.js'
import type { Operation } from './operation.js'
import { problem } from './problem.js'
import type { Admit } from './tenant-limits.js'

export interface ApiCall<T> {
  caller: Caller
  /** The tenant the call works on; `~` for calls without one. */
  tenant: string
  /** Validated body. */
  body: T
  params: Record<string, string>
  query: URLSearchParams
  request: HttpRequest
  requestId: string
}

interface Authenticator {
  authenticate(credential: string): Promise<Caller>
  readTenant(id: string): Promise<unknown>
  admit: Admit
  audit(caller: Caller, tenant: string, action: string, subject: string): Promise<void>
}

/**
 * One API call: credential, role, tenant, body, act, answer; every error becomes a problem document and one log line
 * without inner text. `gateway` is asked per call because settings may be wrong, which must be an answer too.
 */
export function apiHandler<T = undefined>(
  gateway: () => Promise<Authenticator>,
  operation: Operation,
  act: (call: ApiCall<T>) => Promise<HttpResponseInit>,
): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const requestId = newId()
    let tenant = '~'
    try {
      const authenticator = await gateway()
      const caller = operation.roles.length === 0 ? anonymous : await authenticator.authenticate(credentialOf(request))
      if (operation.roles.length > 0 && !operation.roles.includes(caller.role)) throw forbidden(operation)
      onlyKnown(operation, request.query)
      if (operation.tenant) tenant = await tenantOf(authenticator, caller, request, operation)
      if (operation.tenant) authenticator.admit(tenant, operation.limited, announcedBytes(request))
      const body = (await bodyOf(operation, request)) as T
      const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
      const response = await act({ caller, tenant, body, params, query: request.query, request, requestId })
      if (isAudited(operation, request))
        await authenticator.audit(caller, tenant, operation.name, Object.values(params).join('/') || madeBy(response))
      return { ...response, headers: { 'x-request-id': requestId, ...response.headers } as Record<string, string> }
    } catch (error) {
      const failure = asGatewayError(error)
      if (failure.status >= 500)
        invocationLog(context).error('api-failed', {
          operation: operation.name,
          tenant,
          code: failure.code,
          requestId,
          fault: failure.cause === undefined ? failure.code : placeOf(failure.cause),
        })
      return problem(failure, requestId)
    }
  }
}

/** A misspelt parameter would be as good as none, and the answer a wrong one. `code` is the platform's own. */
function onlyKnown({ query = {} }: Operation, given: URLSearchParams): void {
  const known = Object.keys(query)
  const unknown = [...given.keys()].find((name) => name !== 'code' && !known.includes(name))
  if (unknown === undefined) return
  const those = known.length === 0 ? 'this call takes none' : `this call takes ${known.join(', ')}`
  throw invalidInput(unknown.slice(0, 100), `is not a parameter: ${those}.`)
}

function announcedBytes(request: HttpRequest): number {
  const length = Number(request.headers.get('content-length') ?? '0')
  return Number.isSafeInteger(length) && length > 0 ? length : 0
}

/** Every change by a person or app leaves an audit row; submitted mail has its journal instead. */
const isAudited = ({ method, name }: Operation, { query }: HttpRequest): boolean =>
  method !== 'GET' && name !== 'mail-submit' && query.get('dryRun') !== 'true'

async function bodyOf({ body, bodyOptional, maxBytes = 65_536 }: Operation, request: HttpRequest): Promise<unknown> {
  return body && parse(await body(), await jsonBody(request, maxBytes, bodyOptional && {}))
}

/** The id of what was made: it stands in the answer. */
function madeBy({ body }: HttpResponseInit): string {
  const made = typeof body === 'string' && body.startsWith('{') ? (JSON.parse(body) as Record<string, unknown>) : {}
  return String(made['id'] ?? made['signInId'] ?? made['mailboxId'] ?? '')
}

const anonymous: Caller = { role: 'app', tenant: '~', keyId: '' }

function credentialOf(request: HttpRequest): string {
  const header = request.headers.get('authorization') ?? ''
  return /^Bearer (\S+)$/.exec(header)?.[1] ?? request.headers.get('x-api-key') ?? ''
}

async function tenantOf(
  authenticator: Authenticator,
  caller: Caller,
  request: HttpRequest,
  operation: Operation,
): Promise<string> {
  if (caller.role !== 'operator') return caller.tenant
  const named = request.headers.get('x-tenant') ?? ''
  if (named === '~' && operation.deployment) return named
  if (!isTenantId(named)) throw invalidInput('x-tenant', 'must name the tenant: an operator works for every tenant.')
  await authenticator.readTenant(named)
  return named
}

function forbidden(operation: Operation): GatewayError {
  return new GatewayError('forbidden', 'permanent', {
    status: 403,
    description: `This call needs the role ${operation.roles.join(' or ')}.`,
    remedy: 'Use a key with that role.',
  })
}
