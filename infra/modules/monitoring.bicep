// Where the gateway's log lines go: a workspace with a daily cap, and an Application Insights component that accepts
// lines only from the gateway's identity.

@description('Name of the Log Analytics workspace.')
param workspaceName string

@description('Name of the Application Insights component.')
param componentName string

@description('Region of all resources.')
param location string

@description('How many days log lines are kept.')
@minValue(30)
@maxValue(730)
param retentionDays int

@description('Maximum gigabytes accepted per day; lines that arrive later that day are lost, and an alert says so. -1: no cap.')
@minValue(-1)
@maxValue(1000)
param dailyCapGigabytes int

@description('Tags of all resources.')
param tags object

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGigabytes
    }
    features: {
      enableLogAccessUsingOnlyResourcePermissions: true
      disableLocalAuth: true
    }
  }
}

resource component 'Microsoft.Insights/components@2020-02-02' = {
  name: componentName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    DisableLocalAuth: true
    DisableIpMasking: false
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

@description('Name of the component.')
output componentName string = component.name

@description('Where to send log lines. Not a secret: the component accepts lines only from identities with a role.')
output connectionString string = component.properties.ConnectionString
