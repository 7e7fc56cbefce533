import { readdirSync } from 'node:fs'
import { build, type Metafile } from 'esbuild'
import { beforeAll, expect, test } from 'vitest'
import { appBuild } from '../../local/build.mjs'
import { type AppFiles, appFiles } from '../support/app-files.js'

let app: AppFiles

beforeAll(async () => {
  const { metafile } = await build({ ...(await appBuild()), write: false })
  app = appFiles(metafile as Metafile)
})

const fromPackage = (name: string) => (source: string) => source.includes(`node_modules/${name}/`)

test('the entry registers every file of functions/ and is within its size', () => {
  for (const file of readdirSync(new URL('../../functions', import.meta.url)))
    expect(app.startSources).toContain(`functions/${file}`)
  expect(app.startBytes).toBeLessThanOrEqual(400_000)
  expect(app.allBytes).toBeLessThanOrEqual(3_500_000)
})

test.each([
  'zod',
  'imapflow',
  'nodemailer',
  'postal-mime',
  'jose',
  '@microsoft/microsoft-graph-client',
  '@azure/msal-node',
  '@azure/identity',
  '@azure/data-tables',
  '@azure/storage-queue',
  '@azure/storage-blob',
  '@azure/keyvault-secrets',
])('registering functions does not load %s; import it where the first call needs it', (name) => {
  expect(app.startSources.filter(fromPackage(name))).toEqual([])
})

test('no journey, store or transport is loaded by registering functions', () => {
  expect(
    app.startSources.filter((source) => /^lib\/(flows|stores|transports|providers|diagnosis)\//.test(source)),
  ).toEqual([])
})

test('nothing that only a laptop needs is in the app', () => {
  expect(app.allSources.filter((source) => /^(local|test)\//.test(source))).toEqual([])
  expect(app.allSources.filter(fromPackage('azurite'))).toEqual([])
  expect(app.allSources.filter(fromPackage('smtp-server'))).toEqual([])
})
