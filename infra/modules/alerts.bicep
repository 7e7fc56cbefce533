// The alerts. Each says what is wrong and links to the section of the same name in docs/runbook.md:
// meaning, first look, cure, and how to tell that it is over.

@description('Environment id of the gateway.')
@minLength(2)
@maxLength(8)
param environmentId string

@description('Region of all resources.')
param location string

@description('Resource id of the workspace with the log lines.')
param workspaceId string

@description('Resource id of the mail account.')
param mailAccountId string

@description('Resource id of the vault.')
param vaultId string

@description('E-mail addresses that receive alerts.')
param addresses string[]

@description('Address of the published docs/runbook.md.')
param runbookAddress string

@description('Amount per month at which the budget sends a warning; 0: no budget.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget, yyyy-MM-01.')
param budgetStart string

@description('Tags of all resources.')
param tags object

// Severity: 0 critical to 4 verbose. 1 wakes somebody, 2 is for today, 3 for this week.
var logAlerts = [
  {
    name: 'timer-late'
    title: 'A timer is not running'
    severity: 1
    every: 'PT1M'
    window: 'PT5M'
    query: loadTextContent('../queries/timer-late.kql')
  }
  {
    name: 'timer-missing'
    title: 'A timer has not run for ten minutes'
    severity: 1
    every: 'PT5M'
    window: 'PT30M'
    query: loadTextContent('../queries/timer-missing.kql')
  }
  {
    name: 'start-failed'
    title: 'The app cannot start'
    severity: 1
    every: 'PT5M'
    window: 'PT5M'
    query: loadTextContent('../queries/start-failed.kql')
  }
  {
    name: 'mail-late'
    title: 'Mail waits although nothing holds it up'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: loadTextContent('../queries/mail-late.kql')
  }
  {
    name: 'mail-unknown'
    title: 'Nobody knows whether a mail was sent'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('../queries/mail-unknown.kql')
  }
  {
    name: 'balance-not-closed'
    title: 'The counts of accepted and finished mail do not match'
    severity: 1
    every: 'PT5M'
    window: 'PT15M'
    query: loadTextContent('../queries/balance-not-closed.kql')
  }
  {
    name: 'message-buried'
    title: 'A message failed five times and was removed from its queue'
    severity: 2
    every: 'PT5M'
    window: 'PT10M'
    query: loadTextContent('../queries/message-buried.kql')
  }
  {
    name: 'polls-late'
    title: 'Mailboxes are polled too late'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('../queries/polls-late.kql')
  }
  {
    name: 'refresh-failing'
    title: 'The gateway cannot refresh the access of several connections'
    severity: 2
    every: 'PT15M'
    window: 'PT30M'
    query: loadTextContent('../queries/refresh-failing.kql')
  }
  {
    name: 'connection-needs-someone'
    title: 'Connections or mailboxes need a person'
    severity: 3
    every: 'PT1H'
    window: 'PT1H'
    query: loadTextContent('../queries/connection-needs-someone.kql')
  }
  {
    name: 'secret-expiring'
    title: 'A client secret expires soon or has expired'
    severity: 2
    every: 'PT1H'
    window: 'PT1H'
    query: loadTextContent('../queries/secret-expiring.kql')
  }
  {
    name: 'platform-date-near'
    title: 'Support for something the gateway depends on ends within six months'
    severity: 3
    every: 'PT1H'
    window: 'PT1H'
    query: loadTextContent('../queries/platform-date-near.kql')
  }
  {
    name: 'webhook-dead'
    title: 'A webhook endpoint does not answer'
    severity: 3
    every: 'PT1H'
    window: 'PT1H'
    query: loadTextContent('../queries/webhook-dead.kql')
  }
  {
    name: 'fault-of-ours'
    title: 'The gateway had an internal error'
    severity: 2
    every: 'PT15M'
    window: 'PT15M'
    query: loadTextContent('../queries/fault-of-ours.kql')
  }
  {
    name: 'log-cap-reached'
    title: 'The workspace accepts no more log lines today'
    severity: 1
    every: 'PT15M'
    window: 'PT1H'
    query: loadTextContent('../queries/log-cap-reached.kql')
  }
]

var metricAlertRules = [
  {
    name: 'vault-throttled'
    title: 'Key Vault throttles the gateway'
    severity: 2
    target: vaultId
    namespace: 'Microsoft.KeyVault/vaults'
    metric: 'ServiceApiResult'
    aggregation: 'Count'
    dimension: 'StatusCode'
    values: ['429', '503']
    threshold: 5
  }
  {
    name: 'storage-throttled'
    title: 'The mail account throttles the gateway'
    severity: 2
    target: mailAccountId
    namespace: 'Microsoft.Storage/storageAccounts'
    metric: 'Transactions'
    aggregation: 'Total'
    dimension: 'ResponseType'
    values: ['ClientThrottlingError', 'ClientAccountRequestThrottlingError', 'ServerBusyError']
    threshold: 20
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${environmentId}-on-call'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: take('mail-${environmentId}', 12)
    enabled: true
    emailReceivers: [for (address, index) in addresses: {
      name: 'person-${index + 1}'
      emailAddress: address
      useCommonAlertSchema: true
    }]
  }
}

resource logRules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for alert in logAlerts: {
  name: '${environmentId}-${alert.name}'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: '${environmentId}: ${alert.title}'
    description: '${alert.title}. What to do: ${runbookAddress}#${alert.name}'
    severity: alert.severity
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: alert.every
    windowSize: alert.window
    criteria: {
      allOf: [
        {
          query: alert.query
          timeAggregation: 'Count'
          operator: 'GreaterThan'
          threshold: 0
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    // A new workspace has no tables yet that the queries could be checked against.
    skipQueryValidation: true
    actions: {
      actionGroups: [people.id]
      customProperties: {
        runbook: '${runbookAddress}#${alert.name}'
      }
    }
  }
}]

resource metricRules 'Microsoft.Insights/metricAlerts@2018-03-01' = [for rule in metricAlertRules: {
  name: '${environmentId}-${rule.name}'
  location: 'global'
  tags: tags
  properties: {
    description: '${rule.title}. What to do: ${runbookAddress}#${rule.name}'
    severity: rule.severity
    enabled: true
    scopes: [rule.target]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: rule.name
          metricNamespace: rule.namespace
          metricName: rule.metric
          timeAggregation: rule.aggregation
          operator: 'GreaterThan'
          threshold: rule.threshold
          dimensions: [
            {
              name: rule.dimension
              operator: 'Include'
              values: rule.values
            }
          ]
        }
      ]
    }
    autoMitigate: true
    actions: [
      {
        actionGroupId: people.id
        webHookProperties: {
          runbook: '${runbookAddress}#${rule.name}'
        }
      }
    ]
  }
}]

// Runbook: budget-exceeded. A budget cannot carry a link.
resource budget 'Microsoft.Consumption/budgets@2024-08-01' = if (monthlyBudget > 0) {
  name: '${environmentId}-budget-exceeded'
  properties: {
    category: 'Cost'
    amount: monthlyBudget
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: budgetStart
    }
    notifications: {
      foreseen: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: []
        contactGroups: [people.id]
      }
      mostlySpent: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: []
        contactGroups: [people.id]
      }
    }
  }
}

@description('Names of all alerts; each has a section in docs/runbook.md.')
output alertNames string[] = concat(map(logAlerts, alert => alert.name), map(metricAlertRules, rule => rule.name), ['budget-exceeded'])
