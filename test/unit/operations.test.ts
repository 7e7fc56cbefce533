import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Operation } from '../../lib/http/api/operation.js'
import { operations } from '../../lib/http/api/operations.js'

const folder = fileURLToPath(new URL('../../functions', import.meta.url))
const all = Object.values(operations) as Operation[]

test('each operation has the function of its name, and no two share a route and method', () => {
  const files = new Set(readdirSync(folder).map((file) => file.replace(/\.ts$/, '')))
  for (const operation of all) expect(files, operation.name).toContain(operation.name)
  const routes = all.map((operation) => `${operation.method} ${operation.route.replace(/\{\w+\}/g, '{}')}`)
  expect(new Set(routes).size).toBe(routes.length)
})

test('a function file has at most 40 lines and registers under its own name', () => {
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8')
    expect(text.split('\n').length, file).toBeLessThanOrEqual(41)
    const name = file.replace(/\.ts$/, '')
    const key = /apiFunction\(\s*operations\.(\w+),/.exec(text)?.[1]
    if (key !== undefined) expect((operations as Record<string, Operation>)[key]?.name, file).toBe(name)
    else if (name.endsWith('-bury')) expect(text, file).toContain(`buryFunction('${name.slice(0, -'-bury'.length)}')`)
    else expect(text, file).toMatch(new RegExp(`(app\\.(http|timer)|queueFunction)\\('${name}'`))
  }
})

test('M-002: a route without a role is one of the public three', () => {
  const open = all.filter((operation) => operation.roles.length === 0).map((operation) => operation.name)
  expect(open.sort()).toEqual(['health', 'openapi-show', 'version'])
})

test('D1: each operation answers by a schema, with a download or with nothing (204)', () => {
  for (const { name, answer, success } of all) expect(answer === undefined, name).toBe(success[0] === 204)
})

test('SEC-17: no route, query or body names the tenant', async () => {
  for (const operation of all) {
    expect(operation.route).not.toMatch(/\{tenant\}/)
    expect(Object.keys((await operation.query?.())?.shape ?? {})).not.toContain('tenant')
  }
})

test('host 2: the function for unknown paths is the last by name, however names are compared', () => {
  const names = readdirSync(folder).map((file) => file.replace(/\.ts$/, ''))
  expect([...names].sort().at(-1)).toBe('zz-unknown-path')
  expect([...names].sort((a, b) => a.localeCompare(b)).at(-1)).toBe('zz-unknown-path')
  expect([...names].sort((a, b) => (a.toUpperCase() < b.toUpperCase() ? -1 : 1)).at(-1)).toBe('zz-unknown-path')
})

test('no address matches two routes of one method: the platform goes by the name of the function, not by the closer match', () => {
  const routes = readdirSync(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8')
    const operation = all.find(({ name }) => `${name}.ts` === file)
    const own = /methods: \[([^\]]+)\][^}]*route: '([^']+)'/s.exec(text)
    const methods = operation ? [operation.method] : (own?.[1] ?? '').split(',').map((word) => word.replace(/\W/g, ''))
    const route = operation?.route ?? own?.[2]
    return route === undefined ? [] : methods.map((method) => ({ method, route, parts: route.split('/') }))
  })
  expect(routes.length).toBeGreaterThan(70)
  const alike = (a: string, b: string) => a === b || a.startsWith('{') || b.startsWith('{')
  const last = routes.filter(({ route }) => route === '{*path}')
  expect(last.length).toBeGreaterThan(0)
  const others = routes.filter((one) => !last.includes(one))
  for (const [at, one] of others.entries()) {
    expect(one.route).not.toMatch(/[*?]\}|\{\*/)
    const twin = others
      .slice(at + 1)
      .find(
        ({ method, parts }) =>
          method === one.method &&
          parts.length === one.parts.length &&
          parts.every((part, n) => alike(part, one.parts[n] ?? '')),
      )
    expect(twin?.route, `${one.method} ${one.route}`).toBeUndefined()
  }
})
