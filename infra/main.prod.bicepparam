// A gateway for customers: closed network, locks, redundant storage, one warm instance for people at the sign-in page.
// Replace the addresses before the first deployment.
using 'main.bicep'

param environmentId = 'mbg'
param publicBaseUrl = 'https://mail.example.com'
param networkIsolation = true
param resourceLocks = true
param storageRedundancy = 'Standard_ZRS'
param instanceMemoryMegabytes = 2048
param maximumInstances = 200
param alwaysReady = [
  { name: 'http', instanceCount: 1 }
]
param logRetentionDays = 90
param logDailyCapGigabytes = 10
param undeleteDays = 14
param inboundDays = 30
param alertAddresses = [
  'gateway-on-call@example.com'
]
param monthlyBudget = 500
// The month of the first deployment; it stays.
param budgetStart = '2026-12-01'
param tags = {
  stage: 'prod'
}
