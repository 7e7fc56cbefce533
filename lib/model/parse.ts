import type { core, ZodType } from 'zod'
import { invalidInput, type Problem } from '../errors.js'

/** Input by schema; refused input names every problem at once with its path, what is wrong with it and the cure. */
export function parse<T>(schema: ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input, { error: wording })
  if (result.success) return result.data
  const problems = result.error.issues.flatMap(problemsOf).slice(0, 50)
  const first = problems[0] ?? { field: 'body', message: 'is invalid' }
  throw invalidInput(
    first.field,
    problems
      .map((problem, index) => (index === 0 ? problem.message : `${problem.field}: ${problem.message}`))
      .join(' · '),
    { problems },
  )
}

function problemsOf(issue: core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      field: pathOf([...issue.path, key.slice(0, 100)]),
      message: 'is not a field here; correct its name or leave it out',
    }))
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
  return [{ field: pathOf(issue.path), message }]
}

function pathOf(path: readonly PropertyKey[]): string {
  if (path.length === 0) return 'body'
  const parts = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
  return parts.join('').replace(/^\./, '')
}

const kinds: Record<string, string> = {
  array: 'a list',
  object: 'an object',
  record: 'an object',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
}

/** For schemas that have no words of their own. */
function wording(issue: core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type': {
      const wanted = kinds[issue.expected] ?? issue.expected
      return issue.input === undefined ? `is missing; give ${wanted}` : `must be ${wanted}`
    }
    case 'invalid_value':
      return `must be ${issue.values.map(String).join(' or ')}`
    case 'too_big':
      return limit('at most', issue.origin, issue.maximum)
    case 'too_small':
      return limit('at least', issue.origin, issue.minimum)
    case 'invalid_format':
      return issue.format === 'datetime' ? 'must be a time such as 2026-01-31T08:00:00Z' : 'has a form not allowed here'
    case 'invalid_union':
      return 'has none of the forms that are allowed here'
    default:
      return undefined
  }
}

const units: Record<string, string> = { string: 'characters', array: 'entries', record: 'entries' }

function limit(bound: string, origin: string, count: number | bigint): string {
  const unit = units[origin]
  return unit === undefined ? `must be ${bound} ${count}` : `must have ${bound} ${count} ${unit}`
}
