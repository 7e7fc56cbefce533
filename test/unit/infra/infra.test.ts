import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { hostSettings } from '../../../lib/config/host-settings.js'
import { settingsTable } from '../../../lib/config/settings-table.js'
import { sampleSettings } from '../../../local/tools/write-docs.js'
import { evaluate } from '../../support/infra/bicep-evaluate.js'
import { at, deploymentOf, infraTexts, readInfra } from '../../support/infra/infra.js'
import { backEnd, infraProblems } from '../../support/infra/infra-checks.js'
import { appSettings, forbiddenOnFlex } from '../../support/infra/infra-parity.js'

const texts = infraTexts()
const files = readInfra(texts)
const prod = deploymentOf(files, 'main.prod.bicepparam')
const dev = deploymentOf(files, 'main.dev.bicepparam')
const resource = (type: string, mark = '') =>
  prod.deployed.find((one) => one.type === type && one.name.includes(mark))?.body
const names = (type: string) => prod.deployed.filter((one) => one.type === type).map((one) => one.name)

test('SEC-36, SEC-37, SEC-44, M-004, M-006, M-011: nothing is wrong with what is checked in', () => {
  expect(infraProblems(texts)).toEqual([])
})

describe('what production looks like', () => {
  test('SEC-36: the vault gives permissions by role to the one identity, keeps what is deleted and is closed', () => {
    const vault = resource('Microsoft.KeyVault/vaults')
    expect(at(vault, 'properties')).toMatchObject({
      enableRbacAuthorization: true,
      enablePurgeProtection: true,
      enableSoftDelete: true,
      publicNetworkAccess: 'Disabled',
      networkAcls: { defaultAction: 'Deny', ipRules: [] },
    })
    const onVault = prod.deployed.filter((one) => one.scope.startsWith('Microsoft.KeyVault/vaults'))
    expect(onVault.map((one) => one.symbol).sort()).toEqual(['auditLog', 'keep', 'vaultAccess'])
  })

  test('SEC-37: no key opens storage, the host account and the mail account are apart', () => {
    const accounts = names('Microsoft.Storage/storageAccounts')
    expect(accounts).toHaveLength(2)
    for (const account of accounts)
      expect(at(resource('Microsoft.Storage/storageAccounts', account), 'properties')).toMatchObject({
        allowSharedKeyAccess: false,
        allowBlobPublicAccess: false,
        minimumTlsVersion: 'TLS1_2',
        publicNetworkAccess: 'Disabled',
      })
    const wide = prod.deployed.filter((one) =>
      JSON.stringify(one.body).includes('b7e6dc6d-f1e8-4753-8033-0f276bb0955b'),
    )
    expect(wide.map((one) => one.scope)).toEqual([expect.stringContaining('host')])
  })

  test('SEC-37: no setting of the app is a secret, and the host uses its identity everywhere', () => {
    const settings = appSettings(prod.deployed)
    expect(settings).not.toHaveProperty('MailStorage')
    expect(settings).not.toHaveProperty('AzureWebJobsStorage')
    expect(settings['AzureWebJobsStorage__credential']).toBe('managedidentity')
    expect(settings['MailStorage__credential']).toBe('managedidentity')
    expect(settings['KEY_VAULT_URL']).toMatch(/^https:\/\/kv-mbg-\w+\.vault\.azure\.net$/)
    expect(settings['MailStorage__tableServiceUri']).toMatch(/^https:\/\/stmbgmail\w+\.table\.core\.windows\.net$/)
  })

  test('SEC-44: blobs come back after deletion for two weeks, and what was left behind goes automatically', () => {
    const blobs = prod.deployed.find((one) => one.type.endsWith('/blobServices') && one.parent.includes('mail'))?.body
    expect(at(blobs, 'properties')).toMatchObject({
      isVersioningEnabled: true,
      deleteRetentionPolicy: { enabled: true, days: 14 },
      containerDeleteRetentionPolicy: { enabled: true, days: 14 },
    })
    const rules = at(resource('Microsoft.Storage/storageAccounts/managementPolicies'), 'properties.policy.rules')
    const life = (rules as { name: string; definition: { filters: { prefixMatch: string[] } } }[]).map((rule) => [
      rule.name,
      rule.definition.filters.prefixMatch,
    ])
    expect(life).toEqual([
      ['outbound', ['mbg-outbound/']],
      ['inbound', ['mbg-inbound/']],
      ['quarantine', ['mbg-quarantine/']],
      ['versions', ['mbg-outbound/', 'mbg-inbound/', 'mbg-quarantine/', 'mbg-cursors/']],
    ])
  })

  test('M-172: the way out is stated: no subnet has one of its own, the app goes through the NAT gateway', () => {
    const subnets = at(resource('Microsoft.Network/virtualNetworks'), 'properties.subnets') as {
      name: string
      properties: { defaultOutboundAccess?: boolean; natGateway?: { id: string } }
    }[]
    expect(subnets.map(({ name, properties }) => [name, properties.defaultOutboundAccess])).toEqual([
      ['app', false],
      ['endpoints', false],
    ])
    expect(subnets.map(({ properties }) => properties.natGateway !== undefined)).toEqual([true, false])
  })

  test('a firewall team can be told one address; a development gateway has no network at all', () => {
    expect(names('Microsoft.Network/natGateways')).toHaveLength(1)
    expect(prod.outputs['outboundAddress']).toBe('<publicAddress.properties.ipAddress>')
    expect(dev.deployed.filter((one) => one.type.startsWith('Microsoft.Network/'))).toEqual([])
    expect(dev.deployed.filter((one) => one.type.endsWith('/locks'))).toEqual([])
  })

  test('M-172: the plan is Flex Consumption on Node 24 unless 22 is chosen, with the package fetched by the identity', () => {
    expect(at(resource('Microsoft.Web/serverfarms'), 'sku')).toEqual({ name: 'FC1', tier: 'FlexConsumption' })
    expect(at(resource('Microsoft.Web/sites'), 'properties.functionAppConfig')).toMatchObject({
      runtime: { name: 'node', version: '24' },
      deployment: { storage: { type: 'blobContainer', authentication: { type: 'UserAssignedIdentity' } } },
      scaleAndConcurrency: { instanceMemoryMB: 2048, maximumInstanceCount: 200 },
    })
  })

  test('what is kept warm is a group the platform knows: http, or one of our own timers and queues', () => {
    const own = readdirSync(new URL('../../../functions/', import.meta.url)).map(
      (file) => `function:${file.slice(0, -3)}`,
    )
    const groups = at(resource('Microsoft.Web/sites'), 'properties.functionAppConfig.scaleAndConcurrency.alwaysReady')
    expect(groups).toEqual([{ name: 'http', instanceCount: 1 }])
    for (const { name } of groups as { name: string }[]) expect(['http', ...own]).toContain(name)
  })

  test('SEC-20: the log of HTTP addresses stays off, in Azure and in the host', () => {
    const categories = prod.deployed.flatMap(
      (one) => JSON.stringify(one.body).match(/AppServiceHTTPLogs|allLogs/g) ?? [],
    )
    expect(categories).toEqual([])
    const host = JSON.parse(readFileSync(new URL('../../../host.json', import.meta.url), 'utf8'))
    expect(host.logging.logLevel['Host.Results']).toBe('None')
    expect(host.logging.logLevel['Microsoft']).toBe('Warning')
    // host 7: the storage client warns of every 404 and 409, and each timer run and first look at a queue meets some.
    expect(host.logging.logLevel['Azure']).toBe('Warning')
    expect(host.logging.logLevel['Azure.Core']).toBe('Error')
    expect(host.logging.applicationInsights.httpAutoCollectionOptions.enableHttpTriggerExtendedInfoCollection).toBe(
      false,
    )
    for (const kept of ['Trace', 'Exception', 'Event'])
      expect(host.logging.applicationInsights.samplingSettings.excludedTypes.split(';')).toContain(kept)
  })
})

