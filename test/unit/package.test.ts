import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { commit, version } from '../../lib/http/api/version.js'
import { billOfMaterials } from '../../local/tools/package/bill-of-materials.js'
import { bundledPackages, type Lock, type Metafile } from '../../local/tools/package/bundled-packages.js'
import { packageProblems } from '../../local/tools/package/package-app.js'
import { readZip, writeZip } from '../../local/tools/package/zip.js'

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

describe('zip files', () => {
  const entries = [
    { name: 'b/ü.txt', data: Buffer.from('hello '.repeat(100)) },
    { name: 'a.txt', data: Buffer.alloc(0) },
  ]

  test('are read back as they were written, sorted by name', () => {
    expect(readZip(writeZip(entries))).toEqual([entries[1], entries[0]])
  })

  test('have the same bytes whatever the order and the time', () => {
    expect(writeZip([...entries].reverse()).equals(writeZip(entries))).toBe(true)
  })

  test('refuse names that leave the folder, and a name given twice', () => {
    for (const name of ['../a', '/a', 'a/../../b', 'a\\b', ''])
      expect(() => writeZip([{ name, data: Buffer.from('x') }]), name).toThrow(/no path inside the zip/)
    expect(() => writeZip([entries[0]!, entries[0]!])).toThrow(/twice/)
  })

  test('a changed or cut file is refused', () => {
    const zip = writeZip([{ name: 'a.txt', data: Buffer.from('some text') }])
    expect(() => readZip(zip.subarray(0, zip.length - 1))).toThrow(/no end record/)
    const changed = Buffer.from(zip)
    changed.writeUInt32LE(1, changed.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02])) + 16)
    expect(() => readZip(changed)).toThrow(/checksum/)
  })
})

const main = 'dist/app/main.js'
const metafile: Metafile = {
  outputs: {
    [main]: {
      bytes: 1,
      imports: [
        { path: 'dist/app/chunks/a.js', kind: 'dynamic-import' },
        { path: '@azure/functions-core', kind: 'require-call', external: true },
      ],
      inputs: { 'lib/gateway.ts': { bytesInOutput: 1 }, 'node_modules/one/index.js': { bytesInOutput: 1 } },
    },
    'dist/app/chunks/a.js': {
      bytes: 1,
      imports: [],
      inputs: {
        'node_modules/@scope/two/node_modules/one/index.js': { bytesInOutput: 1 },
        'node_modules/shaken-off/index.js': { bytesInOutput: 0 },
      },
    },
  },
}
const lock: Lock = {
  packages: {
    'node_modules/one': { version: '1.0.0', license: 'MIT', integrity: 'sha512-AAAA' },
    'node_modules/@scope/two': { version: '2.0.0', license: 'MIT', integrity: 'sha512-AAAA' },
    'node_modules/@scope/two/node_modules/one': {
      version: '1.5.0',
      license: '(MIT OR EUPL-1.1+)',
      integrity: 'sha512-BBBB',
      dependencies: { one: '^1' },
    },
  },
}
const file = (name: string, text = 'x') => ({ name, data: Buffer.from(text) })

