import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'

interface Entry {
  version?: string
  resolved?: string
  integrity?: string
  link?: boolean
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}
interface Lockfile {
  lockfileVersion: number
  packages: Record<string, Entry>
}
interface Manifest {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) as T
const lockfile = read<Lockfile>('package-lock.json')
const manifest = read<Manifest>('package.json')

/** Everything that would let an install bring something other than what was reviewed. */
function violations({ lockfileVersion, packages }: Lockfile, wanted: Manifest): string[] {
  const found: string[] = []
  if (lockfileVersion < 3) found.push('the lockfile is older than version 3')
  const direct = { ...wanted.dependencies, ...wanted.devDependencies, ...wanted.optionalDependencies }
  for (const [name, version] of Object.entries(direct)) {
    if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) found.push(`${name}: "${version}" is not an exact version`)
    const locked = packages[`node_modules/${name}`]
    if (locked?.version !== version) found.push(`${name}: package.json and lockfile differ`)
  }
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies'] as const)
    if (JSON.stringify(packages['']?.[group] ?? {}) !== JSON.stringify(wanted[group] ?? {}))
      found.push(`${group} of the lockfile are not those of package.json`)
  for (const [path, { version = '', resolved, integrity = '', link }] of Object.entries(packages)) {
    if (path === '') continue
    if (link || !path.startsWith('node_modules/')) found.push(`${path}: a link or a folder`)
    if (!/^\d+\.\d+\.\d+/.test(version)) found.push(`${path}: no version`)
    if (!/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity)) found.push(`${path}: no sha512 integrity`)
    // Without `resolved` npm asks the configured registry and the integrity decides.
    if (resolved !== undefined) found.push(`${path}: from ${resolved}`)
  }
  if (Object.keys(wanted.dependencies).length > 15) found.push('more than 15 production dependencies')
  return found
}

const scripted = new Set(['azure-functions-core-tools', 'esbuild', 'keytar', 'fsevents', 'tree-sitter-bicep'])

describe('SEC-42: what an install brings', () => {
  test('exact versions, every entry with its hash, no entry from an address of its own', () => {
    expect(Object.keys(lockfile.packages).length).toBeGreaterThan(300)
    expect(violations(lockfile, manifest)).toEqual([])
  })

  test('install scripts belong to known packages, and nothing needs them: the pipeline installs without', () => {
    const withScript = Object.entries(lockfile.packages)
      .filter(([, entry]) => (entry as { hasInstallScript?: boolean }).hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    expect(withScript.filter((name) => !scripted.has(name))).toEqual([])
  })

  const first = Object.keys(lockfile.packages).find((path) => path !== '')!
  const planted: [string, (lock: Lockfile, wanted: Manifest) => void][] = [
    ['an address', (lock) => Object.assign(lock.packages[first]!, { resolved: 'https://evil.example/x.tgz' })],
    ['plain http', (lock) => Object.assign(lock.packages[first]!, { resolved: 'http://packages.example/x.tgz' })],
    ['a git address', (lock) => Object.assign(lock.packages[first]!, { resolved: 'git+ssh://git@github.com/a/b.git' })],
    ['no hash', (lock) => delete lock.packages[first]!.integrity],
    ['a weak hash', (lock) => Object.assign(lock.packages[first]!, { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' })],
    ['a linked folder', (lock) => Object.assign(lock.packages, { 'node_modules/x': { link: true, resolved: 'x' } })],
    ['a range', (_, wanted) => Object.assign(wanted.dependencies, { zod: '^4.6.7' })],
    ['a tag', (_, wanted) => Object.assign(wanted.devDependencies, { vitest: 'latest' })],
    ['a file dependency', (_, wanted) => Object.assign(wanted.dependencies, { x: 'file:../x' })],
    ['a version the lockfile does not have', (_, wanted) => Object.assign(wanted.dependencies, { zod: '4.6.8' })],
  ]
  test.each(planted)('control: %s is found', (_, plant) => {
    const [lock, wanted] = [structuredClone(lockfile), structuredClone(manifest)]
    plant(lock, wanted)
    expect(violations(lock, wanted)).not.toEqual([])
  })
})
