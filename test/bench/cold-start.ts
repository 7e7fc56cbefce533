/** K1: loading the built app in a new process until all functions are registered, against an app of one empty function. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { appFiles, type BuiltFiles } from '../support/package/app-files.js'
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
    const entry = join(dist, 'app/main.js')
    let functions = 0
    const results = await interleave(
      rounds,
      async () => {
        const loaded = await load(entry)
        functions = loaded.functions
        return loaded.ms
      },
      async () => (await load(outfile)).ms,
    )
    const subject = figure(results.subject)
    const { startBytes, allBytes } = appFiles(JSON.parse(await readFile(join(dist, 'app.json'), 'utf8')) as BuiltFiles)
    const isMet = subject.median <= 110 && startBytes <= 1.5 * megabyte && allBytes <= 3.5 * megabyte
    return {
      id: 'K1',
      workload: `cold start: ${functions} functions loaded and registered in a new process`,
      reference: 'an app of one empty function',
      unit: 'ms',
      subject,
      baseline: figure(results.baseline),
      target: '<= 110 ms, <= 1.5 MB at start, <= 3.5 MB in all',
      verdict: `${isMet ? 'met' : 'missed'}: ${rounded(subject.median)} ms, ${rounded(startBytes / megabyte)} MB at start, ${rounded(allBytes / megabyte)} MB in all`,
      note: 'K1 loads the built files into a new Node process the way the Functions worker does. It leaves out the start of Node, of the worker and of the host, and the first call, which loads journeys and storage.',
      more: { startBytes, allBytes },
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function load(entry: string): Promise<{ ms: number; functions: number }> {
  const script = fileURLToPath(new URL('load-app.js', import.meta.url))
  const { stdout } = await run(process.execPath, [script, entry])
  return JSON.parse(stdout) as { ms: number; functions: number }
}
