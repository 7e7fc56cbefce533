// For azd, which deploys to a subscription: makes the resource group and puts main.bicep into it.
targetScope = 'subscription'

import { alwaysReadyType } from 'modules/app.bicep'

@description('Name of the resource group.')
@minLength(1)
@maxLength(90)
param resourceGroupName string

@description('Region of all resources; must offer Flex Consumption.')
@minLength(1)
param location string

@description('Environment id: a small letter, then 1 to 7 small letters or digits. Never changed afterwards.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Address under which browsers reach the gateway; empty: the address Azure gives the app.')
@maxLength(200)
param publicBaseUrl string

@description('True: storage and vault are reached through a network of the gateway\'s own, and by nobody else.')
param networkIsolation bool = true

@description('Major version of Node that runs the app.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('True: the accounts and the vault cannot be deleted until their lock is taken off.')
param resourceLocks bool = true

@description('Instances that are always warm, per function group.')
param alwaysReady alwaysReadyType[] = []

@description('Public addresses or ranges (CIDR) from which operators may reach the vault in spite of the isolation, separated by commas.')
param vaultAllowedAddresses string = ''

@description('E-mail addresses that alerts go to, separated by commas.')
param alertAddresses string = ''

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: resourceGroupName
  location: location
}

module gateway 'main.bicep' = {
  name: '${environmentId}-gateway'
  scope: group
  params: {
    environmentId: environmentId
    location: location
    publicBaseUrl: publicBaseUrl
    networkIsolation: networkIsolation
    nodeVersion: nodeVersion
    vaultAllowedAddresses: filter(split(vaultAllowedAddresses, ','), address => !empty(address))
    resourceLocks: resourceLocks
    alwaysReady: alwaysReady
    alertAddresses: filter(split(alertAddresses, ','), address => !empty(address))
  }
}

@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('Name of the app.')
output APP_NAME string = gateway.outputs.appName

@description('Address under which browsers reach the gateway.')
output BASE_URL string = gateway.outputs.baseUrl

@description('Redirect URI to enter at the identity provider.')
output REDIRECT_URI string = gateway.outputs.redirectUri

@description('Address of the vault.')
output VAULT_URI string = gateway.outputs.vaultUri
