// For azd, which deploys to a subscription: creates the resource group and deploys main.bicep into it.
targetScope = 'subscription'

import { alwaysReadyType } from 'modules/app.bicep'

@description('Name of the resource group.')
@minLength(1)
@maxLength(90)
param resourceGroupName string

@description('Region of all resources; must offer Flex Consumption.')
@minLength(1)
param location string

@description('Environment id: a lower-case letter, then 1 to 7 lower-case letters or digits. It can never be changed.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Address at which browsers reach the gateway; empty: the address that Azure gives the app.')
@maxLength(200)
param publicBaseUrl string

@description('True: storage and vault can be reached only through the gateway\'s own network.')
param networkIsolation bool = true

@description('Major version of Node that runs the app.')
@allowed(['22', '24'])
param nodeVersion string = '24'

@description('True: nobody can delete the accounts and the vault until their lock is removed.')
param resourceLocks bool = true

@description('Instances that are always warm, per function group.')
param alwaysReady alwaysReadyType[] = []

@description('Public addresses or ranges (CIDR) from which operators may reach the vault despite the isolation, separated by commas.')
param vaultAllowedAddresses string = ''

@description('E-mail addresses that receive alerts, separated by commas.')
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

@description('Address at which browsers reach the gateway.')
output BASE_URL string = gateway.outputs.baseUrl

@description('Redirect URI to enter at the identity provider.')
output REDIRECT_URI string = gateway.outputs.redirectUri

@description('Address of the vault.')
output VAULT_URI string = gateway.outputs.vaultUri

@description('Issuer to enter in the federated credential of the app registration.')
output FEDERATED_ISSUER string = gateway.outputs.federatedIssuer

@description('Subject to enter there.')
output FEDERATED_SUBJECT string = gateway.outputs.federatedSubject
