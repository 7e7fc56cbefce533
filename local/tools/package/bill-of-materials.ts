import { createHash } from 'node:crypto'
import type { BundledPackage } from './bundled-packages.js'

export interface App {
  name: string
  version: string
  license: string
  /** Names of the direct dependencies. */
  dependencies: string[]
}

/**
 * What is inside the package, as CycloneDX 1.6 JSON. Nothing in it depends on when or where it was made: its serial
 * number comes from the zip's own bytes.
 */
export function billOfMaterials(app: App, zip: Buffer, packages: BundledPackage[]): object {
  const digest = createHash('sha256').update(zip).digest('hex')
  const root = `pkg:npm/${app.name}@${app.version}`
  const reference = new Map(packages.map((one) => [one.place, purl(one)]))
  // The same version may lie at several places of the lock file; it is one component.
  const components = [...new Map(packages.map((one) => [purl(one), one])).values()]
  const refs = (places: string[]): string[] =>
    [...new Set(places.flatMap((place) => reference.get(place) ?? []))].sort()
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidFrom(digest)}`,
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': root,
        name: app.name,
        version: app.version,
        purl: root,
        licenses: licenses(app.license),
        hashes: [{ alg: 'SHA-256', content: digest }],
      },
    },
    components: components.map((one) => {
      const [scope, name] = one.name.startsWith('@') ? one.name.split('/') : [undefined, one.name]
      return {
        type: 'library',
        'bom-ref': purl(one),
        ...(scope === undefined ? {} : { group: scope }),
        name,
        version: one.version,
        purl: purl(one),
        scope: 'required',
        licenses: licenses(one.license),
        hashes: [hash(one.integrity)],
      }
    }),
    dependencies: [
      { ref: root, dependsOn: refs(app.dependencies.map((name) => `node_modules/${name}`)) },
      ...components.map((one) => ({ ref: purl(one), dependsOn: refs(one.dependsOn) })),
    ],
  }
}

const purl = (one: { name: string; version: string }): string =>
  `pkg:npm/${one.name.replace('@', '%40')}@${one.version}`

/** One SPDX id, or an expression of several. */
const licenses = (license: string): object[] =>
  /[ ()]/.test(license) ? [{ expression: license.replace(/^\((.*)\)$/, '$1') }] : [{ license: { id: license } }]

function hash(integrity: string): object {
  const [algorithm = '', base64 = ''] = integrity.split('-')
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') }
}

/** A name-based UUID (version 8, RFC 9562) of a SHA-256 digest. */
function uuidFrom(digest: string): string {
  const variant = ((Number.parseInt(digest[16] ?? '0', 16) & 0x3) | 0x8).toString(16)
  return [
    digest.slice(0, 8),
    digest.slice(8, 12),
    `8${digest.slice(13, 16)}`,
    `${variant}${digest.slice(17, 20)}`,
    digest.slice(20, 32),
  ].join('-')
}