describe('the package', () => {
  test('SEC-42: refuses anything that is not the built app, each by name', () => {
    const good = [file('host.json'), file('package.json'), file(main), file('dist/app/chunks/a.js')]
    expect(packageProblems(good, metafile, main)).toEqual([])
    const problem = (name: string, text?: string): string =>
      packageProblems([...good, file(name, text)], metafile, main).join('\n')
    for (const stray of [
      'local.settings.json',
      '.git/config',
      'dist/local/main.js',
      'dist/test/bench/main.js',
      'local/stack.ts',
      'node_modules/one/index.js',
      'dist/app/main.js.map',
      '.env',
    ])
      expect(problem(stray), stray).toContain(`${stray}: only the built app`)
    expect(problem('dist/app/chunks/old.js')).toContain('nothing loads it')
    expect(packageProblems([file(main, 'x\n//# sourceMappingURL=data:x')], metafile, main)[0]).toContain('source map')
    expect(packageProblems(good, metafile, 'dist/app/other.js')[0]).toContain('"main" names dist/app/other.js')
    expect(packageProblems([file(main, 'x'.repeat(6_000_001))], metafile, main)[0]).toContain('more than 6000000')
    const withEmulator: Metafile = structuredClone(metafile)
    withEmulator.outputs[main]!.inputs['local/emulators/wire.ts'] = { bytesInOutput: 1 }
    expect(packageProblems(good, withEmulator, main)[0]).toContain('local/emulators/wire.ts')
  })

  test('SEC-42: names what is bundled from the lock file and refuses a development dependency', () => {
    expect(bundledPackages(metafile, lock).map(({ name, version, place }) => [name, version, place])).toEqual([
      ['one', '1.5.0', 'node_modules/@scope/two/node_modules/one'],
      ['one', '1.0.0', 'node_modules/one'],
    ])
    const change = (entry: object): Lock => ({
      packages: { ...lock.packages, 'node_modules/one': { ...lock.packages['node_modules/one']!, ...entry } },
    })
    expect(() => bundledPackages(metafile, change({ dev: true }))).toThrow(/development dependency/)
    expect(() => bundledPackages(metafile, change({ license: undefined }))).toThrow(/no licence/)
    expect(() => bundledPackages(metafile, change({ integrity: undefined }))).toThrow(/no integrity/)
    expect(() => bundledPackages(metafile, { packages: {} })).toThrow(/not in package-lock.json/)
  })

  test('SEC-42: the bill of materials names each component once, with licence and digest, and nothing of its making', () => {
    const app = { name: 'app', version: '1.2.3', license: 'MIT', dependencies: ['one', 'absent'] }
    const packages = bundledPackages(metafile, lock)
    const bill = billOfMaterials(app, Buffer.from('zip'), packages) as {
      serialNumber: string
      components: { 'bom-ref': string; licenses: object[]; hashes: { alg: string; content: string }[] }[]
      dependencies: { ref: string; dependsOn: string[] }[]
    }
    expect(bill).toEqual(billOfMaterials(app, Buffer.from('zip'), packages))
    expect(bill.serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(bill.components.map((one) => one['bom-ref'])).toEqual(['pkg:npm/one@1.5.0', 'pkg:npm/one@1.0.0'])
    expect(bill.components[0]!.licenses).toEqual([{ expression: 'MIT OR EUPL-1.1+' }])
    expect(bill.components[1]!.hashes).toEqual([{ alg: 'SHA-512', content: '000000' }])
    expect(bill.dependencies[0]).toEqual({ ref: 'pkg:npm/app@1.2.3', dependsOn: ['pkg:npm/one@1.0.0'] })
    expect(JSON.stringify(bill)).not.toMatch(/timestamp|\/home|\/tmp/)
  })
})

describe('supply chain', () => {
  const manifest = JSON.parse(read('package.json')) as {
    version: string
    dependencies: Record<string, string>
    devDependencies: Record<string, string>
  }
  const locked = JSON.parse(read('package-lock.json')) as {
    packages: Record<string, { resolved?: string; integrity?: string; link?: boolean; version?: string }>
  }

  test('SEC-42: at most 15 direct dependencies, every version exact, none from git or an address', () => {
    expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(15)
    for (const [name, wanted] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }))
      expect(wanted, name).toMatch(/^\d+\.\d+\.\d+$/)
  })

  test('SEC-42: every locked package has an integrity and comes from the public registry', () => {
    const entries = Object.entries(locked.packages).filter(([place]) => place !== '')
    expect(entries.length).toBeGreaterThan(100)
    for (const [place, entry] of entries) {
      expect(place).toMatch(/^node_modules\//)
      expect(entry.integrity, place).toMatch(/^sha512-/)
      expect(entry.link, place).toBeUndefined()
      if (entry.resolved !== undefined) expect(entry.resolved, place).toMatch(/^https:\/\/registry\.npmjs\.org\//)
    }
  })

  test('M-013: the version is that of package.json; from source there is no commit', () => {
    expect(version).toBe(manifest.version)
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(commit).toBe('')
  })
})
