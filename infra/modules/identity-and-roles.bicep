// One user-assigned identity and the few roles it has: each on one resource, none on the resource group. It outlives
// the app, so a new app needs no new roles.

@description('Name of the identity.')
param name string

@description('Region of the identity.')
param location string

@description('Resource id of the mail account.')
param mailAccountId string

@description('Resource id of the host account.')
param hostAccountId string

@description('Resource id of the vault.')
param vaultId string

@description('Name of the Application Insights component.')
param componentName string

@description('Tags of the identity.')
param tags object

// Built-in roles of Azure.
var blobDataContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
var blobDataOwner = 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
var queueDataContributor = '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
var tableDataContributor = '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
var vaultSecretsOfficer = 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7'
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// Mail: the app creates tenant queues and dated log tables, so queues and tables need the account as their scope.
var mailRoles = [
  blobDataContributor
  queueDataContributor
  tableDataContributor
]

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

resource mail 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: last(split(mailAccountId, '/'))
}

resource host 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: last(split(hostAccountId, '/'))
}

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' existing = {
  name: last(split(vaultId, '/'))
}

resource component 'Microsoft.Insights/components@2020-02-02' existing = {
  name: componentName
}

resource mailAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for role in mailRoles: {
  name: guid(mail.id, identity.id, role)
  scope: mail
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role)
  }
}]

// The host keeps its locks, timers and keys here and fetches the package; it asks for Owner.
resource hostAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, identity.id, blobDataOwner)
  scope: host
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobDataOwner)
  }
}

// Officer, not User: the gateway writes the refresh tokens that it receives.
resource vaultAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, identity.id, vaultSecretsOfficer)
  scope: vault
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', vaultSecretsOfficer)
  }
}

resource telemetryAccess 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(component.id, identity.id, monitoringMetricsPublisher)
  scope: component
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
  }
}

@description('Resource id of the identity.')
output identityId string = identity.id

@description('Object id of the identity: the subject of its tokens.')
output principalId string = identity.properties.principalId

@description('Client id of the identity.')
output clientId string = identity.properties.clientId
