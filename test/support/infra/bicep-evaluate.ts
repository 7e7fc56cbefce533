/**
 * Works out what a Bicep file deploys with given parameters: every resource with its body, as far as it is known before
 * the deployment; what only Azure knows stays a text in angle brackets. Knows the functions `infra/` uses and no others.
 */
import { dirname, join } from 'node:path/posix'
import { functions } from './bicep-functions.js'
import type { Declaration, Value } from './bicep-tree.js'

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

export interface Deployed {
  /** `Microsoft.Storage/storageAccounts`, without the version. */
  type: string
  symbol: string
  file: string
  name: string
  body: { [name: string]: Json }
  /** Symbols of the parent and of the scope, as `type name`. */
  parent: string
  scope: string
}

/** Parsed .bicep files and the texts that `load…Content` may ask for, by path. */
export interface BicepFiles {
  trees: Map<string, Declaration[]>
  texts: Map<string, string>
}

interface Handle {
  handle: 'resource' | 'module'
  read(path: string): Json | Handle
}

type Known = Json | Handle | ((...inputs: Known[]) => Known)
type Scope = (name: string) => Known | undefined

export function evaluate(files: BicepFiles, file: string, given: Record<string, Json>) {
  const deployed: Deployed[] = []
  const outputs = run(files, file, given, deployed)
  return { deployed, outputs }
}

/** The values of a parameter file. */
export function parameters(tree: Declaration[]): Record<string, Json> {
  const scope: Scope = (name) => functions[name] as Known | undefined
  const given = tree.filter((one) => one.kind === 'param')
  return Object.fromEntries(given.map((one) => [one.name, plain(worth(one.value as Value, scope))]))
}

function run(files: BicepFiles, file: string, given: Record<string, Json>, deployed: Deployed[]) {
  const tree = files.trees.get(file)
  if (tree === undefined) throw new Error(`${file}: there is no such file`)
  const params = tree.filter((one) => one.kind === 'param')
  for (const name of Object.keys(given))
    if (!params.some((one) => one.name === name)) throw new Error(`${file}: has no parameter ${name}`)
  const known = new Map<string, Known>()
  const load = (path: Known): string => {
    const text = files.texts.get(join(dirname(file), String(path)))
    if (text === undefined) throw new Error(`${file}: loads ${String(path)}, which does not exist`)
    return text
  }
  const scope: Scope = (name) => {
    if (name === 'loadTextContent') return (path) => load(path ?? '')
    if (name === 'loadJsonContent') return (path) => JSON.parse(load(path ?? '')) as Json
    if (known.has(name)) return known.get(name)
    const found = tree.find((one) => one.name === name && one.kind !== 'output')
    const value = found === undefined ? undefined : declared(found)
    if (value !== undefined) known.set(name, value)
    return value ?? (functions[name] as Known | undefined)
  }
  const declared = (one: Declaration): Known | undefined => {
    if (one.kind === 'param') {
      if (one.name in given) return checked(file, one, given[one.name] as Json)
      if (one.value === undefined) throw new Error(`${file}: the parameter ${one.name} is missing`)
      return checked(file, one, plain(worth(one.value, scope)))
    }
    if (one.kind === 'var') return plain(worth(one.value as Value, scope))
    if (one.kind === 'module') return moduleHandle(one)
    return one.kind === 'resource' ? resourceHandle(one, '') : undefined
  }

  const moduleHandle = (one: Declaration): Handle => {
    const body = one.value as Value
    if (body.kind === 'when' && plain(worth(body.condition, scope)) !== true) return absent(file, one.name)
    const object = body.kind === 'when' ? body.body : body
    const inputs = object.kind === 'object' ? object.properties['params'] : undefined
    const values = inputs === undefined ? {} : (plain(worth(inputs, scope)) as Record<string, Json>)
    const outputs = run(files, join(dirname(file), one.type), values, deployed)
    return {
      handle: 'module',
      read: (path) => {
        if (path === 'outputs') return outputs
        throw new Error(`${file}: a module has no ${path}`)
      },
    }
  }

  const resourceHandle = (one: Declaration, parent: string): Handle => {
    const type = one.type.split('@')[0] ?? ''
    const outer = (parent === '' ? '' : `${parent.split(' ')[0]}/`) + type
    const shape = one.value as Value
    const bodies: { [name: string]: Known }[] = []
    const build = (value: Value, local: Scope): void => {
      if (value.kind === 'when') {
        if (plain(worth(value.condition, local)) === true) build(value.body, local)
      } else if (value.kind === 'each')
        each(value, local).forEach((inner) => {
          build(value.body, inner)
        })
      else bodies.push(worth(value, local) as { [name: string]: Known })
    }
    build(shape, scope)
    const idOf = (name: Known | undefined): string => `${outer} ${String(name)}`
    const handleOf = (body: { [name: string]: Known } | undefined): Handle => ({
      handle: 'resource',
      read: (path) => {
        if (path === 'name') return String(body?.['name'])
        if (path === 'id') return idOf(body?.['name'])
        if (path in nested) return nested[path] as Handle
        return `<${one.name}.${path}>`
      },
    })
    const nested: Record<string, Handle> = {}
    if (!one.existing)
      for (const body of bodies)
        deployed.push({
          type: outer,
          symbol: one.name,
          file,
          name: String(body['name']),
          body: plain(body as Known) as Deployed['body'],
          parent: parent || idText(body['parent']),
          scope: idText(body['scope']),
        })
    const handle = handleOf(bodies[0])
    if (one.nested.length > 0) known.set(one.name, handle)
    for (const inner of one.nested) nested[inner.name] = resourceHandle(inner, idOf(bodies[0]?.['name']))
    if (shape.kind !== 'each') return handle
    return { handle: 'resource', read: (at) => handleOf(bodies[Number(at)]) }
  }

  for (const one of tree) if (one.name !== '' && one.kind !== 'output') scope(one.name)
  const outputs: Record<string, Json> = {}
  for (const one of tree) if (one.kind === 'output') outputs[one.name] = plain(worth(one.value as Value, scope))
  return outputs
}

