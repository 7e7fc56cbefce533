/**
 * `npm run start:func`: the same app under Microsoft's own Core Tools, beside Azurite and the emulators of `npm start`.
 */

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildApp } from './tools/build.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

function stopWith(message) {
  console.error(`\n  ${message}\n`)
  process.exit(1)
}

const func = `${root}/node_modules/.bin/func`
if (!existsSync(func))
  stopWith(
    'Azure Functions Core Tools ("func") are not installed: they are an optional package that needs Node 22 and downloads itself at its first run.\n  Install them with "npm i -g azure-functions-core-tools@4", or use "npm start", which needs nothing else.',
  )
if (!existsSync(`${root}/local.settings.json`))
  stopWith(
    'There is no local.settings.json. "npm start -- --without-app" in another terminal starts Azurite and the emulators and says which file to copy; for services of your own copy local.settings.sample.json and adjust it.',
  )
await buildApp()
spawn(func, ['start', ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' }).on('exit', (code) =>
  process.exit(code ?? 1),
)
