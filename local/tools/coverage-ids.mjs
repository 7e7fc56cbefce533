/** Prints which requirement, threat and fault ids have a test title and which of the planned ones have none. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const range = (prefix, width, first, last) =>
  Array.from({ length: last - first + 1 }, (_, index) => `${prefix}-${String(first + index).padStart(width, '0')}`)
const planned = [
  ...range('M', 3, 1, 17),
  ...range('M', 3, 20, 43),
  ...range('M', 3, 50, 77),
  ...range('M', 3, 80, 90),
  ...range('M', 3, 100, 111),
  ...range('M', 3, 120, 131),
  ...range('SEC', 2, 1, 44),
  ...range('REL', 2, 1, 32),
  ...range('P', 2, 1, 32),
]
const titles = readdirSync(join(root, 'test'), { recursive: true })
  .filter((file) => String(file).endsWith('.test.ts'))
  .map((file) => readFileSync(join(root, 'test', String(file)), 'utf8'))
  .flatMap((text) =>
    [...text.matchAll(/\b(?:test|it|describe)(?:\.each\([\s\S]*?\))?\(\s*(['"`])([\s\S]*?)\1/g)].map(
      (match) => match[2],
    ),
  )
  .join('\n')
const tested = new Set(titles.match(/\b(?:M-\d{3}|SEC-\d{2}|REL-\d{2}|P-\d{2})\b/g))
const without = planned.filter((id) => !tested.has(id))
console.log(
  `ids with a test (${planned.length - without.length} of ${planned.length}): ${planned.filter((id) => tested.has(id)).join(' ')}`,
)
console.log(`ids without a test: ${without.join(' ')}`)
