/** Refuses the phrases of docs/words.md wherever people read. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const refused = [...(read('docs/words.md').split('## Phrases')[1] ?? '').matchAll(/^\| (.+?) \| .+ \|$/gm)]
  .map(([, phrase = '']) => phrase)
  .filter((phrase) => phrase !== 'not' && !phrase.startsWith('-'))
const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const pattern = new RegExp(`(?<![\\w-])(?:${refused.map(escaped).join('|')})(?![\\w-])`, 'g')
const phrasesIn = (text: string): string[] => [...text.matchAll(pattern)].map(([phrase]) => phrase)

/** Where people read. German has its own words; decisions are kept as they were taken, ids as they were filed. */
const texts = ['lib/diagnosis', 'lib/pages', 'lib/model', 'lib/http', 'docs', 'infra', 'README.md', 'CONTRIBUTING.md']
const places = [...texts, ...['main', 'next-steps', 'terminal-news'].map((name) => `local/${name}.ts`)]
const others = /\/texts\/de|^docs\/decisions\/|^docs\/(?:words|requirements)\.md$/
const files = execFileSync('git', ['ls-files', '-z', '--', ...places], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => /\.(?:ts|json|md|bicep|kql)$/.test(file) && !others.test(file))

test('no text that people read uses a phrase that docs/words.md refuses', () => {
  expect(files.length).toBeGreaterThan(150)
  expect(refused.length).toBeGreaterThan(10)
  expect(files.flatMap((file) => phrasesIn(read(file)).map((phrase) => `${file}: ${phrase}`))).toEqual([])
})

test('each refused phrase is found, and a longer word that contains it is not', () => {
  for (const phrase of refused) expect(phrasesIn(`It ${phrase} x.`), phrase).toEqual([phrase])
  expect(phrasesIn('copyrights, for goods, untried against')).toEqual([])
})
