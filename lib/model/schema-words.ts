/** What a schema allows at a path, in words: for answers that name the fix. */
import type { ZodType } from 'zod'

interface Def {
  type: string
  innerType?: ZodType
  in?: ZodType
  shape?: Record<string, ZodType>
  element?: ZodType
  valueType?: ZodType
  options?: readonly ZodType[]
  values?: readonly unknown[]
  entries?: Record<string, string>
}

const defOf = (schema: ZodType): Def => (schema as unknown as { _zod: { def: Def } })._zod.def

/** Without what only wraps it: optional, default, transform. */
function bare(schema: ZodType): Def {
  let def = defOf(schema)
  for (let inner = def.innerType ?? def.in; inner !== undefined; inner = def.innerType ?? def.in) def = defOf(inner)
  return def
}

/** The definitions that may stand at `path`; several below a union. */
function defsAt(schema: ZodType, path: readonly PropertyKey[]): Def[] {
  let found = [bare(schema)]
  for (const part of path) {
    found = found
      .flatMap((def) => (def.options ? def.options.map(bare) : [def]))
      .flatMap((def) => {
        const inner = typeof part === 'number' ? def.element : (def.shape?.[String(part)] ?? def.valueType)
        return inner ? [bare(inner)] : []
      })
  }
  return found
}

/** Names of the fields an object may have at `path`. */
export function keysAt(schema: ZodType, path: readonly PropertyKey[]): string[] {
  const objects = defsAt(schema, path).flatMap((def) => (def.options ? def.options.map(bare) : [def]))
  return [...new Set(objects.flatMap(({ shape = {} }) => Object.keys(shape)))]
}

/** The forms that are allowed at `path`, each in a few words. */
export function formsAt(schema: ZodType, path: readonly PropertyKey[]): string[] {
  const forms = defsAt(schema, path).flatMap((def) => (def.options ? def.options.map(bare) : [def]))
  return [...new Set(forms.map(formOf))]
}

const words: Record<string, string> = { string: 'text', number: 'a number', boolean: 'true or false', array: 'a list' }

function formOf(def: Def): string {
  if (!def.shape) return wordOf(def)
  const fields = Object.entries(def.shape).map(([name, field]) => {
    const inner = bare(field)
    const may = ['optional', 'default'].includes(defOf(field).type) ? '?' : ''
    return inner.type === 'literal' ? `${name}: ${wordOf(inner)}` : `${name}${may}`
  })
  return `{${fields.join(', ')}}`
}

const wordOf = ({ type, values, entries }: Def): string =>
  values?.map((value) => JSON.stringify(value)).join(' or ') ??
  (entries ? Object.values(entries).join(' or ') : (words[type] ?? 'an object'))

/** `did you mean "subject"?` for a name that is nearly one of `known`. */
export function didYouMean(name: string, known: readonly string[]): string | undefined {
  if (name.length > 40) return undefined
  const most = name.length < 4 ? 1 : 2
  const near = known
    // Each letter more or less is one step already.
    .filter((other) => Math.abs(other.length - name.length) <= most)
    .map((other) => ({ other, distance: distance(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ distance: far }) => far <= most)
    .sort((a, b) => a.distance - b.distance)[0]
  return near && `did you mean "${near.other}"?`
}

/** Letters to insert, leave out, replace or swap with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j]!, before[j - 2]! + 1)
    }
    before = above
    above = row
  }
  return above[b.length]!
}
