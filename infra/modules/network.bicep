// The gateway's own network: a subnet for the app's outbound traffic, a subnet of private endpoints, their names. All
// outbound traffic goes through a NAT gateway: subnets have no internet access of their own, and a mail server with an
// allow list needs to know only one address.

@description('Name of the virtual network.')
param name string

@description('Region of all resources.')
param location string

@description('Address range of the network (CIDR); at least /24.')
@minLength(9)
@maxLength(18)
param addressRange string

@description('Resource id of the mail account.')
param mailAccountId string

@description('Resource id of the host account.')
param hostAccountId string

@description('Resource id of the vault.')
param vaultId string

@description('Tags of all resources.')
param tags object

var endpoints = [
  { name: 'mail-blob', target: mailAccountId, group: 'blob', zone: 0 }
  { name: 'mail-queue', target: mailAccountId, group: 'queue', zone: 1 }
  { name: 'mail-table', target: mailAccountId, group: 'table', zone: 2 }
  { name: 'host-blob', target: hostAccountId, group: 'blob', zone: 0 }
  { name: 'vault', target: vaultId, group: 'vault', zone: 3 }
]
var zoneNames = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  'privatelink.vaultcore.azure.net'
]

resource publicAddress 'Microsoft.Network/publicIPAddresses@2025-07-01' = {
  name: '${name}-out'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    publicIPAllocationMethod: 'Static'
    publicIPAddressVersion: 'IPv4'
  }
}

resource gateway 'Microsoft.Network/natGateways@2025-07-01' = {
  name: '${name}-nat'
  location: location
  tags: tags
  sku: {
    name: 'Standard'
  }
  properties: {
    idleTimeoutInMinutes: 10
    publicIpAddresses: [
      { id: publicAddress.id }
    ]
  }
}

resource network 'Microsoft.Network/virtualNetworks@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: {
      addressPrefixes: [addressRange]
    }
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressRange, 26, 0)
          defaultOutboundAccess: false
          natGateway: {
            id: gateway.id
          }
          delegations: [
            {
              name: 'functions'
              properties: {
                serviceName: 'Microsoft.App/environments'
              }
            }
          ]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressRange, 26, 1)
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Enabled'
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = {
    name: 'app'
  }

  resource endpointSubnet 'subnets' existing = {
    name: 'endpoints'
  }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zone in zoneNames: {
  name: zone
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zone, index) in zoneNames: {
  parent: zones[index]
  name: name
  location: 'global'
  tags: tags
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: network.id
    }
  }
}]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-07-01' = [for endpoint in endpoints: {
  name: '${name}-${endpoint.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: network::endpointSubnet.id
    }
    privateLinkServiceConnections: [
      {
        name: endpoint.name
        properties: {
          privateLinkServiceId: endpoint.target
          groupIds: [endpoint.group]
        }
      }
    ]
  }
}]

resource zoneGroups 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-07-01' = [for (endpoint, index) in endpoints: {
  parent: privateEndpoints[index]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: endpoint.group
        properties: {
          privateDnsZoneId: zones[endpoint.zone].id
        }
      }
    ]
  }
}]

@description('Resource id of the subnet for the app\'s outbound traffic.')
output appSubnetId string = network::appSubnet.id

@description('Fixed address from which the app reaches mail servers.')
output outboundAddress string = publicAddress.properties.ipAddress
