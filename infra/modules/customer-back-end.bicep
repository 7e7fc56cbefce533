// Gives one back end of one tenant what it needs and nothing else: it may put mail on the queue outbound-mail and read
// events from its tenant's own queue. Deploy it alone, once per back end, after the tenant was created:
//   az deployment group create --template-file infra/modules/customer-back-end.bicep --parameters ...

@description('Environment id of the gateway.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Name of the gateway\'s mail account.')
@minLength(3)
@maxLength(24)
param mailAccountName string

@description('Id of the tenant whose events the back end may read.')
@minLength(2)
@maxLength(32)
param tenantId string

@description('Object id of the back end\'s identity in Microsoft Entra.')
@minLength(36)
@maxLength(36)
param principalId string

@description('Kind of that identity.')
@allowed(['ServicePrincipal', 'Group', 'User'])
param principalType string = 'ServicePrincipal'

var queueMessageSender = 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a'
var queueMessageProcessor = '8a0f0c08-91a1-4084-bc3d-661d67233fed'

resource account 'Microsoft.Storage/storageAccounts@2025-08-01' existing = {
  name: mailAccountName
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-08-01' existing = {
  parent: account
  name: 'default'
}

resource outboundMail 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' existing = {
  parent: queueService
  name: '${environmentId}-outbound-mail'
}

resource events 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' existing = {
  parent: queueService
  name: '${environmentId}-events-${tenantId}'
}

resource maySend 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(outboundMail.id, principalId, queueMessageSender)
  scope: outboundMail
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueMessageSender)
  }
}

resource mayTakeEvents 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(events.id, principalId, queueMessageProcessor)
  scope: events
  properties: {
    principalId: principalId
    principalType: principalType
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', queueMessageProcessor)
  }
}