test('azd: an address that may read the first key, and addresses for alerts, come as lists with commas', () => {
  const given = {
    resourceGroupName: 'rg',
    location: 'westeurope',
    publicBaseUrl: '',
    environmentId: 'mbg',
    vaultAllowedAddresses: '203.0.113.7',
  }
  const { deployed } = evaluate(files, 'azd.bicep', { ...given, alertAddresses: 'a@example.com,b@example.com' })
  const vault = deployed.find((one) => one.type === 'Microsoft.KeyVault/vaults')?.body
  expect(at(vault, 'properties.networkAcls')).toMatchObject({
    defaultAction: 'Deny',
    ipRules: [{ value: '203.0.113.7' }],
  })
  const people = deployed.find((one) => one.type === 'Microsoft.Insights/actionGroups')?.body
  expect(at(people, 'properties.emailReceivers')).toHaveLength(2)
})

test("SEC-36: a customer's back end may send mail and take its own tenant's events, nothing else", () => {
  const { deployed } = evaluate(files, 'modules/customer-back-end.bicep', backEnd)
  expect(deployed.map((one) => [one.scope.split(' ')[1], String(at(one.body, 'properties.roleDefinitionId'))])).toEqual(
    [
      ['mbg-outbound-mail', expect.stringContaining('c6a89b2d-59bc-44d0-9896-0f6e12d7b80a')],
      ['mbg-events-acme', expect.stringContaining('8a0f0c08-91a1-4084-bc3d-661d67233fed')],
    ],
  )
})

