/**
 * `npm run package`: what `npm run build` made, as one zip that a function app runs as it is, without an install step.
 *
 * Inside: host.json, a package.json without scripts and dependencies (they are bundled), and the files the bundler
 * wrote for the app. Beside it: a CycloneDX bill of materials and the licences of everything bundled. The list is
 * checked before anything is written, so a stray file or a source map stops the command and no zip is left behind.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { billOfMaterials } from './bill-of-materials.js'
import { type BundledPackage, bundledPackages, type Lock, licenseTexts, type Metafile } from './bundled-packages.js'
import { readZip, writeZip, type ZipEntry } from './zip.js'

/** Direct production dependencies a reader can still know by name. */
const mostDependencies = 15
/** Unpacked bytes; a jump means that something came in that was not meant to. */
const mostBytes = 6_000_000

interface Manifest {
  name: string
  version: string
  description: string
  license: string
  main: string
  engines: Record<string, string>
  dependencies: Record<string, string>
}

export interface PackagedApp {
  /** Folder with the unpacked app, for tools that zip themselves. */
  folder: string
  zip: string
  files: { name: string; bytes: number }[]
  zipBytes: number
  packages: BundledPackage[]
}

/** Packages the build in `root/dist` into `into` (default `root/package`), which is emptied first. */
export function packageApp(root: string, into = join(root, 'package')): PackagedApp {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8')
  const manifest = JSON.parse(read('package.json')) as Manifest
  const metafile = JSON.parse(read('dist/app.json')) as Metafile
  const packages = bundledPackages(metafile, JSON.parse(read('package-lock.json')) as Lock)
  const { name, version, description, license, main, engines } = manifest
  const entries: ZipEntry[] = [
    { name: 'host.json', data: Buffer.from(read('host.json')) },
    {
      name: 'package.json',
      data: Buffer.from(json({ name, version, description, private: true, type: 'module', main, license, engines })),
    },
    ...Object.keys(metafile.outputs)
      .sort()
      .map((file) => ({ name: file, data: readFileSync(join(root, file)) })),
  ]
  const problems = [...packageProblems(entries, metafile, main), ...dependencyProblems(manifest)]
  if (problems.length > 0) throw new Error(`The package was not created:\n${problems.join('\n')}`)
  const zip = writeZip(entries)

  rmSync(into, { recursive: true, force: true })
  const folder = join(into, 'app')
  // What lies in the folder comes out of the zip, so that both are the same.
  for (const entry of readZip(zip)) {
    mkdirSync(dirname(join(folder, entry.name)), { recursive: true })
    writeFileSync(join(folder, entry.name), entry.data)
  }
  const stem = join(into, `${name}-${version}`)
  writeFileSync(`${stem}.zip`, zip)
  writeFileSync(
    `${stem}.cdx.json`,
    json(billOfMaterials({ name, version, license, dependencies: Object.keys(manifest.dependencies) }, zip, packages)),
  )
  writeFileSync(`${stem}.licenses.txt`, licenseList(root, packages))
  return {
    folder,
    zip: `${stem}.zip`,
    files: entries.map((entry) => ({ name: entry.name, bytes: entry.data.length })),
    zipBytes: zip.length,
    packages,
  }
}

/** Everything wrong with the list of files, each with its name. */
export function packageProblems(entries: ZipEntry[], metafile: Metafile, main: string): string[] {
  const problems: string[] = []
  const needed = filesLoadedBy(metafile, main)
  if (!needed.has(main)) problems.push(`package.json: "main" names ${main}, which the build did not write`)
  for (const { name, data } of entries) {
    if (name === 'host.json' || name === 'package.json') continue
    if (!/^dist\/app\/[\w./-]+\.js$/.test(name)) problems.push(`${name}: only the built app belongs in the package`)
    else if (!needed.has(name)) problems.push(`${name}: nothing loads it`)
    if (data.includes('sourceMappingURL=')) problems.push(`${name}: carries a source map`)
  }
  for (const [name, output] of Object.entries(metafile.outputs))
    for (const input of Object.keys(output.inputs))
      if (/^(local|test|infra)\//.test(input)) problems.push(`${name}: contains ${input}, which is not part of the app`)
  const bytes = entries.reduce((sum, entry) => sum + entry.data.length, 0)
  if (bytes > mostBytes) problems.push(`${bytes} bytes unpacked, more than ${mostBytes}`)
  return problems
}

function dependencyProblems(manifest: Manifest): string[] {
  const count = Object.keys(manifest.dependencies).length
  return count > mostDependencies ? [`package.json: ${count} direct dependencies, more than ${mostDependencies}`] : []
}

/** The entry and all it loads, at once or later. */
function filesLoadedBy(metafile: Metafile, main: string): Set<string> {
  const found = new Set(main in metafile.outputs ? [main] : [])
  for (const file of found)
    for (const { path, external } of metafile.outputs[file]?.imports ?? [])
      if (!external && path in metafile.outputs) found.add(path)
  return found
}

function licenseList(root: string, packages: BundledPackage[]): string {
  const line = '-'.repeat(80)
  const named = new Map(packages.map((one) => [`${one.name} ${one.version}`, one]))
  const chapters = [...named].map(([title, one]) =>
    [line, `${title} (${one.license})`, line, ...licenseTexts(root, one.place)].join('\n'),
  )
  const list = [...named].map(([title, one]) => `${one.license.padEnd(18)} ${title}`)
  return `${['Licences of the packages bundled into this app', ...list, '', ...chapters].join('\n')}\n`
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const packaged = packageApp(process.cwd())
  for (const { name, bytes } of packaged.files) console.log(`${String(bytes).padStart(9)}  ${name}`)
  const unpacked = packaged.files.reduce((sum, file) => sum + file.bytes, 0)
  console.log(
    `${packaged.files.length} files, ${unpacked} bytes unpacked, ${packaged.zipBytes} bytes zipped, ${packaged.packages.length} bundled packages\n${packaged.zip}`,
  )
}
