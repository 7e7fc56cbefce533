// The whole gateway in one resource group: storage for mail and secrets, the app, its roles, its network and its
// monitoring. One environment id is one gateway; several may share a subscription, a region and a resource group.
targetScope = 'resourceGroup'

import { alwaysReadyType } from 'modules/app.bicep'

@description('Prefix of every table, queue, container and secret: a lower-case letter, then 1 to 7 lower-case letters or digits. It can never be changed.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Region of all resources; must offer Flex Consumption (az functionapp list-flexconsumption-locations).')
param location string = resourceGroup().location

@description('Address at which browsers reach the gateway, e.g. https://mail.example.com; empty: the address that Azure gives the app.')
@maxLength(200)
param publicBaseUrl string = ''

@description('True: storage and vault can be reached only through the gateway\'s own network; the app goes out through a NAT gateway, from one fixed address.')
param networkIsolation bool = true

@description('Address range (CIDR, at least /24) of that network.')
@minLength(9)
@maxLength(18)
param networkAddressRange string = '10.83.0.0/24'

@description('Public addresses or ranges (CIDR) that may reach the mail account despite the isolation, e.g. a trusted back end that writes to the queue outbound-mail.')
param storageAllowedAddresses string[] = []

@description('Public addresses or ranges (CIDR) from which operators may reach the vault despite the isolation.')
param vaultAllowedAddresses string[] = []

@description('True: nobody can delete the accounts and the vault until their lock is removed.')
param resourceLocks bool = true

