// The Functions app on Flex Consumption: Linux, Node, package from the host account, every permission through the
// identity. No setting is a secret.

@description('Environment id of the gateway.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Name of the app.')
@minLength(2)
@maxLength(60)
param name string

@description('Name of the plan.')
param planName string

@description('Region of the app.')
param location string

@description('Address at which browsers reach the gateway; empty: the address that Azure gives the app.')
param publicBaseUrl string

@description('Major version of Node.')
@allowed(['22', '24'])
param nodeVersion string

@description('Memory of one instance, in megabytes.')
@allowed([512, 2048, 4096])
param instanceMemoryMegabytes int

@description('Maximum number of instances that may run at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int

@description('How a deployment replaces instances.')
@allowed(['Recreate', 'RollingUpdate'])
param siteUpdateStrategy string

@description('Instances that are always warm, per function group: "http", or "function:<name>" for a timer or queue.')
param alwaysReady alwaysReadyType[]

@description('True: the plan runs in several zones of the region.')
param zoneRedundant bool

@description('Resource id of the identity.')
param identityId string

@description('Client id of the identity.')
param identityClientId string

@description('Resource id of the subnet for outbound traffic; empty: none.')
param subnetId string

@description('Blob endpoint of the mail account.')
param mailBlobEndpoint string

@description('Queue endpoint of the mail account.')
param mailQueueEndpoint string

@description('Table endpoint of the mail account.')
param mailTableEndpoint string

@description('Blob endpoint of the host account.')
param hostBlobEndpoint string

@description('Container of the package.')
param packageContainerName string

@description('Address of the vault.')
param vaultUri string

@description('Where to send log lines; it accepts them only from the identity.')
param insightsConnectionString string

@description('Settings that differ from their default, by the names in docs/configuration.md.')
param settings object

@description('Workspace for the platform\'s log.')
param workspaceId string

@description('Tags of all resources.')
param tags object

@description('Warm instances of one function group.')
@export()
type alwaysReadyType = {
  @description('"http", or "function:<name>".')
  @minLength(4)
  name: string

  @description('How many instances stay warm.')
  @minValue(1)
  @maxValue(20)
  instanceCount: int
}

// Every other setting of the gateway by name, written from the table in lib/config/ by `npm run docs`. Empty means its
// default, and is not mistaken for a choice of the deployment.
var defaults = loadJsonContent('../settings.json')

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'gateway' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    publicNetworkAccess: 'Enabled'
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
    }
    functionAppConfig: {
      runtime: {
        name: 'node'
        version: nodeVersion
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostBlobEndpoint}/${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      siteUpdateStrategy: {
        type: siteUpdateStrategy
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMegabytes
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady
      }
    }
  }

  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: {
      allow: false
    }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: {
      allow: false
    }
  }

  resource appSettings 'config' = {
    name: 'appsettings'
    properties: union(defaults, settings, {
      AzureWebJobsStorage__blobServiceUri: hostBlobEndpoint
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identityClientId
      AzureWebJobsDisableHomepage: 'true'
      APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
      MailStorage__blobServiceUri: mailBlobEndpoint
      MailStorage__queueServiceUri: mailQueueEndpoint
      MailStorage__tableServiceUri: mailTableEndpoint
      MailStorage__credential: 'managedidentity'
      MailStorage__clientId: identityClientId
      AZURE_CLIENT_ID: identityClientId
      ENVIRONMENT_ID: environmentId
      KEY_VAULT_URL: vaultUri
      PUBLIC_BASE_URL: empty(publicBaseUrl) ? 'https://${app.properties.defaultHostName}' : publicBaseUrl
    })
  }
}

// Not the HTTP log: its addresses hold authorization codes and connect links.
resource platformLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'FunctionAppLogs', enabled: true }
    ]
  }
}

@description('Resource id of the app.')
output appId string = app.id

@description('Name of the app.')
output appName string = app.name

@description('Address at which browsers reach the gateway.')
output baseUrl string = empty(publicBaseUrl) ? 'https://${app.properties.defaultHostName}' : publicBaseUrl
