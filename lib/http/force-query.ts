import { invalidInput } from '../errors.js'

/** `?force=true`, the word with which a person overrules a guard. */
export function forceQuery(query: URLSearchParams): { force: boolean } {
  const force = query.get('force')
  if (force !== null && force !== 'true') throw invalidInput('force', 'must be true or left out.')
  return { force: force === 'true' }
}