@description('Redundancy of the storage accounts.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('Major version of Node that runs the app; docs/dates.md says when support for each ends.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('Memory of one instance of the app, in megabytes.')
@allowed([512, 2048, 4096])
param instanceMemoryMegabytes int = 2048

@description('Maximum number of instances that may run at once: 40 to 1000.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 100

@description('How a deployment replaces instances: "Recreate" ends them all at once, "RollingUpdate" (preview) drains them in batches.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string = 'Recreate'

@description('Instances that are always warm, per function group: "http", or "function:<name>" for a timer or a queue.')
@maxLength(20)
param alwaysReady alwaysReadyType[] = []

@description('True: the app runs in several zones of the region; each always-ready group then needs at least 2 instances.')
param zoneRedundant bool = false

@description('How many days log lines are kept: 30 to 730.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Maximum gigabytes of log lines accepted per day; -1: no cap. An alert fires when the cap is reached.')
@minValue(-1)
@maxValue(1000)
param logDailyCapGigabytes int = 5

@description('How many days a deleted or overwritten blob can be restored: 1 to 365.')
@minValue(1)
@maxValue(365)
param undeleteDays int = 7

@description('How many days received raw mail is kept: 1 to 400. It is the largest part of the bill.')
@minValue(1)
@maxValue(400)
param inboundDays int = 30

@description('E-mail addresses that receive alerts; without any, alerts appear only in the portal.')
@maxLength(10)
param alertAddresses string[] = []

@description('Address of the published docs/runbook.md; alerts link to its sections.')
@minLength(1)
param runbookAddress string = 'docs/runbook.md'

@description('Amount per month, in the currency of the subscription, at which the budget sends a warning; 0: no budget.')
@minValue(0)
@maxValue(1000000)
param monthlyBudget int = 0

@description('First day of the month in which the budget begins, e.g. 2026-12-01; required with monthlyBudget, and fixed from then on.')
@maxLength(10)
param budgetStart string = ''

@description('Settings that differ from their default, by the names in docs/configuration.md. Never put a secret here: secrets belong in the vault.')
param settings object = {}

@description('Tags of all resources.')
param tags object = {}

var suffix = take(uniqueString(resourceGroup().id, environmentId), 8)
var allTags = union(tags, { 'mailbox-gateway': environmentId })

module monitoring 'modules/monitoring.bicep' = {
  name: '${environmentId}-monitoring'
  params: {
    workspaceName: 'log-${environmentId}-${suffix}'
    componentName: 'appi-${environmentId}-${suffix}'
    location: location
    retentionDays: logRetentionDays
    dailyCapGigabytes: logDailyCapGigabytes
    tags: allTags
  }
}

module storage 'modules/storage.bicep' = {
  name: '${environmentId}-storage'
  params: {
    environmentId: environmentId
    mailAccountName: 'st${environmentId}mail${suffix}'
    hostAccountName: 'st${environmentId}host${suffix}'
    location: location
    redundancy: storageRedundancy
    isolated: networkIsolation
    allowedAddresses: storageAllowedAddresses
    undeleteDays: undeleteDays
    inboundDays: inboundDays
    locked: resourceLocks
    workspaceId: monitoring.outputs.workspaceId
    tags: allTags
  }
}

module vault 'modules/vault.bicep' = {
  name: '${environmentId}-vault'
  params: {
    name: 'kv-${environmentId}-${suffix}'
    location: location
    isolated: networkIsolation
    allowedAddresses: vaultAllowedAddresses
    locked: resourceLocks
    workspaceId: monitoring.outputs.workspaceId
    tags: allTags
  }
}

module network 'modules/network.bicep' = if (networkIsolation) {
  name: '${environmentId}-network'
  params: {
    name: 'vnet-${environmentId}-${suffix}'
    location: location
    addressRange: networkAddressRange
    mailAccountId: storage.outputs.mailAccountId
    hostAccountId: storage.outputs.hostAccountId
    vaultId: vault.outputs.vaultId
    tags: allTags
  }
}

module identityAndRoles 'modules/identity-and-roles.bicep' = {
  name: '${environmentId}-identity-and-roles'
  params: {
    name: 'id-${environmentId}-${suffix}'
    location: location
    mailAccountId: storage.outputs.mailAccountId
    hostAccountId: storage.outputs.hostAccountId
    vaultId: vault.outputs.vaultId
    componentName: monitoring.outputs.componentName
    tags: allTags
  }
}

module app 'modules/app.bicep' = {
  name: '${environmentId}-app'
  params: {
    environmentId: environmentId
    name: 'func-${environmentId}-${suffix}'
    planName: 'plan-${environmentId}-${suffix}'
    location: location
    publicBaseUrl: publicBaseUrl
    nodeVersion: nodeVersion
    instanceMemoryMegabytes: instanceMemoryMegabytes
    maximumInstances: maximumInstances
    siteUpdateStrategy: siteUpdateStrategy
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    identityId: identityAndRoles.outputs.identityId
    identityClientId: identityAndRoles.outputs.clientId
    subnetId: networkIsolation ? network!.outputs.appSubnetId : ''
    mailBlobEndpoint: storage.outputs.mailBlobEndpoint
    mailQueueEndpoint: storage.outputs.mailQueueEndpoint
    mailTableEndpoint: storage.outputs.mailTableEndpoint
    hostBlobEndpoint: storage.outputs.hostBlobEndpoint
    packageContainerName: storage.outputs.packageContainerName
    vaultUri: vault.outputs.vaultUri
    insightsConnectionString: monitoring.outputs.connectionString
    settings: settings
    workspaceId: monitoring.outputs.workspaceId
    tags: allTags
  }
}

module alerts 'modules/alerts.bicep' = {
  name: '${environmentId}-alerts'
  params: {
    environmentId: environmentId
    location: location
    workspaceId: monitoring.outputs.workspaceId
    mailAccountId: storage.outputs.mailAccountId
    vaultId: vault.outputs.vaultId
    addresses: alertAddresses
    runbookAddress: runbookAddress
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
    tags: allTags
  }
}

module workbook 'modules/workbook.bicep' = {
  name: '${environmentId}-workbook'
  params: {
    environmentId: environmentId
    location: location
    workspaceId: monitoring.outputs.workspaceId
    mailAccountId: storage.outputs.mailAccountId
    vaultId: vault.outputs.vaultId
    appId: app.outputs.appId
    tags: allTags
  }
}

@description('Name of the app: the target of the publish command.')
output appName string = app.outputs.appName

@description('Address at which browsers reach the gateway.')
output baseUrl string = app.outputs.baseUrl

@description('Redirect URI to enter at the identity provider.')
output redirectUri string = '${app.outputs.baseUrl}/oauth/callback'

@description('Issuer to enter in the federated credential of the app registration.')
output federatedIssuer string = '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'

@description('Subject to enter there: the object id of the gateway\'s identity.')
output federatedSubject string = identityAndRoles.outputs.principalId

@description('Address of the vault: the first operator key appears there.')
output vaultUri string = vault.outputs.vaultUri

@description('Name of the vault secret that holds the first operator key.')
output operatorKeySecretName string = '${environmentId}-operator-key'

@description('Name of the mail account, for the module customer-back-end.')
output mailAccountName string = last(split(storage.outputs.mailAccountId, '/'))

@description('Fixed address from which the app reaches mail servers; empty without networkIsolation.')
output outboundAddress string = networkIsolation ? network!.outputs.outboundAddress : ''
