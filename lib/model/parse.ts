import type { core, ZodType } from 'zod'
import { GatewayError, invalidInput, type Problem } from '../errors.js'
import { didYouMean, formsAt, keysAt } from './schema-words.js'

/** The most problems that one answer names; beyond it the parser stops looking. */
export const mostProblems = 50

/** Input by schema; refused input names every problem at once with its path, what is wrong with it and the cure. */
export function parse<T>(schema: ZodType<T>, input: unknown): T {
  const judged = judge(schema, input)
  if ('problems' in judged) throw refusedInput(judged.problems)
  return judged.data
}

/** Input by schema: its data, or what is wrong with it; `place` is where it stands in the whole. */
export function judge<T>(
  schema: ZodType<T>,
  input: unknown,
  place: readonly PropertyKey[] = [],
): { data: T } | { problems: Problem[] } {
  const result = schema.safeParse(input, { error: (issue) => wording(schema, issue) })
  if (result.success) return { data: result.data }
  const problems: Problem[] = []
  for (const issue of result.error.issues) {
    if (problems.length >= mostProblems) break
    problems.push(...problemsOf(schema, issue, place))
  }
  return { problems: problems.slice(0, mostProblems) }
}

/** One answer for all problems of an input. */
export function refusedInput(problems: readonly Problem[]): GatewayError {
  const first = problems[0] ?? { field: 'body', message: 'is invalid' }
  return invalidInput(first.field, sentence(problems), { problems: problems.slice(0, mostProblems) })
}

/**
 * One answer for problems that several checks have found: the first check's verdict, every check's fields. Undefined
 * for none.
 */
export function refusedTogether(
  problems: readonly Problem[],
  refusals: readonly GatewayError[],
): GatewayError | undefined {
  const [first] = refusals
  if (first === undefined || problems.length + refusals.length === 1)
    return first ?? (problems[0] && refusedInput(problems))
  const found = refusals.flatMap(
    ({ problems: own, field = 'mailbox', description }) => own ?? [{ field, message: description }],
  )
  if (problems.length > 0) return refusedInput([...problems, ...found])
  return new GatewayError(first.code, first.class, {
    status: first.status,
    field: found[0]!.field,
    description: `${first.description} · ${sentence(found.slice(1), true)}`,
    remedy: 'Correct the named fields and send the request again.',
    problems: found.slice(0, mostProblems),
  })
}

/** The first problems in a line; the first one's field stands before it already, unless `named`. */
function sentence(problems: readonly Problem[], named = false): string {
  const shown = problems
    .slice(0, 5)
    .map(({ field, message }, at) => (at === 0 && !named ? message : `${field}: ${message}`))
  const more = problems.length - shown.length
  // Nobody counts on beyond the most that are named.
  const atLeast = problems.length >= mostProblems ? 'at least ' : ''
  return [...shown, ...(more > 0 ? [`and ${atLeast}${more} more, see problems`] : [])].join(' · ')
}

function problemsOf(schema: ZodType, issue: core.$ZodIssue, place: readonly PropertyKey[]): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path)
    return issue.keys.slice(0, mostProblems).map((key) => ({
      field: pathOf([...place, ...issue.path, key.slice(0, 100)]),
      message: `is not a field here; ${didYouMean(key, known) ?? 'correct its name or leave it out'}`,
    }))
  }
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
  return [{ field: pathOf([...place, ...issue.path]), message }]
}

export function pathOf(path: readonly PropertyKey[]): string {
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
function wording(schema: ZodType, issue: core.$ZodRawIssue): string | undefined {
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
      return issue.format === 'datetime'
        ? 'must be a time such as 2026-01-31T08:00:00Z'
        : 'has a form that is not allowed here'
    case 'invalid_union': {
      // The discriminator's own name ends the path of the issue.
      const { discriminator } = issue as { discriminator?: string }
      const path = (issue.path ?? []).filter((part, at, all) => at < all.length - 1 || part !== discriminator)
      return `must be ${formsAt(schema, path).join(', or ')}`
    }
    default:
      return undefined
  }
}

const units: Record<string, string> = { string: 'characters', array: 'entries', record: 'entries' }

function limit(bound: string, origin: string, count: number | bigint): string {
  const unit = units[origin]
  return unit === undefined ? `must be ${bound} ${count}` : `must have ${bound} ${count} ${unit}`
}
