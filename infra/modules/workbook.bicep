// One page of charts for a first look: what is open, what is late, who must act, what it costs.

@description('Environment id of the gateway.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Region of the workbook.')
param location string

@description('Resource id of the workspace with the log lines.')
param workspaceId string

@description('Resource id of the mail account.')
param mailAccountId string

@description('Resource id of the vault.')
param vaultId string

@description('Resource id of the app.')
param appId string

@description('Tags of the workbook.')
param tags object

var page = loadTextContent('../workbook.json')
var addressed = replace(replace(replace(replace(page, '{workspace}', workspaceId), '{storage}', mailAccountId), '{vault}', vaultId), '{app}', appId)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, environmentId, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Mailbox gateway ${environmentId}'
    category: 'workbook'
    sourceId: workspaceId
    serializedData: addressed
  }
}
