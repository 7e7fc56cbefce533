/** JSON Schema (2020-12, as OpenAPI 3.1 wants it) and examples from the schemas that validate and serialise. */
import * as z from 'zod'

export type Json = Record<string, unknown>
type Direction = 'input' | 'output'

/** Named schemas become components, so that a client has one type for each; everything else stands where it is used. */
export function schemaCollector(): { components: Json; schemaOf(schema: z.ZodType, io: Direction): Json } {
  const components: Json = {}
  const add = (name: string, schema: Json): void => {
    const known = components[name]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
      throw new Error(`two different schemas are called ${name}`)
    components[name] = schema
  }
  return {
    components,
    schemaOf(schema, io) {
      const made = z.toJSONSchema(schema, { io, unrepresentable: 'any', override }) as Json
      const { $schema: _, $defs = {}, ...whole } = withoutAnyOf(withComponentRefs(made)) as Json
      const worded = (one: Json): Json => (io === 'input' ? defaultsInWords(one) : one)
      for (const [name, one] of Object.entries($defs as Json)) add(name, worded(one as Json))
      const root = worded(whole)
      const name = z.globalRegistry.get(schema)?.id
      if (name === undefined || root['$ref'] !== undefined) return root
      add(name, root)
      return { $ref: `#/components/schemas/${name}` }
    },
  }
}

/**
 * Generators take a field with a default for one that is always there, also in what is sent: defaults are told in
 * words.
 */
function defaultsInWords(schema: Json): Json {
  const copy = { ...schema }
  const inner = (one: unknown): Json => defaultsInWords(one as Json)
  for (const key of ['anyOf', 'oneOf']) if (Array.isArray(copy[key])) copy[key] = copy[key].map(inner)
  if (typeof copy['items'] === 'object') copy['items'] = inner(copy['items'])
  if (typeof copy['properties'] === 'object')
    copy['properties'] = Object.fromEntries(
      Object.entries(copy['properties'] as Json).map(([name, field]) => {
        const { default: fallback, ...rest } = inner(field)
        if (fallback === undefined) return [name, rest]
        return [name, { ...rest, description: `${rest['description']} Default: ${JSON.stringify(fallback)}.` }]
      }),
    )
  return copy
}

/** What the library writes for itself or for nobody. */
function override({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: Json }): void {
  delete jsonSchema['id']
  if (jsonSchema['format'] === 'date-time') delete jsonSchema['pattern']
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum']
  delete jsonSchema['propertyNames']
  // Answers may get further fields in a later version; only what is refused on the way in is closed.
  const isStrict = zodSchema._zod.def.type === 'object' && zodSchema._zod.def.catchall?._zod.def.type === 'never'
  if (jsonSchema['additionalProperties'] === false && !isStrict) delete jsonSchema['additionalProperties']
}

const withComponentRefs = (schema: Json): Json =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json

/** `anyOf` of something and null is one type more. */
function withoutAnyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnyOf)
  if (typeof value !== 'object' || value === null) return value
  const copy = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutAnyOf(inner)])) as Json
  const [first, second, ...more] = Array.isArray(copy['anyOf']) ? (copy['anyOf'] as Json[]) : []
  if (first === undefined || second?.['type'] !== 'null' || more.length > 0 || typeof first['type'] !== 'string')
    return copy
  const { anyOf: _, ...outer } = copy
  const words = Array.isArray(first['enum']) ? { enum: [...(first['enum'] as unknown[]), null] } : {}
  return { ...first, ...outer, ...words, type: [first['type'], 'null'] }
}

/** The schema's own example, else one made of the examples of its parts. */
export function exampleOf(schema: z.ZodType, io: Direction = 'output'): unknown {
  const [own] = (z.globalRegistry.get(schema)?.['examples'] ?? []) as unknown[]
  if (own !== undefined) return own
  const { def } = (schema as unknown as z.core.$ZodTypes)._zod
  const inner = (one: unknown): unknown => exampleOf(one as z.ZodType, io)
  switch (def.type) {
    case 'object':
      return Object.fromEntries(
        Object.entries(def.shape)
          .map(([name, field]) => [name, inner(field)])
          .filter(([, value]) => value !== undefined),
      )
    case 'array': {
      const one = inner(def.element)
      return one === undefined ? [] : [one]
    }
    case 'pipe':
      return inner(io === 'output' ? def.out : def.in)
    case 'nullable':
    case 'optional':
    case 'default':
      return inner(def.innerType)
    case 'union':
      return inner(def.options[0])
    case 'enum':
      return Object.values(def.entries)[0]
    case 'literal':
      return def.values[0]
    default:
      return undefined
  }
}
