/**
 * Route templates of HTTP triggers: `mail/{id}`, `{x?}`, `{*rest}` and inline constraints such as `{id:int}`. If
 * several routes match, the names of their functions decide which gets the request (`http-listener.ts`).
 */

export interface Route {
  template: string
  /** The parameters when `path` (as sent, still percent-encoded) matches, otherwise undefined. */
  match(path: string): Record<string, string> | undefined
}

interface Segment {
  pattern: RegExp
  names: string[]
  constraints: { name: string; accepts(value: string): boolean }[]
  optional: boolean
  catchAll: boolean
}

const constraintTests: Record<string, (value: string, argument: string) => boolean> = {
  alpha: (value) => /^[a-z]*$/i.test(value),
  bool: (value) => /^(true|false)$/i.test(value),
  int: (value) => /^[+-]?\d+$/.test(value) && Math.abs(Number(value)) <= 2_147_483_648,
  long: (value) => /^[+-]?\d{1,19}$/.test(value),
  decimal: (value) => /^[+-]?\d+(\.\d+)?$/.test(value),
  guid: (value) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value),
  length: (value, argument) => {
    const [least, most] = argument.split(',').map(Number)
    return value.length >= least! && value.length <= (most ?? least!)
  },
  minlength: (value, argument) => value.length >= Number(argument),
  maxlength: (value, argument) => value.length <= Number(argument),
  min: (value, argument) => /^-?\d+$/.test(value) && Number(value) >= Number(argument),
  max: (value, argument) => /^-?\d+$/.test(value) && Number(value) <= Number(argument),
  range: (value, argument) => {
    const [least, most] = argument.split(',').map(Number)
    return /^-?\d+$/.test(value) && Number(value) >= least! && Number(value) <= most!
  },
  // Braces are doubled inside a template.
  regex: (value, argument) => new RegExp(argument.replaceAll('{{', '{').replaceAll('}}', '}'), 'i').test(value),
}

/** Compiles a template without leading slash. Throws on a template that the real host would refuse as well. */
export function compileRoute(template: string): Route {
  const segments = template === '' ? [] : template.split('/').map((text) => compileSegment(text, template))
  segments.forEach((segment, index) => {
    const last = index === segments.length - 1
    if (segment.catchAll && !last) throw new Error(`route "${template}": a catch-all parameter must come last`)
    if (segment.optional && !last) throw new Error(`route "${template}": an optional parameter must come last`)
  })
  const names = segments.flatMap((segment) => segment.names.map((name) => name.toLowerCase()))
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new Error(`route "${template}": parameter "${repeated}" appears twice`)
  return {
    template,
    match: (path) => matchSegments(segments, path),
  }
}

function matchSegments(segments: Segment[], path: string): Record<string, string> | undefined {
  const given = path.replace(/^\//, '').replace(/\/$/, '')
  const parts = given === '' ? [] : given.split('/')
  const parameters: Record<string, string> = {}
  for (const [index, segment] of segments.entries()) {
    const text = segment.catchAll ? parts.slice(index).join('/') : (parts[index] ?? '')
    if (text === '' && (segment.catchAll || segment.optional)) continue
    const found = segment.pattern.exec(decodePart(text))
    if (!found) return undefined
    for (const [position, name] of segment.names.entries()) parameters[name] = found[position + 1]!
    if (!segment.constraints.every(({ name, accepts }) => accepts(parameters[name]!))) return undefined
    if (segment.catchAll) return parameters
  }
  return parts.length > segments.length && !segments.at(-1)?.catchAll ? undefined : parameters
}

// An encoded slash stays encoded, as in Kestrel: it must not turn into a path separator.
function decodePart(text: string): string {
  return text.split(/%2f/i).map(decodeURIComponent).join('%2F')
}

function compileSegment(text: string, template: string): Segment {
  const segment: Segment = { pattern: /^$/, names: [], constraints: [], optional: false, catchAll: false }
  let source = ''
  for (const piece of splitPieces(text, template)) {
    if (!piece.startsWith('{')) {
      source += piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
      continue
    }
    const parameter = parseParameter(piece.slice(1, -1), template)
    segment.names.push(parameter.name)
    segment.constraints.push(...parameter.constraints)
    segment.optional ||= parameter.optional
    segment.catchAll ||= parameter.catchAll
    source += segment.catchAll ? '(.+)' : '(.+?)'
  }
  if ((segment.catchAll || segment.optional) && !/^\{.*\}$/.test(text)) {
    throw new Error(`route "${template}": an optional or catch-all parameter must fill its whole segment`)
  }
  segment.pattern = new RegExp(`^${source}$`, 'is')
  return segment
}

function splitPieces(text: string, template: string): string[] {
  const pieces: string[] = []
  let depth = 0
  let current = ''
  for (const character of text) {
    if (character === '{' && depth++ === 0) {
      if (current) pieces.push(current)
      current = ''
    }
    current += character
    if (character === '}' && --depth === 0) {
      pieces.push(current)
      current = ''
    }
  }
  if (depth !== 0 || text === '') throw new Error(`route "${template}" is malformed`)
  return current ? [...pieces, current] : pieces
}

function parseParameter(body: string, template: string) {
  const match = /^(\*{0,2})([A-Za-z_]\w*)((?::[a-z]+(?:\(.*?\))?(?=:|\?|$))*)(\??)$/i.exec(body)
  if (!match) throw new Error(`route "${template}": "{${body}}" is not a parameter (default values are not supported)`)
  const name = match[2]!
  const constraints = [...match[3]!.matchAll(/:([a-z]+)(?:\((.*?)\)(?=:|$))?/gi)].map(([, word, argument]) => {
    const test = constraintTests[word!.toLowerCase()]
    if (!test) throw new Error(`route "${template}": unknown constraint "${word}"`)
    return { name, accepts: (value: string) => test(value, argument ?? '') }
  })
  return { name, constraints, optional: match[4] === '?', catchAll: match[1] !== '' }
}
