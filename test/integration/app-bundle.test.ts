import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Metafile } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { appBuild } from '../../local/tools/build.mjs'
import { type AppFiles, appFiles } from '../support/package/app-files.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const libFiles = (): string[] =>
  readdirSync(`${root}/lib`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `lib/${file}`)
let app: AppFiles

beforeAll(async () => {
  const { metafile } = await build({ ...(await appBuild()), write: false })
  app = appFiles(metafile as Metafile)
})

const fromPackage = (name: string) => (source: string) => source.includes(`node_modules/${name}/`)

test('the entry registers every file of functions/ and is within its size', () => {
  for (const file of readdirSync(new URL('../../functions', import.meta.url)))
    expect(app.startSources).toContain(`functions/${file}`)
  expect(app.startBytes).toBeLessThanOrEqual(400_000)
  expect(app.allBytes).toBeLessThanOrEqual(3.5 * 2 ** 20)
})

test.each([
  'zod',
  'imapflow',
  'nodemailer',
  'postal-mime',
  'jose',
  '@microsoft/microsoft-graph-client',
  '@azure/msal-node',
  '@azure/identity',
  '@azure/data-tables',
  '@azure/storage-queue',
  '@azure/storage-blob',
  '@azure/keyvault-secrets',
])('registering functions does not load %s; import it where the first call needs it', (name) => {
  expect(app.startSources.filter(fromPackage(name))).toEqual([])
})

test('no journey, store or transport is loaded by registering functions', () => {
  expect(
    app.startSources.filter((source) => /^lib\/(flows|stores|transports|providers|diagnosis)\//.test(source)),
  ).toEqual([])
})

test('nothing that only a laptop needs is in the app', () => {
  expect(app.allSources.filter((source) => /^(local|test)\//.test(source))).toEqual([])
  expect(app.allSources.filter(fromPackage('azurite'))).toEqual([])
  expect(app.allSources.filter(fromPackage('smtp-server'))).toEqual([])
})

/** What `import(name)` gives once it is bundled as the app is. */
async function namesInTheApp(name: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lazy-import-'))
  try {
    const contents = `const all = await import('${name}')\nconsole.log(JSON.stringify(Object.keys(all)))`
    const stdin = { contents, resolveDir: root, sourcefile: 'lazy.ts' }
    await build({ ...(await appBuild()), entryPoints: [], stdin, outdir: folder, metafile: false })
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
    return JSON.parse(execFileSync(process.execPath, [join(folder, 'stdin.js')], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const lazyImports = libFiles().flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/const \{([^}]+)\} = await import\('([^.'][^']*)'\)/g)].map(
    ([, names = '', name = '']) => ({ file, name, names: names.split(',').map((one) => one.split(':')[0]!.trim()) }),
  ),
)

test('a package that is imported later gives the names that are used, also in the built app', async () => {
  expect(lazyImports.length).toBeGreaterThan(1)
  for (const { file, name, names } of lazyImports)
    expect(await namesInTheApp(name), `${file}: name them in a file of ours and import that`).toEqual(
      expect.arrayContaining(names),
    )
  // Negative control: of this one only the default export survives, so it is not imported like that.
  expect(await namesInTheApp('tldts')).not.toContain('getDomain')
})

test('no package is imported later in another form, which the test above would not see', () => {
  for (const file of libFiles()) {
    const text = readFileSync(join(root, file), 'utf8')
    const all = text.match(/[^'"`]\bimport\('[^.']/g) ?? []
    expect(all.length, file).toBe(lazyImports.filter((one) => one.file === file).length)
  }
})
