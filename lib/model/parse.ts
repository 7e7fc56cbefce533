import type { ZodType } from 'zod'
import { invalidInput } from '../errors.js'

/** Input by schema; refused input names every problem at once with its path. */
export function parse<T>(schema: ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const problems = result.error.issues.slice(0, 50).map((issue) => ({
    field:
      issue.path.length === 0
        ? 'body'
        : issue.path
            .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
            .join('')
            .replace(/^\./, ''),
    message: issue.message,
  }))
  const first = problems[0] ?? { field: 'body', message: 'is invalid' }
  throw invalidInput(
    first.field,
    problems
      .map((problem, index) => (index === 0 ? problem.message : `${problem.field}: ${problem.message}`))
      .join(' · '),
    { problems },
  )
}
