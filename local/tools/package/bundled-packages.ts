/** Which npm packages are inside the build: the bundler's own record of its inputs, looked up in the lock file. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The bundler's record (`dist/app.json`), as far as it is used here. */
export interface Metafile {
  outputs: Record<
    string,
    {
      bytes: number
      imports: { path: string; kind: string; external?: boolean }[]
      inputs: Record<string, { bytesInOutput: number }>
    }
  >
}

interface LockEntry {
  version: string
  integrity?: string
  license?: string
  dev?: boolean
  dependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
}

export interface Lock {
  packages: Record<string, LockEntry>
}

export interface BundledPackage {
  /** Place in the lock file, e.g. `node_modules/a/node_modules/b`. */
  place: string
  name: string
  version: string
  /** SPDX expression. */
  license: string
  /** As in the lock file: algorithm, dash, base64. */
  integrity: string
  /** Places of the bundled packages it imports from. */
  dependsOn: string[]
}

/** Sorted by place. Throws when a bundled package is not locked, has no licence or is a development dependency. */
export function bundledPackages(metafile: Metafile, lock: Lock): BundledPackage[] {
  const places = new Set<string>()
  for (const output of Object.values(metafile.outputs))
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const place = placeOf(input)
      if (place !== undefined && bytesInOutput > 0) places.add(place)
    }
  return [...places].sort().map((place) => {
    const entry = lock.packages[place]
    if (entry === undefined) throw new Error(`${place} is in the build but not in package-lock.json`)
    if (entry.dev) throw new Error(`${place} is a development dependency, yet it is in the build`)
    if (entry.license === undefined) throw new Error(`${place} names no licence`)
    if (entry.integrity === undefined) throw new Error(`${place} has no integrity in package-lock.json`)
    const wants = { ...entry.dependencies, ...entry.peerDependencies, ...entry.optionalDependencies }
    const dependsOn = Object.keys(wants).flatMap((name) => resolvePlace(place, name, places) ?? [])
    return {
      place,
      name: nameOf(place),
      version: entry.version,
      license: entry.license,
      integrity: entry.integrity,
      dependsOn: dependsOn.sort(),
    }
  })
}

/** Licence texts a package ships, in the order of their file names. */
export function licenseTexts(root: string, place: string): string[] {
  const folder = join(root, place)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
}

function placeOf(input: string): string | undefined {
  const start = input.indexOf('node_modules/')
  if (start < 0) return undefined
  const inside = input.slice(start)
  const last = inside.lastIndexOf('node_modules/') + 'node_modules/'.length
  const [scopeOrName = '', name = ''] = inside.slice(last).split('/')
  return inside.slice(0, last) + (scopeOrName.startsWith('@') ? `${scopeOrName}/${name}` : scopeOrName)
}

const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

/** As Node looks packages up: beside the asking package first, then upwards. */
function resolvePlace(from: string, name: string, places: Set<string>): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/node_modules/'), 0))) {
    const candidate = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (places.has(candidate)) return candidate
    if (folder === '') return undefined
  }
}
