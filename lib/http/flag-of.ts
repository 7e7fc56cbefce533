import { invalidInput } from '../errors.js'

/** A yes or no of the query: `true`, `false` or left out, and nothing that only looks like it. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name)
  if (text !== null && text !== 'true' && text !== 'false') throw invalidInput(name, 'must be true, false or left out.')
  return text === 'true'
}
