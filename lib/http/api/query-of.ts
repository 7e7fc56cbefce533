import type { HttpRequest } from '@azure/functions'
import type * as z from 'zod'
import type { Problem } from '../../errors.js'
import { judge, refusedInput } from '../../model/parse.js'
import { didYouMean } from '../../model/schema-words.js'
import { requireShortQuery } from '../request/query-limits.js'
import type { Operation } from './operation.js'

/** The query of a request: what the platform hands over, and what only the address holds. */
export async function queryOfRequest(
  operation: Pick<Operation, 'query'>,
  request: Pick<HttpRequest, 'query' | 'url'>,
): Promise<unknown> {
  requireShortQuery(request.url)
  return queryOf(operation, request.query, new URL(request.url).searchParams)
}

/**
 * The query of a call, by the operation's schema; one error for everything that is wrong with it. A misspelt parameter
 * would be as good as none, and the answer a wrong one; one given twice leaves open which counts, and the platform
 * joins both by a comma, so that only the address tells. `code` is the platform's own.
 */
export async function queryOf(
  { query }: Pick<Operation, 'query'>,
  given: URLSearchParams,
  address: URLSearchParams = given,
): Promise<unknown> {
  const schema = await query?.()
  const known = Object.keys(schema?.shape ?? {})
  const values: Record<string, unknown> = {}
  const problems: Problem[] = []
  const problem = (name: string, message: string) => problems.push({ field: name.slice(0, 100), message })
  // What the platform hands over, and what only the address holds: a name of an object's own gets lost on the way.
  for (const name of new Set([...given.keys(), ...address.keys()])) {
    if (name === 'code') continue
    if (!known.includes(name)) {
      const those = known.length === 0 ? 'this call accepts none' : `this call accepts ${known.join(', ')}`
      const near = didYouMean(name, known)
      problem(name, `is not a parameter: ${near === undefined ? '' : `${near} `}${those}.`)
      continue
    }
    if (address.getAll(name).length > 1) problem(name, 'must be given only once.')
    values[name] = readAs(schema?.shape[name] as z.core.$ZodTypes, given.get(name) ?? '')
  }
  const named = new Set(problems.map(({ field }) => field))
  const judged = schema === undefined ? { data: {} } : judge(schema, values)
  if ('problems' in judged) problems.push(...judged.problems.filter(({ field }) => !named.has(field)))
  if (problems.length > 0) throw refusedInput(problems)
  return 'data' in judged ? judged.data : {}
}

/** Text that does not read as what is wanted stays text, and the schema says what it must be. */
function readAs(schema: z.core.$ZodTypes, text: string): unknown {
  const { def } = schema._zod
  if (def.type === 'optional' || def.type === 'default') return readAs(def.innerType as z.core.$ZodTypes, text)
  if (def.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return def.type === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text
}
