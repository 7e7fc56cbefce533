/**
 * `docs/examples/typed-client.ts` as a customer builds it: types made from `docs/openapi.json` by openapi-typescript, then
 * compiled by tsc in its strictest mode.
 */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** TypeScript source of the types. */
export async function clientTypes(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, 'generator.mjs')
  // The generator needs the compiler API of TypeScript 5, which the compiler of this repository no longer has.
  await build({
    stdin: { contents: "export { astToString, default } from 'openapi-typescript'", resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    logLevel: 'error',
    plugins: [
      {
        name: 'typescript-5',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^[^./]/ }, ({ path }) => {
            if (path === 'typescript') return { path, namespace: 'typescript-5' }
            return path === 'openapi-typescript' ? undefined : { path, external: true }
          })
          onLoad({ filter: /.*/, namespace: 'typescript-5' }, () => ({
            contents: "import common from '@ts-morph/common'; export default common.ts",
          }))
        },
      },
    ],
  })
  const { default: generate, astToString } = (await import(
    pathToFileURL(outfile).href
  )) as typeof import('openapi-typescript')
  return astToString(await generate(readFileSync(join(root, 'docs/openapi.json'), 'utf8')))
}

/** What tsc says about the example beside these types and `more` files; empty when it compiles, and then it is in `folder`. */
export async function compileClient(folder: string, types: string, more: Record<string, string> = {}): Promise<string> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(root, 'docs/examples/typed-client.ts'), join(folder, 'typed-client.ts'))
  for (const [name, text] of Object.entries({ ...more, 'mailbox-gateway.d.ts': types }))
    writeFileSync(join(folder, name), text)
  const options = {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    target: 'ES2023',
    module: 'NodeNext',
    types: ['node'],
    skipLibCheck: false,
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', folder])
    return ''
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error)
  }
}
