/** What a deployment must not look like (SEC-36, SEC-37, SEC-44): judged on every resource it would make. */
import type { BicepFiles, Deployed, Json } from './bicep-evaluate.js'
import { at } from './infra.js'

/** Type → path → the values it may have. */
const required: Record<string, Record<string, Json[]>> = {
  'Microsoft.Storage/storageAccounts': {
    'properties.allowSharedKeyAccess': [false],
    'properties.allowBlobPublicAccess': [false],
    'properties.allowCrossTenantReplication': [false],
    'properties.isLocalUserEnabled': [false],
    'properties.minimumTlsVersion': ['TLS1_2', 'TLS1_3'],
    'properties.supportsHttpsTrafficOnly': [true],
    'properties.networkAcls.bypass': ['None'],
  },
  'Microsoft.Storage/storageAccounts/blobServices': {
    'properties.deleteRetentionPolicy.enabled': [true],
    'properties.containerDeleteRetentionPolicy.enabled': [true],
  },
  'Microsoft.Storage/storageAccounts/blobServices/containers': { 'properties.publicAccess': ['None'] },
  'Microsoft.KeyVault/vaults': {
    'properties.enableRbacAuthorization': [true],
    'properties.enableSoftDelete': [true],
    'properties.softDeleteRetentionInDays': [90],
    'properties.enablePurgeProtection': [true],
    'properties.enabledForTemplateDeployment': [false],
    'properties.networkAcls.bypass': ['None'],
  },
  'Microsoft.Web/sites': {
    'properties.httpsOnly': [true],
    'properties.siteConfig.minTlsVersion': ['1.2', '1.3'],
    'properties.siteConfig.scmMinTlsVersion': ['1.2', '1.3'],
    'properties.siteConfig.ftpsState': ['Disabled'],
    'properties.functionAppConfig.deployment.storage.authentication.type': ['UserAssignedIdentity'],
    'identity.type': ['UserAssigned'],
  },
  'Microsoft.Web/sites/basicPublishingCredentialsPolicies': { 'properties.allow': [false] },
  'Microsoft.Insights/components': { 'properties.DisableLocalAuth': [true] },
}

const nameOf = (one: Deployed): string => `infra/${one.file}: ${one.symbol} ${one.name}`

export function securityProblems(deployed: Deployed[]): string[] {
  const problems: string[] = []
  for (const one of deployed)
    for (const [path, allowed] of Object.entries(required[one.type] ?? {})) {
      const value = at(one.body, path)
      if (value === undefined || !allowed.includes(value))
        problems.push(`${nameOf(one)}: ${path} is ${JSON.stringify(value)}, must be ${allowed.join(' or ')}`)
    }
  for (const one of deployed) {
    if (at(one.body, 'properties.accessPolicies') !== undefined) problems.push(`${nameOf(one)}: has access policies`)
    for (const [path, text] of texts(one.body))
      if (/AccountKey=|SharedAccessSignature|listKeys|Password=|BEGIN [A-Z ]*PRIVATE KEY/i.test(text))
        problems.push(`${nameOf(one)}: ${path} holds a secret`)
  }
  for (const policy of ['ftp', 'scm'])
    if (!deployed.some((one) => one.type.endsWith('basicPublishingCredentialsPolicies') && one.name === policy))
      problems.push(`basic publishing over ${policy} is not switched off`)
  for (const type of ['Microsoft.KeyVault/vaults', 'Microsoft.Web/sites'])
    for (const one of deployed.filter((other) => other.type === type)) {
      const logs = deployed.find(
        (other) => other.type.endsWith('diagnosticSettings') && other.scope === `${type} ${one.name}`,
      )
      if ((at(logs?.body, 'properties.logs.0.enabled') ?? false) !== true)
        problems.push(`${nameOf(one)}: writes no log`)
    }
  const versioned = deployed.some((one) => at(one.body, 'properties.isVersioningEnabled') === true)
  if (!versioned) problems.push('the mail account keeps no versions')
  return problems
}

