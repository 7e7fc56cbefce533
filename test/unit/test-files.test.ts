/** Test files stay short and what they share lies by subject. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../', import.meta.url))
const longest = 300
const reason = /^\/[/*].*more than 300 lines/i

/** What is wrong with a file below `test/`, given its path there and its text. */
function problems(path: string, text: string): string[] {
  const found: string[] = []
  const lines = text.split('\n').length - 1
  const [first = ''] = text.split('\n')
  if (lines > longest && !reason.test(first)) found.push(`${path}: ${lines} lines, and no reason in the first one`)
  if (lines <= longest && reason.test(first)) found.push(`${path}: ${lines} lines need no reason`)
  if (/^support\/[^/]+$/.test(path)) found.push(`${path}: belongs in a folder of its subject`)
  return found
}

test('a file has at most 300 lines or says why not, and what tests share lies in a folder of its subject', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => /\.[cm]?[jt]s$/.test(path))
  expect(files.length).toBeGreaterThan(300)
  expect(files.flatMap((path) => problems(path.replaceAll('\\', '/'), readFileSync(folder + path, 'utf8')))).toEqual([])
})

test.each([
  ['unit/a.test.ts', 'x\n'.repeat(301), 'no reason'],
  ['unit/a.test.ts', `// More than 300 lines: one table.\n${'x\n'.repeat(299)}`, 'need no reason'],
  ['support/a.ts', 'x\n', 'folder of its subject'],
])('planted: %s', (path, text, problem) => {
  expect(problems(path, text)).toEqual([expect.stringContaining(problem)])
})
