/** `npm start`: checks the machine's requirements, builds, and starts the whole gateway on this machine. */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

function stopWith(message) {
  console.error(`\n  ${message}\n`)
  process.exit(1)
}

if (major < 20 || (major === 20 && minor < 19))
  stopWith(
    `Node ${process.versions.node} is too old: Mailbox Gateway needs Node 20.19 or newer (22 is what Azure runs).\n  Install a current Node from https://nodejs.org and run "npm ci && npm start" again.`,
  )
if (!existsSync(`${root}/node_modules/esbuild`) || !existsSync(`${root}/node_modules/azurite`))
  stopWith('The packages are not installed yet. Run "npm ci" first, then "npm start".')

const { isBuilt } = await import('./tools/is-built.mjs')
try {
  if (!isBuilt(root)) {
    console.log('\n  building …')
    await (await import('./tools/build.mjs')).buildApp()
  }
} catch (error) {
  stopWith(`The build failed: ${error instanceof Error ? error.message : error}`)
}
const child = spawn(
  process.execPath,
  ['--enable-source-maps', `${root}/dist/local/main.js`, ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  },
)
// The terminal sends Ctrl-C to the whole group; the child ends its own children, and this process waits for it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill('SIGTERM'))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 0 : 1)))