function each(value: Extract<Value, { kind: 'each' }>, scope: Scope): Scope[] {
  const items = worth(value.of, scope)
  if (!Array.isArray(items)) throw new Error('a loop needs a list')
  const [item = '', index = ''] = value.names
  return items.map((one, at) => (name) => (name === item ? one : name === index ? at : scope(name)))
}

function worth(value: Value, scope: Scope): Known {
  switch (value.kind) {
    case 'text':
      return value.parts.map((part) => (typeof part === 'string' ? part : String(plain(worth(part, scope))))).join('')
    case 'number':
      return value.value
    case 'array':
      return value.items.map((item) => worth(item, scope)) as Json[]
    case 'object': {
      const made: Record<string, Known> = {}
      for (const inner of value.spread) Object.assign(made, worth(inner, scope))
      for (const [name, inner] of Object.entries(value.properties)) made[name] = worth(inner, scope)
      return made as Json
    }
    case 'name': {
      if (value.name === 'true' || value.name === 'false') return value.name === 'true'
      if (value.name === 'null') return null
      const found = scope(value.name)
      if (found === undefined) throw new Error(`${value.name} is not declared`)
      return found
    }
    case 'member':
      return member(worth(value.of, scope), value.name)
    case 'index':
      return member(worth(value.of, scope), String(plain(worth(value.at, scope))))
    case 'call': {
      const called = worth(value.of, scope)
      if (typeof called !== 'function') throw new Error('something that is no function is called')
      return called(...value.inputs.map((input) => worth(input, scope)))
    }
    case 'lambda':
      return (...given) => worth(value.body, (name) => (value.inputs[0] === name ? given[0] : scope(name)))
    case 'each':
      return each(value, scope).map((inner) => worth(value.body, inner)) as Json[]
    case 'operation':
      return operation(value, scope)
    case 'when':
      throw new Error('a condition stands where a value belongs')
  }
}

function operation({ operator, inputs }: Extract<Value, { kind: 'operation' }>, scope: Scope): Known {
  const at = (index: number): Known => plain(worth(inputs[index] as Value, scope))
  if (operator === '?:') return worth(inputs[at(0) === true ? 1 : 2] as Value, scope)
  if (operator === '!') return !at(0)
  if (operator === '&&') return Boolean(at(0)) && Boolean(at(1))
  if (operator === '||') return Boolean(at(0)) || Boolean(at(1))
  if (operator === '==') return at(0) === at(1)
  if (operator === '!=') return at(0) !== at(1)
  if (operator === '>') return Number(at(0)) > Number(at(1))
  if (operator === '-') return inputs.length === 1 ? -Number(at(0)) : Number(at(0)) - Number(at(1))
  if (operator === '+') return Number(at(0)) + Number(at(1))
  throw new Error(`the operator ${operator} is not known here`)
}

function member(of: Known, name: string): Known {
  if (isHandle(of)) return of.read(name)
  if (typeof of === 'string' && of.startsWith('<')) return `${of.slice(0, -1)}.${name}>`
  const found = typeof of === 'object' && of !== null ? (of as Record<string, Json>)[name] : undefined
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && 'handle' in value
}

const idText = (value: Known | undefined): string => (isHandle(value) ? String(value.read('id')) : '')

/** Handles become their ids. */
function plain(value: Known): Json {
  if (isHandle(value)) return String(value.read('id'))
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner as Known)]))
  return value as Json
}

function absent(file: string, name: string): Handle {
  return {
    handle: 'module',
    read: () => {
      throw new Error(`${file}: ${name} is not deployed with these parameters, and something needs it`)
    },
  }
}

function checked(file: string, one: Declaration, value: Json): Json {
  const limit = (name: string): Json | undefined => {
    const input = one.decorators.find((decorator) => decorator.name === name)?.inputs[0]
    return input === undefined ? undefined : plain(worth(input, (known) => functions[known] as Known | undefined))
  }
  const size = typeof value === 'string' || Array.isArray(value) ? value.length : undefined
  const unfit =
    (typeof limit('minValue') === 'number' && Number(value) < Number(limit('minValue'))) ||
    (typeof limit('maxValue') === 'number' && Number(value) > Number(limit('maxValue'))) ||
    (size !== undefined && size < Number(limit('minLength') ?? 0)) ||
    (size !== undefined && size > Number(limit('maxLength') ?? size)) ||
    (Array.isArray(limit('allowed')) && !(limit('allowed') as Json[]).includes(value))
  if (unfit) throw new Error(`${file}: the parameter ${one.name} does not take ${JSON.stringify(value)}`)
  return value
}
