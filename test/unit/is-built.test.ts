import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isBuilt } from '../../local/tools/is-built.mjs'

let root: string
const at = (path: string, seconds: number) => utimesSync(join(root, path), seconds, seconds)

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'built-'))
  for (const folder of ['dist', 'lib/flows']) mkdirSync(join(root, folder), { recursive: true })
  for (const file of ['dist/app.json', 'lib/flows/a.ts', 'lib/flows/b.ts', 'package.json'])
    writeFileSync(join(root, file), '')
  for (const path of ['lib/flows/a.ts', 'lib/flows/b.ts', 'lib/flows', 'lib', 'package.json']) at(path, 1_000)
  at('dist/app.json', 2_000)
})
afterEach(() => rmSync(root, { recursive: true }))

test('REL-31: a start builds again when a file was changed, added or removed, and only then', () => {
  expect(isBuilt(root)).toBe(true)
  at('lib/flows/b.ts', 3_000)
  expect(isBuilt(root)).toBe(false)
  at('lib/flows/b.ts', 1_000)
  expect(isBuilt(root)).toBe(true)
  rmSync(join(root, 'lib/flows/b.ts'))
  expect(isBuilt(root)).toBe(false)
})

test('a commit builds again, also in a second worktree, where .git is a file', () => {
  mkdirSync(join(root, 'elsewhere/logs'), { recursive: true })
  writeFileSync(join(root, 'elsewhere/logs/HEAD'), '')
  writeFileSync(join(root, '.git'), 'gitdir: elsewhere\n')
  at('elsewhere/logs/HEAD', 1_000)
  expect(isBuilt(root)).toBe(true)
  at('elsewhere/logs/HEAD', 3_000)
  expect(isBuilt(root)).toBe(false)
})

test('without a finished build it builds', () => {
  rmSync(join(root, 'dist/app.json'))
  expect(isBuilt(root)).toBe(false)
})

test('REL-31: it starts from a worktree too, where .git is a file', () => {
  writeFileSync(join(root, '.git'), 'gitdir: elsewhere')
  expect(isBuilt(root)).toBe(true)
})
