/**
 * A value as its schema names it, ready for JSON: a field that the schema does not have is left out, and an empty
 * `orNull` field becomes null. It refuses nothing: a row of a newer build may have a state that this one does not know,
 * and people must still see it (REL-13). Each schema is read once; writing a row then costs a few assignments.
 */
import type * as z from 'zod'

type Schema = z.core.$ZodType
/** `dropped` collects the names of fields that stayed inside. */
type Write = (value: unknown, dropped: string[]) => unknown

const writers = new WeakMap<Schema, Write>()

export function writeBySchema(schema: Schema, value: unknown, dropped: string[] = []): unknown {
  return writerOf(schema)(value, dropped)
}

function writerOf(schema: Schema): Write {
  const known = writers.get(schema)
  if (known !== undefined) return known
  const made = makeWriter(schema as z.core.$ZodTypes)
  writers.set(schema, made)
  return made
}

function makeWriter(schema: z.core.$ZodTypes): Write {
  const { def } = schema._zod
  switch (def.type) {
    case 'object':
      return objectWriter(def.shape)
    case 'array': {
      const item = writerOf(def.element)
      return (value, dropped) => (Array.isArray(value) ? value.map((one) => item(one, dropped)) : value)
    }
    case 'record': {
      const item = writerOf(def.valueType)
      return (value, dropped) =>
        isObject(value)
          ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, item(one, dropped)]))
          : value
    }
    case 'nullable':
    case 'optional': {
      const inner = writerOf(def.innerType)
      return (value, dropped) => (value === null || value === undefined ? value : inner(value, dropped))
    }
    case 'pipe': {
      const outer = writerOf(def.out)
      const first = (def.in as z.core.$ZodTypes)._zod.def
      if (first.type !== 'transform') return outer
      return (value, dropped) => outer(first.transform(value, undefined as never), dropped)
    }
    case 'union':
      return unionWriter(def.options)
    default:
      return (value) => value
  }
}

function objectWriter(shape: Readonly<Record<string, Schema>>): Write {
  const fields = new Map(Object.entries(shape).map(([name, inner]) => [name, writerOf(inner)]))
  return (value, dropped) => {
    if (!isObject(value)) return value
    const written: Record<string, unknown> = {}
    for (const [name, write] of fields) if (value[name] !== undefined) written[name] = write(value[name], dropped)
    for (const name in value) if (!fields.has(name)) dropped.push(name)
    return written
  }
}

/**
 * Forms of an object are told apart by the word that one of their fields must have; another form shows that word alone.
 */
function unionWriter(options: readonly Schema[]): Write {
  const objects = options.filter((one) => (one as z.core.$ZodTypes)._zod.def.type === 'object') as z.core.$ZodObject[]
  const forms = objects.map((one) => ({ words: wordsOf(one), write: writerOf(one) }))
  return (value, dropped) => {
    if (!isObject(value)) return value
    const fits = forms.find(({ words }) => words.every(([name, word]) => value[name] === word))
    if (fits !== undefined) return fits.write(value, dropped)
    return Object.fromEntries((forms[0]?.words ?? []).map(([name]) => [name, value[name]]))
  }
}

const wordsOf = (schema: z.core.$ZodObject): [string, unknown][] =>
  Object.entries(schema._zod.def.shape).flatMap(([name, inner]) => {
    const { def } = (inner as z.core.$ZodTypes)._zod
    return def.type === 'literal' ? [[name, def.values[0]] as [string, unknown]] : []
  })

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
