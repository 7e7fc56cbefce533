import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../lib/config.js'
import { playDemo } from '../../local/demo.js'
import { demo } from '../../local/emulators/demo-directory.js'
import { postbox, type Stack, startStack } from '../../local/stack.js'
import { appBuild } from '../../local/tools/build.mjs'
import { type PackagedApp, packageApp } from '../../local/tools/package/package-app.js'
import { readZip } from '../../local/tools/package/zip.js'
import { outboundEndpoints } from '../../local/tools/preflight/outbound-endpoints.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'package-'))
const recorder = join(root, 'test/support/package/record-connections.cjs')
const connectionsFile = join(folder, 'connections')
let packaged: PackagedApp
let stack: Stack | undefined

beforeAll(() => {
  packaged = packageApp(root, join(folder, 'package'))
})

afterAll(async () => {
  await stack?.stop()
  rmSync(folder, { recursive: true, force: true })
}, 30_000)

/** The real tool where it is installed; a bare machine reads its own zip. */
function unpack(zip: string, into: string): void {
  if (spawnSync('unzip', ['-q', zip, '-d', into]).status === 0) return
  if (process.env['REQUIRE_REAL_SERVERS'] === '1') throw new Error('unzip is missing or refused the package')
  for (const { name, data } of readZip(readFileSync(zip))) {
    mkdirSync(dirname(join(into, name)), { recursive: true })
    writeFileSync(join(into, name), data)
  }
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)))
    .sort()
}