describe('M-004, M-006: one list of settings in four places', () => {
  const table = settingsTable.map((row) => row.name)

  test('the deployed app, the sample and the settings page name the same settings', () => {
    const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8')
    const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
    expect(documented.sort()).toEqual([...table, ...hostSettings.map((row) => row.name)].sort())
    const sample = Object.keys((JSON.parse(sampleSettings()) as { Values: object }).Values)
    const ofHost = ['FUNCTIONS_WORKER_RUNTIME', 'AzureWebJobsStorage', 'AzureWebJobsDisableHomepage']
    expect(sample.filter((name) => !ofHost.includes(name))).toEqual(table)
    const deployed = Object.keys(appSettings(prod.deployed))
    expect([...deployed, 'MailStorage'].sort()).toEqual(documented.sort())
    for (const name of forbiddenOnFlex) expect(deployed).not.toContain(name)
  })

  test('host 4: the page of the host never stands at `/`', () => {
    expect(appSettings(prod.deployed)['AzureWebJobsDisableHomepage']).toBe('true')
  })

  test('a setting left alone is empty, so that its source is the default and not the deployment', () => {
    expect(appSettings(prod.deployed)).toMatchObject({ RETENTION_DAYS: '', LANE_MAILS: '' })
    expect(appSettings(dev.deployed)['RETENTION_DAYS']).toBe('7')
  })
})

describe('a wrong parameter is refused before anything is made', () => {
  const good = { environmentId: 'mbg' }
  test.each([
    ['environmentId', 'x'],
    ['environmentId', 'toolongname'],
    ['instanceMemoryMegabytes', 1024],
    ['maximumInstances', 39],
    ['maximumInstances', 1001],
    ['logRetentionDays', 7],
    ['inboundDays', 0],
    ['undeleteDays', 366],
    ['nodeVersion', '20'],
    ['storageRedundancy', 'Standard_RAGRS'],
    ['monthlyBudget', -1],
  ])('%s: %s', (name, value) => {
    expect(() => evaluate(files, 'main.bicep', { ...good, [name]: value })).toThrow(`${name} does not take`)
  })

  test('the same deployment with good parameters goes through, one without environmentId does not', () => {
    expect(evaluate(files, 'main.bicep', good).deployed.length).toBeGreaterThan(60)
    expect(() => evaluate(files, 'main.bicep', {})).toThrow('environmentId is missing')
  })
})
