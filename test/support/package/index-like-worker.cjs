/**
 * Indexes an app the way Microsoft's Node.js worker does, in a process without our local host: the module
 * `@azure/functions-core` is answered where every `require` passes, `main` of the app's package.json is imported as the
 * ES module it is, and what it registers is listed. `node index-like-worker.cjs FOLDER` prints one JSON line.
 */
const { readFileSync } = require('node:fs')
const Module = require('node:module')
const { join } = require('node:path')
const { pathToFileURL } = require('node:url')

const functions = []
let model
class Disposable {
  dispose() {}
}
const core = {
  version: '3.9.1',
  hostVersion: '4.1037.0',
  Disposable,
  registerHook: () => new Disposable(),
  setProgrammingModel: (given) => {
    model = given
  },
  getProgrammingModel: () => model,
  registerFunction: (metadata) => {
    functions.push({ name: metadata.name, triggers: Object.values(metadata.bindings).map((binding) => binding.type) })
    return new Disposable()
  },
  log: () => {},
}
const original = Module.prototype.require
Module.prototype.require = function (id) {
  return id === '@azure/functions-core' ? core : Reflect.apply(original, this, [id])
}

const folder = process.argv[2]
const { main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
import(pathToFileURL(join(folder, main)).href).then(() => {
  console.log(JSON.stringify({ model: `${model.name} ${model.version}`, functions }))
  process.exit(0)
})