/** Production is closed: no way in from the internet to storage or vault, a lock on both, private names and endpoints. */
export function closedProblems(deployed: Deployed[]): string[] {
  const problems: string[] = []
  const targets = deployed.filter((one) => /storageAccounts$|vaults$/.test(one.type))
  for (const one of targets) {
    if (at(one.body, 'properties.publicNetworkAccess') !== 'Disabled')
      problems.push(`${nameOf(one)}: is open to the internet`)
    if (at(one.body, 'properties.networkAcls.defaultAction') !== 'Deny')
      problems.push(`${nameOf(one)}: lets anybody in`)
    const id = `${one.type} ${one.name}`
    if (!deployed.some((other) => other.type.endsWith('privateEndpoints') && JSON.stringify(other.body).includes(id)))
      problems.push(`${nameOf(one)}: has no private endpoint`)
    const keeps =
      one.name.includes('host') || deployed.some((other) => other.type.endsWith('/locks') && other.scope === id)
    if (!keeps) problems.push(`${nameOf(one)}: has no lock`)
  }
  const endpoints = deployed.filter((one) => one.type.endsWith('/privateEndpoints')).length
  const zoned = deployed.filter((one) => one.type.endsWith('privateDnsZoneGroups')).length
  if (endpoints === 0 || endpoints !== zoned) problems.push(`${endpoints} private endpoints, ${zoned} with a name`)
  const app = deployed.find((one) => one.type === 'Microsoft.Web/sites')
  if (!String(at(app?.body, 'properties.virtualNetworkSubnetId')).includes('subnets'))
    problems.push('the app is not in the network')
  const network = JSON.stringify(deployed.find((one) => one.type.endsWith('/virtualNetworks'))?.body ?? '')
  if (!network.includes('Microsoft.App/environments')) problems.push('the subnet of the app is not delegated')
  return problems
}

/** Role id → [who needs it, the only type of resource it may be given on]. */
const roles: Record<string, string> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Microsoft.Storage/storageAccounts sthost',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Microsoft.Storage/storageAccounts stmail',
  '974c5e8b-45b9-4653-ba55-5f855dd0fb88': 'Microsoft.Storage/storageAccounts stmail',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Microsoft.Storage/storageAccounts stmail',
  'b86a8fe4-44ce-4948-aee5-eccb2c155cd7': 'Microsoft.KeyVault/vaults kv',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Microsoft.Insights/components appi',
  'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a': 'Microsoft.Storage/storageAccounts/queueServices/queues outbound-mail',
  '8a0f0c08-91a1-4084-bc3d-661d67233fed': 'Microsoft.Storage/storageAccounts/queueServices/queues events-',
}

export function roleProblems(deployed: Deployed[]): string[] {
  const assignments = deployed.filter((one) => one.type === 'Microsoft.Authorization/roleAssignments')
  return assignments.flatMap((one) => {
    const role = String(at(one.body, 'properties.roleDefinitionId')).split('/').at(-1) ?? ''
    const [type = '', mark = ''] = (roles[role] ?? '').split(' ')
    const [scopeType, scopeName = ''] = one.scope.split(' ')
    const plainName = scopeName.replace(/^st[a-z0-9]*?(mail|host)[a-z0-9]{8}$/, 'st$1')
    if (roles[role] === undefined) return [`${nameOf(one)}: the role ${role} is not one the gateway needs`]
    if (one.scope === '') return [`${nameOf(one)}: the role ${role} is given on the resource group`]
    if (scopeType !== type || !plainName.includes(mark))
      return [`${nameOf(one)}: the role ${role} is given on ${one.scope}`]
    if (at(one.body, 'properties.principalType') === undefined) return [`${nameOf(one)}: names no principalType`]
    return []
  })
}

/** Secrets never come in as plain parameters and never go out. */
export function secretProblems({ trees, texts: files }: BicepFiles): string[] {
  const problems: string[] = []
  for (const [file, tree] of trees) {
    for (const one of tree) {
      const telling = /(secret|password|token|apikey|accesskey|sas)$/i.test(one.name)
      if (one.kind === 'param' && telling && !one.decorators.some(({ name }) => name === 'secure'))
        problems.push(`infra/${file}:${one.line}: the parameter ${one.name} is not @secure()`)
      if (one.kind === 'output' && telling) problems.push(`infra/${file}:${one.line}: puts ${one.name} out`)
    }
    if (
      /\blist(Keys|AccountSas|ServiceSas|Secrets)\(|\.(primaryKey|primaryConnectionString)\b/.test(
        files.get(file) ?? '',
      )
    )
      problems.push(`infra/${file}: reads a key`)
  }
  return problems
}

function texts(value: Json, path = ''): [string, string][] {
  if (typeof value === 'string') return [[path, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => texts(inner, path === '' ? name : `${path}.${name}`))
}
