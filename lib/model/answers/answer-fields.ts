/** The fields answers and events are made of, each with its meaning and an example; `docs/openapi.json` shows both. */
import * as z from 'zod'

export const exampleId = 'h3kz6wq2mfa4t7xn5rjcbvudeg'
export const errorClasses = ['transient', 'permanent', 'needs-reconnect', 'needs-admin'] as const

export const id = (description: string, example = exampleId) =>
  z
    .string()
    .regex(/^[a-z2-7]{26}$/)
    .meta({ description, examples: [example] })

export const text = (description: string, example: string) => z.string().meta({ description, examples: [example] })

/** UTC, with milliseconds. */
export const time = (description: string, example = '2026-01-31T08:00:00.000Z') =>
  z.iso.datetime().meta({ description, examples: [example] })

export const flag = (description: string, example = true) => z.boolean().meta({ description, examples: [example] })

export const count = (description: string, example = 0) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [example] })

export const oneOf = <const T extends readonly string[]>(values: T, description: string, example: T[number]) =>
  z.enum(values).meta({ description, examples: [example] })

export const listOf = <S extends z.ZodType>(schema: S, description: string) => z.array(schema).meta({ description })

/** The field is always there. Inside, an empty text stands for nothing; outside, null does. */
export const orNull = <S extends z.ZodType>(schema: S) => {
  const { description = '', examples } = z.globalRegistry.get(schema) ?? {}
  return z
    .transform((value: z.input<S> | '' | null): z.input<S> | null => (value === '' ? null : value))
    .pipe(schema.nullable() as never)
    .meta({ description, ...(examples === undefined ? {} : { examples }) }) as unknown as z.ZodType<
    z.output<S> | null,
    z.input<S> | '' | null
  >
}

/** Who must act when something failed. */
export const errorClass = oneOf(
  errorClasses,
  'Who must act. transient: nobody, the gateway retries; permanent: the author of the mail or request; needs-reconnect: the mailbox owner; needs-admin: an administrator.',
  'permanent',
)
export const errorCode = (description = 'Stable error code to branch on; docs/errors.md lists all codes.') =>
  text(description, 'smtp_550_5_1_1')
export const tenantId = text('Id of the tenant.', 'contoso')

/** Of every page of a list. */
export const nextPage = orNull(text('Pass it unchanged as `after` for the next page; null at the end.', exampleId))

/** What a test found wrong. */
export const triedProblem = z
  .object({
    code: errorCode(),
    class: errorClass,
    description: text('What is wrong, in plain words.', 'The client secret has expired.'),
    remedy: text('What to do.', 'Save the registration with a new client secret.'),
    whoActs: text('Who must act, in plain words.', 'Gateway operator'),
  })
  .nullable()
  .meta({ description: 'What is still wrong; null when it works.' })
