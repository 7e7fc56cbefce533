// Two accounts. The mail account holds everything the gateway stores: tables, queues, containers (docs/architecture.md).
// The host account holds what the Functions host needs for itself and the deployed package, so that the wide role
// that the host requires does not reach any mail.

@description('Environment id: prefix of every table, queue and container.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Name of the account that holds mail.')
@minLength(3)
@maxLength(24)
param mailAccountName string

@description('Name of the account of the Functions host.')
@minLength(3)
@maxLength(24)
param hostAccountName string

@description('Region of all resources.')
param location string

@description('Redundancy of both accounts.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param redundancy string

@description('True: reachable only through private endpoints and the allowed addresses.')
param isolated bool = true

@description('Public addresses or ranges (CIDR) that may still reach the mail account, e.g. of a trusted back end.')
param allowedAddresses string[] = []

@description('How many days a deleted or overwritten blob or container can be restored.')
@minValue(1)
@maxValue(365)
param undeleteDays int

@description('How many days received raw mail is kept.')
@minValue(1)
@maxValue(400)
param inboundDays int

@description('True: nobody can delete the mail account until the lock is removed.')
param locked bool = true

@description('Workspace for the logs of refused and failed requests.')
param workspaceId string

@description('Tags of all resources.')
param tags object

// Names as in lib/model/names.ts; a test compares them.
var tables = [
  'tenants'
  'names'
  'connections'
  'mailboxes'
  'signins'
  'mails'
  'outbox'
  'received'
  'due'
  'deliveries'
  'attention'
]
var queues = [
  'outbound-mail'
  'mail-send'
  'mailbox-poll'
  'connection-refresh'
  'webhook'
  'second-clock'
]
var containers = [
  'outbound'
  'inbound'
  'quarantine'
  'cursors'
]
var sharedTable = 'holders'

// Days after which a blob is deleted, however it was left behind. Cursors live as long as their mailbox.
var lives = [
  { container: 'outbound', days: 30 }
  { container: 'inbound', days: inboundDays }
  { container: 'quarantine', days: 90 }
]

resource mail 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: mailAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isolated && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isolated ? 'Deny' : 'Allow'
      ipRules: [for address in allowedAddresses: {
        value: address
        action: 'Allow'
      }]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: mail
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
  }
}

resource mailContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = [for container in containers: {
  parent: blobs
  name: '${environmentId}-${container}'
  properties: {
    publicAccess: 'None'
  }
}]

resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2025-08-01' = {
  parent: mail
  name: 'default'
  properties: {
    policy: {
      rules: concat(map(lives, life => {
        name: life.container
        enabled: true
        type: 'Lifecycle'
        definition: {
          actions: {
            baseBlob: {
              delete: {
                daysAfterModificationGreaterThan: life.days
              }
            }
          }
          filters: {
            blobTypes: ['blockBlob']
            prefixMatch: ['${environmentId}-${life.container}/']
          }
        }
      }), [
        {
          name: 'versions'
          enabled: true
          type: 'Lifecycle'
          definition: {
            actions: {
              version: {
                delete: {
                  daysAfterCreationGreaterThan: undeleteDays
                }
              }
            }
            filters: {
              blobTypes: ['blockBlob']
              prefixMatch: map(containers, container => '${environmentId}-${container}/')
            }
          }
        }
      ])
    }
  }
  dependsOn: [blobs]
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-08-01' = {
  parent: mail
  name: 'default'
}

resource workQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' = [for queue in queues: {
  parent: queueService
  name: '${environmentId}-${queue}'
}]

// The Functions host moves a message here after five failures; the bury functions read them.
resource poisonQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-08-01' = [for queue in queues: {
  parent: queueService
  name: '${environmentId}-${queue}-poison'
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-08-01' = {
  parent: mail
  name: 'default'
}

// The app creates dated log tables and the events queues of tenants.
resource mailTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-08-01' = [for table in tables: {
  parent: tableService
  name: '${environmentId}${table}'
}]

resource holdersTable 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-08-01' = {
  parent: tableService
  name: sharedTable
}

resource host 'Microsoft.Storage/storageAccounts@2025-08-01' = {
  name: hostAccountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: redundancy
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isolated ? 'Deny' : 'Allow'
    }
  }
}

resource hostBlobs 'Microsoft.Storage/storageAccounts/blobServices@2025-08-01' = {
  parent: host
  name: 'default'
  properties: {
    deleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: undeleteDays
    }
  }
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-08-01' = {
  parent: hostBlobs
  name: '${environmentId}-package'
  properties: {
    publicAccess: 'None'
  }
}

// Metrics only for the mail account: a log of its requests would cost more than the gateway.
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: queueService
  properties: {
    workspaceId: workspaceId
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: tableService
  properties: {
    workspaceId: workspaceId
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource hostLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: hostBlobs
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageDelete', enabled: true }
    ]
    metrics: [
      { category: 'Transaction', enabled: true }
    ]
  }
}

resource mailLock 'Microsoft.Authorization/locks@2020-05-01' = if (locked) {
  name: 'keep'
  scope: mail
  properties: {
    level: 'CanNotDelete'
    notes: 'Holds the journal and mail that was not delivered yet.'
  }
}

@description('Resource id of the mail account.')
output mailAccountId string = mail.id

@description('Blob endpoint of the mail account.')
output mailBlobEndpoint string = 'https://${mail.name}.blob.${environment().suffixes.storage}'

@description('Queue endpoint of the mail account.')
output mailQueueEndpoint string = 'https://${mail.name}.queue.${environment().suffixes.storage}'

@description('Table endpoint of the mail account.')
output mailTableEndpoint string = 'https://${mail.name}.table.${environment().suffixes.storage}'

@description('Resource id of the host account.')
output hostAccountId string = host.id

@description('Blob endpoint of the host account.')
output hostBlobEndpoint string = 'https://${host.name}.blob.${environment().suffixes.storage}'

@description('Name of the container for the package.')
output packageContainerName string = packageContainer.name
