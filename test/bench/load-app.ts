/** Loads the app files named as arguments as the Functions worker does, then prints `{ ms, functions }`. */
import { loadApp } from '../../local/host/functions-core.js'

const started = performance.now()
const app = await loadApp(
  async () => {
    for (const file of process.argv.slice(2)) await import(file)
  },
  () => {},
)
console.log(JSON.stringify({ ms: performance.now() - started, functions: app.functions.length }))
process.exit()
