/** Mistakes planted into `infra/`, one at a time: each must be named. What is checked in has none (infra.test.ts). */
import { expect, test } from 'vitest'
import { infraTexts } from '../../support/infra/infra.js'
import { infraProblems } from '../../support/infra/infra-checks.js'

const texts = infraTexts()
const storage = 'modules/storage.bicep'
const vault = 'modules/vault.bicep'
const app = 'modules/app.bicep'
const roles = 'modules/identity-and-roles.bicep'
const network = 'modules/network.bicep'
const backEnd = 'modules/customer-back-end.bicep'

/** What · file · text · instead · the words that name it. */
const mistakes: [what: string, file: string, from: string | RegExp, to: string, named: RegExp][] = [
  ['a brace too few', vault, 'publicNetworkAccess: isolated', '} publicNetworkAccess: isolated', /syntax/],
  ['a missing separator', storage, "bypass: 'None'\n", "bypass: 'None' ", /expected a separator/],
  ['a text that is not closed', app, "'node'\n", "'node\n", /text is not closed/],
  ['a colon too few', app, 'httpsOnly: true', 'httpsOnly true', /expected :/],
  ['a property twice', app, 'httpsOnly: true', 'httpsOnly: true\n    httpsOnly: false', /another name than httpsOnly/],
  [
    'an unknown symbol',
    'main.bicep',
    'isolated: networkIsolation',
    'isolated: networkIsolated',
    /networkIsolated is not declared/,
  ],
  [
    'an unknown module parameter',
    'main.bicep',
    'locked: resourceLocks',
    'lock: resourceLocks',
    /unknown parameter lock/,
  ],
  ['a missing module parameter', 'main.bicep', '    vaultUri: vault.outputs.vaultUri\n', '', /vaultUri is missing/],
  [
    'a module that does not exist',
    'main.bicep',
    'modules/alerts.bicep',
    'modules/alarms.bicep',
    /alarms.bicep does not exist/,
  ],
  ['an unknown output of a module', 'main.bicep', 'vault.outputs.vaultUri\n', 'vault.outputs.uri\n', /there is no uri/],
  [
    'a query that does not exist',
    'modules/alerts.bicep',
    'timer-missing.kql',
    'timers.kql',
    /timers.kql, which does not exist/,
  ],
  [
    'a parameter nobody uses',
    vault,
    'param tags object',
    "param tags object\n@description('x')\nparam more string = ''",
    /more is never used/,
  ],
  ['a parameter without words', vault, "@description('Name of the vault.')\n", '', /name has no @description/],
  [
    'a parameter file with a typo',
    'main.prod.bicepparam',
    'maximumInstances',
    'maxInstances',
    /unknown parameter maxInstances/,
  ],
  [
    'a parameter out of range',
    'main.prod.bicepparam',
    'maximumInstances = 200',
    'maximumInstances = 20',
    /does not take 20/,
  ],
  [
    'a file without environment id',
    'main.dev.bicepparam',
    "param environmentId = 'dev'",
    '',
    /environmentId is missing/,
  ],
  ['shared keys', storage, 'allowSharedKeyAccess: false', 'allowSharedKeyAccess: true', /allowSharedKeyAccess is true/],
  [
    'public blobs',
    storage,
    'allowBlobPublicAccess: false',
    'allowBlobPublicAccess: true',
    /allowBlobPublicAccess is true/,
  ],
  ['a public container', storage, "publicAccess: 'None'", "publicAccess: 'Blob'", /publicAccess is "Blob"/],
  [
    'an old TLS for storage',
    storage,
    "minimumTlsVersion: 'TLS1_2'",
    "minimumTlsVersion: 'TLS1_0'",
    /minimumTlsVersion is "TLS1_0"/,
  ],
  ['a protection left out', vault, '    enablePurgeProtection: true\n', '', /enablePurgeProtection is undefined/],
  [
    'access policies',
    vault,
    'enableRbacAuthorization: true',
    'enableRbacAuthorization: false\n    accessPolicies: []',
    /has access policies/,
  ],
  [
    'an unlogged vault',
    vault,
    "categoryGroup: 'audit', enabled: true",
    "categoryGroup: 'audit', enabled: false",
    /vault kv-\S+: writes no log/,
  ],
  ['plain http', app, 'httpsOnly: true', 'httpsOnly: false', /httpsOnly is false/],
  ['FTP', app, "ftpsState: 'Disabled'", "ftpsState: 'AllAllowed'", /ftpsState is "AllAllowed"/],
  [
    'basic publishing',
    app,
    "name: 'scm'\n    properties: {\n      allow: false",
    "name: 'scm'\n    properties: {\n      allow: true",
    /properties.allow is true/,
  ],
  ['publishing rules left out', app, "name: 'ftp'", "name: 'scm'", /over ftp is not switched off/],
  [
    'telemetry for anybody',
    'modules/monitoring.bicep',
    'DisableLocalAuth: true',
    'DisableLocalAuth: false',
    /DisableLocalAuth is false/,
  ],
  [
    'no soft delete',
    storage,
    'containerDeleteRetentionPolicy: {\n      enabled: true',
    'containerDeleteRetentionPolicy: {\n      enabled: false',
    /containerDeleteRetentionPolicy.enabled is false/,
  ],
  ['no versions', storage, '    isVersioningEnabled: true\n', '', /keeps no versions/],
  [
    'an open production',
    'main.prod.bicepparam',
    'networkIsolation = true',
    'networkIsolation = false',
    /open to the internet/,
  ],
  ['an open vault', vault, "'Disabled' : 'Enabled'", "'Enabled' : 'Enabled'", /vault kv-\S+: is open/],
  ['a missing endpoint', network, /.*name: 'vault', target.*\n/, '', /vault kv-\S+: has no private endpoint/],
  [
    'a subnet that is not delegated',
    network,
    'Microsoft.App/environments',
    'Microsoft.Web/serverFarms',
    /not delegated/,
  ],
  ['no lock', 'main.prod.bicepparam', 'resourceLocks = true', 'resourceLocks = false', /has no lock/],
  [
    'a role on the resource group',
    roles,
    'name: guid(vault.id, identity.id, vaultSecretsOfficer)\n  scope: vault\n',
    'name: guid(vault.id, identity.id, vaultSecretsOfficer)\n',
    /given on the resource group/,
  ],
  [
    'Owner of the mail',
    roles,
    'blobDataContributor\n  queue',
    'blobDataOwner\n  queue',
    /b7e6dc6d\S+ is given on Microsoft.Storage\/storageAccounts stmbgmail/,
  ],
  [
    'a role nobody needs',
    roles,
    '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    '17d1049b-9a84-46fb-8f53-869881c3d3ab',
    /is not one the gateway needs/,
  ],
  [
    'a back end that reads mail',
    backEnd,
    'scope: events',
    'scope: outboundMail',
    /8a0f0c08\S+ is given on \S+ mbg-outbound-mail/,
  ],
  ['a back end with the account', backEnd, 'scope: outboundMail', 'scope: account', /c6a89b2d\S+ is given on/],
  [
    'a secret parameter',
    'main.bicep',
    "param publicBaseUrl string = ''",
    "param publicBaseUrl string = ''\n@description('x')\nparam clientSecret string = ''",
    /clientSecret is not @secure/,
  ],
  [
    'a key put out',
    storage,
    'output mailAccountId string = mail.id',
    "output mailAccountId string = mail.id\n@description('x')\noutput hostToken string = host.listKeys().keys[0].value",
    /(puts hostToken out|reads a key)/,
  ],
  [
    'a connection string',
    app,
    "AzureWebJobsStorage__credential: 'managedidentity'",
    "AzureWebJobsStorage__credential: 'AccountName=a;AccountKey=b'",
    /holds a secret/,
  ],
  ['a queue less', storage, "  'connection-refresh'\n", '', /mbg-connection-refresh-poison is missing/],
  ['a queue without its poison twin', storage, /-poison'/, "-dead'", /mbg-webhook-poison is missing/],
  ['a table misspelt', storage, "  'deliveries'\n", "  'delivery'\n", /mbgdelivery is not known/],
  ['a container less', storage, "  'cursors'\n", '', /mbg-cursors is missing/],
  ['names of another environment', storage, /\$\{environmentId\}(?=\$\{table\})/, 'mbg', /devtenants is missing/],
  ['a setting less', 'settings.json', '  "MAX_RECIPIENTS": "",\n', '', /MAX_RECIPIENTS is missing/],
  [
    'a setting nobody reads',
    'settings.json',
    '"MAX_RECIPIENTS"',
    '"MAXIMUM_RECIPIENTS"',
    /MAXIMUM_RECIPIENTS is not known/,
  ],
  [
    'a wrong value',
    'main.dev.bicepparam',
    "RETENTION_DAYS: '7'",
    "RETENTION_DAYS: '0'",
    /RETENTION_DAYS must be a whole number/,
  ],
  ['a required setting less', app, '      KEY_VAULT_URL: vaultUri\n', '', /KEY_VAULT_URL is missing/],
  [
    'a setting the plan forbids',
    app,
    'AZURE_CLIENT_ID: identityClientId',
    "AZURE_CLIENT_ID: identityClientId\n      FUNCTIONS_WORKER_RUNTIME: 'node'",
    /FUNCTIONS_WORKER_RUNTIME is forbidden/,
  ],
  [
    'a development switch',
    'main.prod.bicepparam',
    'param undeleteDays = 14',
    "param undeleteDays = 14\nparam settings = { ALLOW_LOOPBACK_MAIL_HOSTS: 'true' }",
    /ALLOW_LOOPBACK_MAIL_HOSTS must not be true/,
  ],
]

test.each(mistakes)('SEC-36, SEC-37, SEC-44, M-004, M-006: %s is caught', (_, file, from, to, named) => {
  const before = texts[file] ?? ''
  const after = before.replaceAll(from instanceof RegExp ? new RegExp(from, 'g') : from, to)
  expect(after, 'the mistake was planted').not.toBe(before)
  expect(infraProblems({ ...texts, [file]: after }).join('\n')).toMatch(named)
})
