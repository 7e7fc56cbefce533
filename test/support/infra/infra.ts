/** Reads `infra/` for the tests: its texts, what they declare, and what a parameter file deploys. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BicepFiles, type Deployed, evaluate, type Json, parameters } from './bicep-evaluate.js'
import { type Declaration, readBicep } from './bicep-tree.js'

/** Path inside `infra/` → text. */
export type InfraTexts = Record<string, string>

const root = fileURLToPath(new URL('../../../infra/', import.meta.url))

export function infraTexts(): InfraTexts {
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => `${entry.parentPath}/${entry.name}`)
  return Object.fromEntries(
    paths.map((path) => [path.slice(root.length).replace(/^\//, ''), readFileSync(path, 'utf8')]),
  )
}

export function readInfra(texts: InfraTexts): BicepFiles {
  const trees = new Map<string, Declaration[]>()
  for (const [path, text] of Object.entries(texts))
    if (/\.bicep(param)?$/.test(path)) trees.set(path, readBicep(path, text))
  return { trees, texts: new Map(Object.entries(texts)) }
}

/** What `az deployment group create --parameters infra/{file}` would deploy. */
export function deploymentOf(files: BicepFiles, file: string): { deployed: Deployed[]; outputs: Record<string, Json> } {
  const tree = files.trees.get(file) ?? []
  const using = tree.find((one) => one.kind === 'using')?.type ?? ''
  return evaluate(files, using, parameters(tree))
}

/** A property by its path (`properties.siteConfig.minTlsVersion`); undefined when it is not there. */
export function at(body: Json | undefined, path: string): Json | undefined {
  let found: Json | undefined = body
  for (const step of path.split('.'))
    found = typeof found === 'object' && found !== null ? (found as Record<string, Json>)[step] : undefined
  return found
}
