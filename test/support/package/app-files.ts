/** What the built app consists of, read from esbuild's own account of the build. */

/** The part of an esbuild metafile that is looked at. */
export interface BuiltFiles {
  outputs: Record<
    string,
    {
      bytes: number
      inputs: Record<string, unknown>
      imports: { path: string; kind: string; external?: boolean }[]
      entryPoint?: string
    }
  >
}

export interface AppFiles {
  /** Bytes loaded before the first function can be called. */
  startBytes: number
  allBytes: number
  /** Source paths in what is loaded at the start. */
  startSources: string[]
  allSources: string[]
}

const entry = 'dist/app/main.js'

/** The start is the entry with everything it imports statically; what is imported on demand belongs to the whole only. */
export function appFiles({ outputs }: BuiltFiles): AppFiles {
  const start = new Set([entry])
  for (const path of start)
    for (const { path: imported, kind, external } of outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !external) start.add(imported)
  const all = Object.keys(outputs)
  const bytes = (paths: Iterable<string>): number =>
    [...paths].reduce((sum, path) => sum + (outputs[path]?.bytes ?? 0), 0)
  const sources = (paths: Iterable<string>): string[] => [
    ...new Set([...paths].flatMap((path) => Object.keys(outputs[path]?.inputs ?? {}))),
  ]
  return { startBytes: bytes(start), allBytes: bytes(all), startSources: sources(start), allSources: sources(all) }
}