describe('the package', () => {
  test('SEC-42: holds the built app, host.json and a package.json without scripts and dependencies, and nothing else', () => {
    const names = readZip(readFileSync(packaged.zip)).map((entry) => entry.name)
    expect(names).toEqual([...names].sort())
    expect(names.filter((name) => !/^dist\/app\/(main|chunks\/[\w.-]+)\.js$/.test(name))).toEqual([
      'host.json',
      'package.json',
    ])
    expect(names).toEqual(filesBelow(packaged.folder))
    const manifest = JSON.parse(readFileSync(join(packaged.folder, 'package.json'), 'utf8'))
    expect(Object.keys(manifest)).toEqual([
      'name',
      'version',
      'description',
      'private',
      'type',
      'main',
      'license',
      'engines',
    ])
    expect(readFileSync(join(packaged.folder, 'host.json'))).toEqual(readFileSync(join(root, 'host.json')))
    const text = names.map((name) => readFileSync(join(packaged.folder, name), 'latin1')).join('\n')
    expect(text).not.toContain('sourceMappingURL')
    expect(text).not.toContain(root)
  })

  test('A13: has no orders of an emulator, no file of local/ and test/, and no secret or id of the demo', () => {
    const text = packaged.files.map(({ name }) => readFileSync(join(packaged.folder, name), 'latin1')).join('\n')
    const words = [postbox.password, ...Object.values(demo), '__control', 'clearFaults', 'demo-tenant', 'emulator']
    expect(words.length).toBeGreaterThan(10)
    for (const word of words) expect(text.includes(word), word).toBe(false)
    for (const folder of ['local', 'test'])
      for (const file of filesBelow(join(root, folder)).filter((name) => /\.[cm]?[jt]s$/.test(name)))
        expect(text.includes(`${folder}/${file}`), file).toBe(false)
    // Each of these words is one of the code that is left out.
    const left = ['local', 'test'].flatMap((folder) =>
      filesBelow(join(root, folder)).map((file) => readFileSync(join(root, folder, file), 'latin1')),
    )
    for (const word of words)
      expect(
        left.some((one) => one.includes(word)),
        word,
      ).toBe(true)
  })

  test('SEC-42: is the same byte for byte when built and packaged again', async () => {
    const again = packageApp(root, join(folder, 'again'))
    expect(readFileSync(again.zip).equals(readFileSync(packaged.zip))).toBe(true)
    for (const suffix of ['.cdx.json', '.licenses.txt'])
      expect(readFileSync(again.zip.replace('.zip', suffix), 'utf8')).toBe(
        readFileSync(packaged.zip.replace('.zip', suffix), 'utf8'),
      )
    const bundle = async () => (await build({ ...(await appBuild()), write: false })).outputFiles
    const [first, second] = [await bundle(), await bundle()]
    expect(first.length).toBe(packaged.files.length - 2)
    expect(second.map((file) => file.path)).toEqual(first.map((file) => file.path))
    for (const [index, { path, contents }] of first.entries())
      expect(Buffer.from(contents).equals(second[index]!.contents), path).toBe(true)
  }, 30_000)

  test('M-013: npm run package prints every file, its size and the sums, and leaves the zip the documents name', async () => {
    const script = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).scripts.package as string
    // The first half builds, which would pull the app away under the other tests.
    const [, entry = ''] = script.split('npm run --silent build && node ')
    const { stdout } = await promisify(execFile)(process.execPath, [join(root, entry)], { cwd: root })
    for (const { name, bytes } of packaged.files) expect(stdout).toMatch(new RegExp(`^ +${bytes} {2}${name}$`, 'm'))
    expect(stdout).toContain(`${packaged.files.length} files, `)
    const documented = /--src (package\/\S+\.zip)/.exec(readFileSync(join(root, 'docs/deploy.md'), 'utf8'))?.[1] ?? ''
    expect(readFileSync(join(root, documented)).equals(readFileSync(packaged.zip))).toBe(true)
  }, 30_000)

  test('SEC-42: a bill of materials and the licences of all that is bundled lie beside it', () => {
    const bill = JSON.parse(readFileSync(packaged.zip.replace('.zip', '.cdx.json'), 'utf8'))
    expect([bill.bomFormat, bill.specVersion]).toEqual(['CycloneDX', '1.6'])
    const names = bill.components.map((one: { purl: string }) => one.purl)
    expect(new Set(names).size).toBe(names.length)
    for (const expected of ['pkg:npm/nodemailer@', 'pkg:npm/imapflow@', 'pkg:npm/%40azure/msal-node@'])
      expect(names.filter((name: string) => name.startsWith(expected)).length, expected).toBeGreaterThan(0)
    expect(names.join('\n')).not.toMatch(/azurite|vitest|esbuild|smtp-server|selfsigned/)
    const refs = new Set([bill.metadata.component['bom-ref'], ...names])
    for (const { ref, dependsOn } of bill.dependencies)
      for (const one of [ref, ...dependsOn]) expect(refs.has(one), one).toBe(true)
    const licenses = readFileSync(packaged.zip.replace('.zip', '.licenses.txt'), 'utf8')
    for (const { name, version } of packaged.packages) expect(licenses).toContain(`${name} ${version}`)
    expect(licenses).toContain('Permission is hereby granted')
  })

  test('M-013 SEC-42: unzipped into an empty folder, without npm ci, it registers every function and plays the whole story', async () => {
    const app = join(folder, 'empty')
    mkdirSync(app)
    unpack(packaged.zip, app)
    expect(filesBelow(app)).toEqual(filesBelow(packaged.folder))
    expect(existsSync(join(app, 'node_modules'))).toBe(false)
    const names = readdirSync(join(root, 'functions'))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => name.replace('.ts', ''))
      .sort()
    // Not by the local host, but by the worker's own way of handing over the core module.
    const indexed = await promisify(execFile)(process.execPath, [
      join(root, 'test/support/package/index-like-worker.cjs'),
      app,
    ])
    const { functions } = JSON.parse(indexed.stdout) as { functions: { name: string; triggers: string[] }[] }
    expect(functions.map(({ name }) => name).sort()).toEqual(names)
    for (const { name, triggers } of functions) expect(triggers[0], name).toMatch(/^(http|timer|queue)Trigger$/)
    stack = await startStack({
      root,
      app,
      settings: { NODE_OPTIONS: `--require ${recorder}`, CONNECTIONS_FILE: connectionsFile },
    })
    expect(stack.host().functions).toBe(names.length)
    const health = await fetch(`${stack.url}/api/health`)
    expect([health.status, ((await health.json()) as { ok: boolean }).ok]).toEqual([200, true])
    const built = (await (await fetch(`${stack.url}/api/version`)).json()) as { version: string; commit: string }
    expect(built.version).toBe(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version)
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
    expect(built.commit).toMatch(new RegExp(`^${head}(-modified)?$`))
    const lines: string[] = []
    expect(await playDemo(stack, (line) => lines.push(line)), lines.join('\n')).toBe(true)
  }, 180_000)

  test('M-015: the hosts it contacted in the story are those of the outbound list, no more and no fewer', () => {
    const listed = outboundEndpoints(readConfig(stack!.settings)).map(({ host, port }) => `${host}:${port}`)
    const mailServers = [`127.0.0.1:${stack!.imap.port}`, `127.0.0.1:${stack!.smtp.port}`]
    const seen = new Set(readFileSync(connectionsFile, 'utf8').trim().split('\n'))
    expect([...seen].sort()).toEqual([...new Set([...listed, ...mailServers])].sort())
    // The list would not be met by an app that contacts nothing, nor by a recorder that sees everything.
    expect(seen.size).toBeGreaterThan(8)
    expect(seen.has(new URL(stack!.url).host)).toBe(false)
  })
})
