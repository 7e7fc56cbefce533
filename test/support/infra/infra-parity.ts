/** Whether `infra/` makes what the code uses: names of storage, settings of the app (M-004, M-006, M-011). */
import { hostSettings } from '../../../lib/config/host-settings.js'
import { settingsTable } from '../../../lib/config/settings-table.js'
import { readConfig } from '../../../lib/config.js'
import { GatewayError } from '../../../lib/errors.js'
import { containerNames, queueNames, storageNames, tableNames } from '../../../lib/model/names.js'
import type { Deployed, Json } from './bicep-evaluate.js'
import { at } from './infra.js'

/** Settings that the platform refuses on Flex Consumption or that it sets itself. */
export const forbiddenOnFlex = [
  'FUNCTIONS_WORKER_RUNTIME',
  'FUNCTIONS_EXTENSION_VERSION',
  'WEBSITE_RUN_FROM_PACKAGE',
  'WEBSITE_CONTENTAZUREFILECONNECTIONSTRING',
  'WEBSITE_CONTENTSHARE',
  'WEBSITE_NODE_DEFAULT_VERSION',
  'SCM_DO_BUILD_DURING_DEPLOYMENT',
  'ENABLE_ORYX_BUILD',
  'WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT',
  'WEBSITE_TIME_ZONE',
  'TZ',
  'WEBSITE_LOAD_CERTIFICATES',
]

export function nameProblems(deployed: Deployed[], environment: string): string[] {
  const names = storageNames(environment)
  const of = (type: string): string[] =>
    deployed.filter((one) => one.type === `Microsoft.Storage/storageAccounts/${type}`).map((one) => one.name)
  const mine = (name: string): boolean => name !== `${environment}-package`
  return [
    ...compare('tables', of('tableServices/tables'), [...tableNames.map((one) => names.table(one)), names.holders]),
    ...compare(
      'containers',
      of('blobServices/containers').filter(mine),
      containerNames.map((one) => names.container(one)),
    ),
    ...compare(
      'queues',
      of('queueServices/queues'),
      queueNames.flatMap((one) => [names.queue(one), `${names.queue(one)}-poison`]),
    ),
  ]
}

export function appSettings(deployed: Deployed[]): Record<string, Json> {
  const found = deployed.find((one) => one.type === 'Microsoft.Web/sites/config' && one.name === 'appsettings')
  return (at(found?.body, 'properties') ?? {}) as Record<string, Json>
}

export function settingProblems(settings: Record<string, Json>): string[] {
  // A connection string would be a secret: in Azure the three addresses and the identity stand for it.
  const wanted = settingsTable.map((row) => row.name).filter((name) => name !== 'MailStorage')
  const problems = [
    ...compare('settings', Object.keys(settings), [...wanted, ...hostSettings.map((row) => row.name)]),
    ...forbiddenOnFlex.filter((name) => name in settings).map((name) => `settings: ${name} is forbidden on this plan`),
  ]
  const environment = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]))
  try {
    readConfig({ ...environment, ...withoutBrackets(environment), IDENTITY_ENDPOINT: 'http://169.254.1.1' })
  } catch (error) {
    const found = error instanceof GatewayError ? (error.problems ?? []) : []
    problems.push(...found.map((problem) => `settings: ${problem.field} ${problem.message}`))
  }
  return problems
}

/** What only Azure knows, as something of the same form. */
function withoutBrackets(environment: Record<string, string>): Record<string, string> {
  const known = Object.entries(environment).map(([name, value]) => [name, value.replace(/<[^>]*>/g, 'known-later')])
  return Object.fromEntries(known) as Record<string, string>
}

function compare(what: string, found: string[], wanted: readonly string[]): string[] {
  return [
    ...wanted.filter((name) => !found.includes(name)).map((name) => `${what}: ${name} is missing in infra`),
    ...found.filter((name) => !wanted.includes(name)).map((name) => `${what}: ${name} is not known to the code`),
    ...found.filter((name, index) => found.indexOf(name) !== index).map((name) => `${what}: ${name} is there twice`),
  ]
}
