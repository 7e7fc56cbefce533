import type { HttpHandler, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions'
import { asGatewayError, GatewayError, invalidInput, placeOf } from '../../errors.js'
import { invocationLog } from '../../log.js'
import type { Caller } from '../../model/caller.js'
import { isTenantId, newId } from '../../model/ids.js'
import { parse, refusedInput, refusedTogether } from '../../model/parse.js'
import { jsonBody } from '../request/json-body.js'
import { apiHeaders } from '../request/security-headers.js'
import type { AnswerOf, BodyOf, Operation, ParamsOf, QueryOf, Unnamed } from './operation.js'
import { json, problem } from './problem.js'
import { queryOfRequest } from './query-of.js'
import { Reply } from './reply.js'
import type { Admit } from './tenant-limits.js'

export interface ApiCall<O extends Operation, G> {
  /** The gateway. */
  g: G
  caller: Caller
  /** The tenant the call works on; `~` for calls without one. */
  tenant: string
  /** Validated body. */
  body: BodyOf<O>
  /** What stands in the route's braces, as it was written. */
  params: ParamsOf<O['route']>
  /** Validated query. */
  query: QueryOf<O>
  request: HttpRequest
  requestId: string
  /**
   * What is wrong with the query; only where the flow judges the body, and it must refuse the call together with that.
   */
  refused: readonly GatewayError[]
}

/** Fields that the schema does not name do not compile: each would have to be `never`. */
type WithoutSurplus<R, O> = O extends { answer: () => unknown }
  ? { [K in Unnamed<R extends Reply<infer A> ? A : R, AnswerOf<O>>]: never }
  : unknown

/** What one call does; returns the answer, or a `Reply` that carries it. */
export type Act<O extends Operation, G, R> = (call: ApiCall<O, G>) => Promise<R & WithoutSurplus<R, O>>

interface Authenticator {
  authenticate(credential: string): Promise<Caller>
  readTenant(id: string): Promise<unknown>
  admit: Admit
  audit(caller: Caller, done: { tenant: string; action: string; subjects: readonly string[] }): Promise<void>
}

/**
 * One API call: credential, role, tenant, query, body, act, answer. `act` is typed by the operation's row, and what it
 * returns leaves through the row's schema. Every error becomes a problem document and one log line without inner text.
 * `gateway` is asked per call because settings may be wrong, which must be an answer too.
 */
export function apiHandler<O extends Operation, G extends Authenticator, R extends AnswerOf<O> | Reply<AnswerOf<O>>>(
  gateway: () => Promise<G>,
  operation: O,
  act: Act<O, G, R>,
): HttpHandler {
  return async (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> => {
    const requestId = newId()
    let tenant = '~'
    try {
      const g = await gateway()
      const caller = operation.roles.length === 0 ? anonymous : await g.authenticate(credentialOf(request))
      if (operation.roles.length > 0 && !operation.roles.includes(caller.role)) throw forbidden(operation)
      const refused: GatewayError[] = []
      const query = (await attempt(refused, () => queryOfRequest(operation, request))) as QueryOf<O>
      if (operation.tenant) tenant = await tenantOf(g, caller, { request, operation })
      if (operation.tenant) g.admit(tenant, operation.limited, announcedBytes(request))
      const body = (await attempt(refused, () => bodyOf(operation, request))) as BodyOf<O>
      if (refused.length > 0 && !(operation.judgedByFlow && body !== undefined))
        throw refusedTogether([], refused) as GatewayError
      const params = Object.fromEntries(Object.entries(request.params).map(([name, value]) => [name, String(value)]))
      const given = {
        g,
        caller,
        tenant,
        body,
        params: params as ParamsOf<O['route']>,
        query,
        request,
        requestId,
        refused,
      }
      const returned: unknown = await act(given)
      if (isAudited(operation, request))
        await g.audit(caller, {
          tenant,
          action: operation.name,
          subjects: operation.route.includes('{') ? [Object.values(params).join('/')] : madeBy(returned),
        })
      const response = await responseOf(operation, returned, (field) =>
        invocationLog(context).error('answer-field-dropped', { operation: operation.name, fieldId: fieldId(field) }),
      )
      return {
        ...response,
        headers: { ...apiHeaders, 'x-request-id': requestId, ...response.headers } as Record<string, string>,
      }
    } catch (error) {
      const failure = asGatewayError(error)
      const { code, status, cause } = failure
      const of = { operation: operation.name, tenant, code, requestId }
      if (status >= 500)
        invocationLog(context).error('api-failed', { ...of, fault: cause === undefined ? code : placeOf(cause) })
      else invocationLog(context).info('request-refused', of)
      return problem(failure, requestId)
    }
  }
}

/** Through the schema of the answer: what it does not name stays inside, and `tell` hears of it. */
async function responseOf(
  operation: Operation,
  returned: unknown,
  tell: (field: string) => void,
): Promise<HttpResponseInit> {
  const { answer, success } = operation
  const { answer: value, more } = returned instanceof Reply ? returned : new Reply(returned, {})
  if (answer === undefined) return { status: more.status ?? success[0], headers: more.headers ?? {} }
  if (typeof answer !== 'function') return value as HttpResponseInit
  const [schema, { writeBySchema }] = await Promise.all([answer(), import('../../model/write-by-schema.js')])
  const dropped: string[] = []
  const written = writeBySchema(schema, value, dropped)
  for (const field of new Set(dropped)) tell(field)
  return json(written, more.status ?? success[0], more.headers)
}

/** A log line carries no text that somebody could have chosen: names of ours are words. */
const fieldId = (field: string): string => (/^\w{1,40}$/.test(field) ? field : 'none of ours')

function announcedBytes(request: HttpRequest): number {
  const length = Number(request.headers.get('content-length') ?? '0')
  return Number.isSafeInteger(length) && length > 0 ? length : 0
}

/** Every change by a person or app leaves an audit row; submitted mail has its journal instead. */
const isAudited = ({ method, name }: Operation, { query }: HttpRequest): boolean =>
  method !== 'GET' && name !== 'mail-submit' && query.get('dryRun') !== 'true'

/** Whoever corrects a call is told of every field in one answer, in the query and in the body (D8). */
async function attempt<T>(refused: GatewayError[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'invalid_input') throw error
    refused.push(error)
    return undefined
  }
}

async function bodyOf(operation: Operation, request: HttpRequest): Promise<unknown> {
  const { body, bodyOptional, judgedByFlow, maxBytes = 65_536, method } = operation
  if (!body) {
    // What is not read must not look as if it counted.
    if (method !== 'GET' && announcedBytes(request) > 0) refuseFields(await jsonBody(request, maxBytes, {}))
    return undefined
  }
  const input = await jsonBody(request, maxBytes, bodyOptional && {})
  return judgedByFlow ? input : parse(await body(), input)
}

function refuseFields(input: unknown): void {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    throw invalidInput('body', 'must be {} or left out for this call.')
  const message = 'is not a field here: this call takes no body; leave it out'
  const problems = Object.keys(input).map((key) => ({ field: key.slice(0, 100), message }))
  if (problems.length > 0) throw refusedInput(problems)
}

/** The ids of what was made, or of what links were made for: they stand in the answer. */
function madeBy(returned: unknown): string[] {
  const answer = returned instanceof Reply ? (returned.answer as unknown) : returned
  const made = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  if (Array.isArray(made['links'])) return made['links'].flatMap(madeBy)
  const id = made['mailboxId'] ?? made['id'] ?? made['signInId']
  return id === undefined ? [] : [String(id)]
}

const anonymous: Caller = { role: 'app', tenant: '~', keyId: '' }

function credentialOf(request: HttpRequest): string {
  const header = request.headers.get('authorization') ?? ''
  return /^Bearer +(\S+)$/i.exec(header)?.[1] ?? request.headers.get('x-api-key') ?? ''
}

async function tenantOf(
  authenticator: Authenticator,
  caller: Caller,
  { request, operation }: { request: HttpRequest; operation: Operation },
): Promise<string> {
  const named = request.headers.get('x-tenant') ?? ''
  if (caller.role !== 'operator') {
    if (named !== '' && named !== caller.tenant) throw otherTenant()
    return caller.tenant
  }
  if (named === '~' && operation.deployment) return named
  if (!isTenantId(named))
    throw invalidInput(
      'x-tenant',
      'must name the tenant by its id (2 to 32 lower-case letters, digits and hyphens): an operator works for every tenant.',
    )
  await authenticator.readTenant(named)
  return named
}

/** The same answer whether there is such a tenant or not (SEC-17). */
function otherTenant(): GatewayError {
  return new GatewayError('forbidden', 'permanent', {
    status: 403,
    field: 'x-tenant',
    description: 'The header x-tenant names a different tenant from the one this key belongs to.',
    remedy: 'Leave the header out: a key works for its own tenant. Only operators name a tenant in it.',
  })
}

function forbidden(operation: Operation): GatewayError {
  return new GatewayError('forbidden', 'permanent', {
    status: 403,
    description: `This call needs the role ${operation.roles.join(' or ')}.`,
    remedy: 'Use a key with that role.',
  })
}
