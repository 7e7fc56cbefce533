/** Loads the app file named as argument as the Functions worker does, then prints `{ ms, functions }`. */
import { loadApp } from '../../local/host/functions-core.js'

const started = performance.now()
const app = await loadApp(
  () => import(process.argv[2] ?? ''),
  () => {},
)
console.log(JSON.stringify({ ms: performance.now() - started, functions: app.functions.length }))
process.exit()
