// A gateway to try things with: no network of its own, no locks, the smallest instances.
using 'main.bicep'

param environmentId = 'dev'
param networkIsolation = false
param resourceLocks = false
param storageRedundancy = 'Standard_LRS'
param instanceMemoryMegabytes = 512
param maximumInstances = 40
param logRetentionDays = 30
param logDailyCapGigabytes = 1
param undeleteDays = 1
param inboundDays = 7
param settings = {
  RETENTION_DAYS: '7'
}
param tags = {
  stage: 'dev'
}
