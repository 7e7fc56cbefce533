/** Builds the deployable app (functions, one ESM build with shared chunks) and the local mode, without any install step. */
import { rmSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

// The Functions worker supplies '@azure/functions-core' through require: an ESM bundle needs a real one to see it.
const banner = `import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);`

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  splitting: true,
  banner: { js: banner },
  logLevel: 'warning',
  outExtension: { '.js': '.js' },
}

export async function buildApp() {
  rmSync(new URL('../dist', import.meta.url), { recursive: true, force: true })
  const functions = (await readdir(`${root}/functions`)).filter((file) => file.endsWith('.ts'))
  await Promise.all([
    build({
      ...common,
      entryPoints: functions.map((file) => `functions/${file}`),
      outdir: 'dist/functions',
      chunkNames: '../chunks/[name]-[hash]',
      external: ['@azure/functions-core'],
      minifySyntax: true,
      minifyWhitespace: true,
      legalComments: 'none',
    }),
    build({
      ...common,
      entryPoints: ['local/main.ts', 'local/host-process.ts', 'local/write-docs.ts'],
      outdir: 'dist/local',
      packages: 'external',
    }),
    build({
      ...common,
      entryPoints: ['test/bench/main.ts', 'test/bench/load-app.ts', 'test/bench/sink.ts'],
      outdir: 'dist/test/bench',
      packages: 'external',
    }),
  ])
  return functions.length
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const count = await buildApp()
  console.log(`built ${count} functions into dist/functions`)
}
