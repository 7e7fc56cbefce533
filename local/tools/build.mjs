/**
 * Builds the deployable app (one entry that registers all functions, shared chunks) and the local mode, without any
 * install step.
 */
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

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

/**
 * The app as `dist/app/main.js` and what it loads on demand. One entry: 70 files would be 70 files to find, read and
 * link at each cold start.
 */
export async function appBuild() {
  const functions = (await readdir(`${root}/functions`)).filter((file) => file.endsWith('.ts'))
  return {
    ...common,
    entryPoints: { main: 'functions' },
    outdir: 'dist/app',
    chunkNames: 'chunks/[name]-[hash]',
    // supports-color is no dependency of ours: a logger takes it when it happens to be installed.
    external: ['@azure/functions-core', 'supports-color'],
    define: { GATEWAY_COMMIT: JSON.stringify(commit()) },
    minify: true,
    // The storage packages know their own credentials by the name of the class.
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    plugins: [everyFile('functions', ['../lib/app-hooks.ts', ...functions]), withoutUnusedCharsets],
  }
}

/** The commit this is built from, marked when files differ from it; empty outside a clone. */
function commit() {
  const git = (...words) => spawnSync('git', words, { cwd: root, encoding: 'utf8' }).stdout?.trim() ?? ''
  const id = git('rev-parse', 'HEAD')
  return id !== '' && git('status', '--porcelain', '--untracked-files=no') !== '' ? `${id}-modified` : id
}

/** An entry point that imports every file of a folder. */
function everyFile(folder, files) {
  const contents = files.map((file) => `import './${file}'`).join('\n')
  return {
    name: 'every-file',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: new RegExp(`^${folder}$`) }, ({ kind }) =>
        kind === 'entry-point' ? { path: folder, namespace: 'every-file' } : undefined,
      )
      onLoad({ filter: /./, namespace: 'every-file' }, () => ({ contents, resolveDir: `${root}/${folder}` }))
    },
  }
}

/**
 * imapflow brings a megabyte of East Asian code tables for envelopes and body structures. The gateway asks servers for
 * whole messages only, and those are decoded by the platform's own TextDecoder.
 */
const withoutUnusedCharsets = {
  name: 'without-unused-charsets',
  setup({ onLoad }) {
    onLoad({ filter: /iconv-lite[/\\]encodings[/\\]dbcs-data\.js$/ }, () => ({ contents: 'module.exports = {}' }))
    onLoad({ filter: /encoding-japanese[/\\].*\.js$/ }, () => ({ contents: 'module.exports = {}' }))
  },
}

export async function buildApp() {
  rmSync(new URL('../../dist', import.meta.url), { recursive: true, force: true })
  const [{ metafile }] = await Promise.all([
    build(await appBuild()),
    build({
      ...common,
      entryPoints: [
        'local/main.ts',
        'local/host-process.ts',
        'local/tools/write-docs.ts',
        'local/tools/package/package-app.ts',
        'local/tools/preflight/main.ts',
      ],
      outdir: 'dist/local',
      packages: 'external',
    }),
    build({
      ...common,
      entryPoints: ['main', 'load-app', 'sink', 'imap-peer', 'entra-peer', 'memory-poller'].map(
        (name) => `test/bench/${name}.ts`,
      ),
      outdir: 'dist/test/bench',
      packages: 'external',
    }),
  ])
  // Which file holds what; beside the app and not part of it.
  writeFileSync(new URL('../../dist/app.json', import.meta.url), JSON.stringify(metafile))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildApp()
  console.log('built the app into dist/app')
}
