import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FunctionsHost, startFunctionsHost } from '../../local/host/functions-host.js'

let folder: string
let host: FunctionsHost

const bundle = async (name: string, banner: string): Promise<string> => {
  // Below node_modules vitest leaves the file to Node's own loader, which is what the deployed bundle meets.
  const outfile = join(folder, 'node_modules', name)
  await build({
    entryPoints: [new URL('../fixtures/host-stream-app.ts', import.meta.url).pathname],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['@azure/functions-core'],
    banner: { js: banner },
  })
  return outfile
}
const start = (entry: string) =>
  startFunctionsHost({ entry: [entry], hostJson: {}, settings: {}, port: 0, log: () => {} })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'functions-bundle-'))
})
afterAll(async () => {
  await host?.stop()
  await rm(folder, { recursive: true, force: true })
})

const banner = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

test('a bundle that does not reach the core module is refused with the reason', async () => {
  const deaf = `${banner.replace('const require', 'const load')} const require = (id) => load(id.replace('-core', '-absent'));`
  await expect(start(await bundle('deaf.mjs', deaf))).rejects.toThrow(
    /registered no function.*without a working require/,
  )
})

test('an ESM bundle with a createRequire banner runs, its request bodies streamed', async () => {
  host = await start(await bundle('app.mjs', banner))
  const body = randomBytes(3_000_000)
  const answer = await fetch(`${host.url}/api/digest/sha1?q=1&q=2`, { method: 'POST', body })
  expect(await answer.json()).toEqual({ digest: createHash('sha1').update(body).digest('hex'), repeated: ['1', '2'] })
})

test('an answer is streamed while the function still produces it', async () => {
  const answer = await fetch(`${host.url}/api/drip`)
  expect(answer.headers.getSetCookie()).toEqual(['c=v; SameSite=Lax'])
  const reader = answer.body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('first ')
  process.emit('drip' as 'disconnect')
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('second')
  expect((await reader.read()).done).toBe(true)
})

test('streaming: a throwing handler answers 500, one without an answer 204', async () => {
  const throwing = await fetch(`${host.url}/api/throws`)
  expect([throwing.status, await throwing.text()]).toEqual([500, ''])
  expect((await fetch(`${host.url}/api/nothing`)).status).toBe(204)
})
