// What azd asks for, plus the optional variables of `azd env set`. Lists are separated by commas, e.g. the operators' own
// public addresses, without which nobody outside the network reads the first operator key.
using 'azd.bicep'

param resourceGroupName = readEnvironmentVariable('AZURE_RESOURCE_GROUP', 'rg-${readEnvironmentVariable('AZURE_ENV_NAME')}')
param location = readEnvironmentVariable('AZURE_LOCATION')
param environmentId = readEnvironmentVariable('GATEWAY_ENVIRONMENT_ID', 'mbg')
param publicBaseUrl = readEnvironmentVariable('GATEWAY_PUBLIC_BASE_URL', '')
param networkIsolation = bool(readEnvironmentVariable('GATEWAY_NETWORK_ISOLATION', 'true'))
param nodeVersion = readEnvironmentVariable('GATEWAY_NODE_VERSION', '24')
param resourceLocks = bool(readEnvironmentVariable('GATEWAY_RESOURCE_LOCKS', 'true'))
param vaultAllowedAddresses = readEnvironmentVariable('GATEWAY_VAULT_ADDRESSES', '')
param alertAddresses = readEnvironmentVariable('GATEWAY_ALERT_ADDRESSES', '')
