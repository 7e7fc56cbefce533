/** What is wrong with the Bicep files as text: names, modules, parameters. Not a compiler: types are not looked at. */
import { dirname, join } from 'node:path/posix'
import type { BicepFiles } from './bicep-evaluate.js'
import { functions } from './bicep-functions.js'
import type { Declaration, Value } from './bicep-tree.js'

const named = new Set([...Object.keys(functions), 'loadTextContent', 'loadJsonContent', 'true', 'false', 'null'])

export function languageProblems({ trees, texts }: BicepFiles): string[] {
  const problems: string[] = []
  for (const [file, tree] of trees) {
    const report = (line: number, message: string): unknown => problems.push(`infra/${file}:${line}: ${message}`)
    const all = tree.flatMap((one) => [one, ...one.nested])
    const names = all.filter((one) => one.kind !== 'output').map((one) => one.name)
    const declared = new Set(names.filter((name) => name !== ''))
    const used = new Set<string>()
    for (const one of all) {
      if (one.value !== undefined)
        walk(one.value, new Set(), (name, local) => {
          used.add(name)
          if (!local.has(name) && !declared.has(name) && !named.has(name)) report(one.line, `${name} is not declared`)
        })
      for (const word of one.type.match(/\w+/g) ?? []) used.add(word)
      if ((one.kind === 'param' && !file.endsWith('param')) || one.kind === 'output')
        if (!one.decorators.some(({ name }) => name === 'description'))
          report(one.line, `${one.name} has no @description`)
      if (one.kind === 'module') problems.push(...moduleProblems(file, one, trees))
      if (one.kind === 'using') problems.push(...fileProblems(file, tree, trees.get(join(dirname(file), one.type))))
    }
    for (const one of tree) {
      const isInput = (one.kind === 'param' && !file.endsWith('param')) || one.kind === 'var'
      if (isInput && !used.has(one.name)) report(one.line, `${one.name} is never used`)
      if (tree.filter((other) => other.name === one.name && other.kind === one.kind && one.name !== '').length > 1)
        report(one.line, `${one.name} is declared twice`)
    }
    for (const [, path = ''] of (texts.get(file) ?? '').matchAll(/load\w+Content\('([^']+)'\)/g))
      if (!texts.has(join(dirname(file), path))) report(1, `loads ${path}, which does not exist`)
  }
  return problems
}

function moduleProblems(file: string, one: Declaration, trees: BicepFiles['trees']): string[] {
  const target = trees.get(join(dirname(file), one.type))
  const where = `infra/${file}:${one.line}: `
  if (target === undefined) return [`${where}${one.type} does not exist`]
  const body = one.value?.kind === 'when' ? one.value.body : one.value
  const params = body?.kind === 'object' ? body.properties['params'] : undefined
  return unfit(where, params?.kind === 'object' ? Object.keys(params.properties) : [], target)
}

function fileProblems(file: string, tree: Declaration[], target: Declaration[] | undefined): string[] {
  const where = `infra/${file}: `
  if (target === undefined) return [`${where}the file after using does not exist`]
  return unfit(
    where,
    tree.filter((one) => one.kind === 'param').map((one) => one.name),
    target,
  )
}

function unfit(where: string, given: string[], target: Declaration[]): string[] {
  const params = target.filter((one) => one.kind === 'param')
  return [
    ...given
      .filter((name) => !params.some((one) => one.name === name))
      .map((name) => `${where}unknown parameter ${name}`),
    ...params
      .filter((one) => one.value === undefined && !given.includes(one.name))
      .map((one) => `${where}the parameter ${one.name} is missing`),
  ]
}

function walk(value: Value, local: Set<string>, see: (name: string, local: Set<string>) => unknown): void {
  if (value.kind === 'name') see(value.name, local)
  for (const part of partsOf(value)) walk(part, local, see)
  if (value.kind === 'lambda') walk(value.body, new Set([...local, ...value.inputs]), see)
  if (value.kind === 'each') walk(value.body, new Set([...local, ...value.names]), see)
}

/** Values inside this one that see the same names; bodies with names of their own are not among them. */
function partsOf(value: Value): Value[] {
  switch (value.kind) {
    case 'text':
      return value.parts.filter((part) => typeof part !== 'string')
    case 'object':
      return [...Object.values(value.properties), ...value.spread]
    case 'array':
      return value.items
    case 'member':
    case 'each':
      return [value.of]
    case 'index':
      return [value.of, value.at]
    case 'call':
      return [value.of, ...value.inputs]
    case 'operation':
      return value.inputs
    case 'when':
      return [value.condition, value.body]
    default:
      return []
  }
}
