import type * as z from 'zod'
import { invalidInput } from '../errors.js'
import { parse } from '../model/parse.js'
import type { Operation } from './operation.js'

/**
 * The query of a call, by the operation's schema. A misspelt parameter would be as good as none, and the answer a wrong
 * one; one given twice leaves open which counts. `code` is the platform's own.
 */
export async function queryOf({ query }: Pick<Operation, 'query'>, given: URLSearchParams): Promise<unknown> {
  const schema = await query?.()
  const known = Object.keys(schema?.shape ?? {})
  const values: Record<string, unknown> = {}
  for (const [name, text] of given) {
    if (name === 'code') continue
    if (!known.includes(name)) {
      const those = known.length === 0 ? 'this call takes none' : `this call takes ${known.join(', ')}`
      throw invalidInput(name.slice(0, 100), `is not a parameter: ${those}.`)
    }
    if (Object.hasOwn(values, name)) throw invalidInput(name, 'must be given once.')
    values[name] = readAs(schema?.shape[name] as z.core.$ZodTypes, text)
  }
  return schema === undefined ? {} : parse(schema, values)
}

/** Text that does not read as what is wanted stays text, and the schema says what it must be. */
function readAs(schema: z.core.$ZodTypes, text: string): unknown {
  const { def } = schema._zod
  if (def.type === 'optional' || def.type === 'default') return readAs(def.innerType as z.core.$ZodTypes, text)
  if (def.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return def.type === 'number' && /^-?\d{1,15}$/.test(text) ? Number(text) : text
}
