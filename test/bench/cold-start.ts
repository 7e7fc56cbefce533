/** K1: loading and registering every built function in a new process, against an app of one empty function. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type BenchRow, figure, interleave, rounded } from './measure.js'

const run = promisify(execFile)
const dist = fileURLToPath(new URL('../../', import.meta.url))
const megabyte = 1_000_000

export async function benchColdStart(rounds: number): Promise<BenchRow> {
  const folder = await mkdtemp(join(tmpdir(), 'empty-app-'))
  try {
    const outfile = join(folder, 'app.mjs')
    await build({
      stdin: {
        contents: "import { app } from '@azure/functions'\napp.http('empty', { handler: () => ({}) })",
        resolveDir: dirname(dist),
      },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      external: ['@azure/functions-core'],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    })
    const files = await filesBelow(join(dist, 'functions'))
    const results = await interleave(
      rounds,
      () => load(files, files.length),
      () => load([outfile], 1),
    )
    const subject = figure(results.subject)
    const entryBytes = await sum(await reachable(files))
    const allBytes = await sum([...files, ...(await filesBelow(join(dist, 'chunks')))])
    const isMet = subject.median <= 110 && entryBytes <= 1.5 * megabyte && allBytes <= 3.5 * megabyte
    return {
      id: 'K1',
      workload: `cold start: ${files.length} function files loaded and registered in a new process`,
      reference: 'an app of one empty function',
      unit: 'ms',
      subject,
      baseline: figure(results.baseline),
      target: '<= 110 ms, <= 1.5 MB at start, <= 3.5 MB in all',
      verdict: `${isMet ? 'met' : 'missed'}: ${rounded(subject.median)} ms, ${rounded(entryBytes / megabyte)} MB at start, ${rounded(allBytes / megabyte)} MB in all`,
      more: { entryBytes, allBytes },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function load(files: string[], atLeast: number): Promise<number> {
  const script = fileURLToPath(new URL('load-app.js', import.meta.url))
  const { stdout } = await run(process.execPath, [script, ...files])
  const { ms, functions } = JSON.parse(stdout) as { ms: number; functions: number }
  if (functions < atLeast) throw new Error(`only ${functions} functions were registered`)
  return ms
}

const filesBelow = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((file) => file.endsWith('.js')).map((file) => join(folder, file))

async function sum(files: string[]): Promise<number> {
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size))
  return sizes.reduce((total, size) => total + size, 0)
}

/** The files and all they import statically; what is imported on demand does not count for the start. */
async function reachable(files: string[]): Promise<string[]> {
  const seen = new Set(files)
  for (const file of seen) {
    const text = await readFile(file, 'utf8')
    for (const [, target] of text.matchAll(/^(?:import|export|\})[^"'()]*"(\.{1,2}\/[^"]+)"/gm))
      if (target !== undefined) seen.add(join(dirname(file), target))
  }
  return [...seen]
}
