/** What the repository stands on, read from the files that say so: ids as in `lib/model/platform-dates.ts`. */
import { readFileSync } from 'node:fs'
import { type InfraTexts, infraTexts } from './infra.js'

export interface PlatformSources {
  infra: InfraTexts
  /** `.github/workflows/ci.yml` */
  workflow: string
  /** `package.json` */
  manifest: string
  /** `host.json` */
  host: string
}

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

export const platformSources = (): PlatformSources => ({
  infra: infraTexts(),
  workflow: read('.github/workflows/ci.yml'),
  manifest: read('package.json'),
  host: read('host.json'),
})

export function platformUses({ infra, workflow, manifest, host }: PlatformSources): string[] {
  const bicep = Object.entries(infra)
    .filter(([path]) => path.endsWith('.bicep'))
    .map(([, text]) => text)
    .join('\n')
  const all = (text: string, pattern: RegExp): string[][] => [...text.matchAll(pattern)].map((match) => match.slice(1))
  const { engines, dependencies } = JSON.parse(manifest) as Record<'engines' | 'dependencies', Record<string, string>>
  const { version, extensionBundle } = JSON.parse(host) as { version: string; extensionBundle: { version: string } }
  const client = '@microsoft/microsoft-graph-client'
  const uses = [
    ...all(bicep, /'(Microsoft\.\w+)\/[\w/]+@([\w-]+)'/g).map(([name, date]) => `${name}@${date}`),
    ...all(workflow, /uses: (\S+@\S+)/g).flat(),
    ...all(bicep, /@allowed\(\[([^\]]*)\]\)\nparam nodeVersion/g)
      .flatMap(([versions = '']) => versions.match(/\d+/g) ?? [])
      .map((major) => `node@${major}`),
    `node@${/\d+/.exec(engines['node'] ?? '')?.[0]}`,
    ...all(bicep, /minTlsVersion: '([\d.]+)'/gi).map(([tls]) => `tls@${tls}`),
    // The Functions host of version 4 reads a host.json of schema 2.0.
    `functions-host@${version === '2.0' ? 4 : '?'}`,
    `extension-bundle@${/\d+/.exec(extensionBundle.version)?.[0]}`,
    `${client}@${dependencies[client]}`,
    // Spoken by lib/transports/ and lib/providers/, and not versioned anywhere else.
    'graph@v1.0',
    'smtp-auth@password',
  ]
  return [...new Set(uses)].sort()
}
