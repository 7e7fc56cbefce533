/**
 * The import rule of the architecture (docs/architecture.md): which folder may import which, which journey which,
 * `names.table(` only in lib/rows, `process.env` only in lib/config.ts, `@azure/identity` only in lib/gateway.ts, table
 * filters never built as strings, no circle of imports. Prints each violation and exits non-zero. `findViolations(files)` is pure, so that the planted violations can be tested.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { journeyLevels, layers } from './layers.mjs'

const allowed = Object.fromEntries(Object.entries(layers).map(([layer, { imports }]) => [layer, imports]))

/** Layer of a path inside the project, or undefined for test and tool files. */
export function layerOf(path) {
  const [top, second = ''] = path.split('/')
  if (top === 'functions') return 'functions'
  if (top === 'local') return 'local'
  if (top === 'test') return 'test'
  if (top !== 'lib') return undefined
  if (second.endsWith('.ts')) return second.slice(0, -3)
  return second === 'config' ? 'config/' : second
}

/** Journey and level of a path inside `lib/flows`. */
function journeyOf(path) {
  const [, name = ''] = /^lib\/flows\/([^/]+)\//.exec(path) ?? []
  return { name, level: journeyLevels.findIndex((level) => level.includes(name)) }
}

const importPattern =
  /(?:^|\n)\s*(?:import|export)\s[^'"\n]*?(?:\n[^'"\n]*?)*?from\s+['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s+['"]([^'"]+)['"]/g

/** What a file imports, types included: as it is written, and the path inside the project. */
function importsOf({ path, text }) {
  return [...text.matchAll(importPattern)].map(([, from, lazy, bare]) => {
    const target = from ?? lazy ?? bare ?? ''
    return { target, targetPath: normalize(join(dirname(path), target)).replace(/\.js$/, '.ts') }
  })
}

/** Each circle of imports as the way that comes back to where it begins. */
function findCircles(files) {
  const imports = new Map(files.map((file) => [file.path, importsOf(file).map(({ targetPath }) => targetPath)]))
  const circles = []
  const seen = new Set()
  const follow = (path, way) => {
    if (way.includes(path)) return circles.push([...way.slice(way.indexOf(path)), path])
    if (seen.has(path)) return
    for (const next of imports.get(path) ?? []) follow(next, [...way, path])
    seen.add(path)
  }
  for (const { path } of files) follow(path, [])
  return circles
}

/** @param {{ path: string, text: string }[]} files */
export function findViolations(files) {
  const violations = findCircles(files).map((circle) => `${circle[0]}: import circle ${circle.join(' → ')}`)
  for (const { path, text } of files) {
    const layer = layerOf(path)
    if (layer === undefined || layer === 'test') continue
    const report = (message) => violations.push(`${path}: ${message}`)
    if (layer !== 'local') {
      if (/process\.env/.test(text) && path !== 'lib/config.ts') report('process.env belongs in lib/config.ts')
      if (/\bnames\s*\.table\(/.test(text) && layer !== 'rows') report('names.table( belongs in lib/rows')
      if (/\bfilter\s*:\s*[`'"]/.test(text)) report('a table filter is built as a string; use the odata tag')
    }
    for (const { target, targetPath } of importsOf({ path, text })) {
      if (target === '@azure/identity' && path !== 'lib/gateway.ts' && layer !== 'local')
        report('@azure/identity belongs in lib/gateway.ts')
      if (!target.startsWith('.')) continue
      const targetLayer = layerOf(targetPath)
      if (layer === 'local') {
        if (targetLayer === 'test') report(`imports ${target}: local never imports test`)
        continue
      }
      const [from, to] = [journeyOf(path), journeyOf(targetPath)]
      if (from.name !== '' && to.name !== '' && from.name !== to.name && to.level >= from.level)
        report(`imports ${target}: ${from.name} imports only journeys below it (local/tools/layers.mjs)`)
      if (targetLayer === 'local' || targetLayer === 'test')
        report(`imports ${target}: nothing in functions or lib imports local or test`)
      else if (!(allowed[layer] ?? []).includes('*') && !(allowed[layer] ?? []).includes(targetLayer ?? ''))
        report(`imports ${target}: ${layer} may import ${(allowed[layer] ?? []).join(', ') || 'nothing'}`)
    }
  }
  return violations
}

function sources(root, folder) {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((file) => ({ path: relative(root, file), text: readFileSync(file, 'utf8') }))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const violations = findViolations(['functions', 'lib', 'local'].flatMap((folder) => sources(root, folder)))
  for (const violation of violations) console.error(violation)
  console.log(violations.length === 0 ? 'import rule: clean' : `import rule: ${violations.length} violations`)
  process.exitCode = violations.length === 0 ? 0 : 1
}
