import type * as z from 'zod'

/** Where an answer that was sent is not what its schema says. */
export function mismatches(schema: z.ZodType, sent: unknown): string[] {
  const result = schema.safeParse(sent)
  return result.success ? [] : result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
}
