/**
 * Reads the settings of the table in `lib/config/`. A wrong start lists every problem at once and never a value.
 * Insecure choices (plain HTTP, loopback mail hosts) are accepted for loopback only and refused where a managed
 * identity is present.
 */
import { wrongNetworks } from './config/networks.js'
import { type Environment, type RowsRead, readRows } from './config/read-rows.js'
import type { FieldsOf } from './config/setting-row.js'
import type { SettingRule } from './config/setting-rule.js'
import { exactSettings } from './config/settings-table.js'
import { GatewayError, type Problem } from './errors.js'

type Settings = typeof exactSettings

/** The fields that the rows name, and what several rows say together. */
export interface Config extends FieldsOf<Settings> {
  storage: { connectionString: string } | { blob: string; queue: string; table: string }
  /** Real origin → where it is reached; empty in Azure. */
  origins: Record<string, string>
  /** What tenants and mailboxes may choose for themselves. */
  adjustable: SettingRule[]
}

/** Reads and checks everything; throws one GatewayError `settings_invalid` that lists every problem. */
export function readConfig(environment: Environment = process.env): Config {
  const managedIdentity = Boolean(environment['IDENTITY_ENDPOINT'])
  const read = readRows(exactSettings, environment, managedIdentity)
  const { fields, adjustable, text } = read
  const addresses = {
    blob: text('MailStorage__blobServiceUri'),
    queue: text('MailStorage__queueServiceUri'),
    table: text('MailStorage__tableServiceUri'),
  }
  const hasStorage = text('MailStorage') !== '' || Object.values(addresses).every((value) => value !== '')
  const problems = [...read.problems, ...contradictions(fields, { managedIdentity, hasStorage })]
  if (problems.length > 0) throw settingsInvalid(problems)
  return {
    ...fields,
    publicBaseUrl: fields.publicBaseUrl.replace(/\/+$/, ''),
    storage: text('MailStorage') === '' ? addresses : { connectionString: text('MailStorage') },
    origins: originsOf(text),
    adjustable,
  }
}

/** What no row can see alone. */
function contradictions(
  fields: FieldsOf<Settings>,
  { managedIdentity, hasStorage }: { managedIdentity: boolean; hasStorage: boolean },
): Problem[] {
  const { allowLoopbackMailHosts, pollMinMs, pollMaxMs } = fields
  const problems = networkProblems(fields)
  if (!hasStorage)
    problems.push({
      field: 'MailStorage',
      message:
        'is missing. Set it, or all three of MailStorage__blobServiceUri, MailStorage__queueServiceUri and MailStorage__tableServiceUri.',
    })
  if (managedIdentity && allowLoopbackMailHosts)
    problems.push({
      field: 'ALLOW_LOOPBACK_MAIL_HOSTS',
      message:
        "must not be true in Azure: it opens the platform's own loopback services to tenants. Remove the setting.",
    })
  if (pollMinMs > pollMaxMs)
    problems.push({ field: 'POLL_MIN_SECONDS', message: 'is greater than POLL_MAX_SECONDS. Lower it.' })
  return problems
}

function networkProblems({ permittedMailNetworks: text, plainTextMailNetworks }: FieldsOf<Settings>): Problem[] {
  const permitted = wrongNetworks(text)
  const plain = wrongNetworks(plainTextMailNetworks, { setting: 'PERMITTED_MAIL_NETWORKS', text })
  const example = 'Example: 10.20.9.0/28'
  return [
    ...(permitted ? [{ field: 'PERMITTED_MAIL_NETWORKS', message: `${permitted} ${example}` }] : []),
    ...(plain ? [{ field: 'PLAIN_TEXT_MAIL_NETWORKS', message: `${plain} ${example}` }] : []),
  ]
}

function originsOf(text: RowsRead<Settings>['text']): Record<string, string> {
  const origins: Record<string, string> = {}
  const map = (real: string, reachedAt: string): void => {
    const reached = new URL(reachedAt).origin
    if (reached !== real) origins[real] = reached
  }
  map('https://login.microsoftonline.com', text('MICROSOFT_LOGIN_ORIGIN'))
  map('https://graph.microsoft.com', text('MICROSOFT_GRAPH_ORIGIN'))
  // Upload sessions of Graph live on Outlook's host; where Graph is reached elsewhere, so are they.
  const graph = origins['https://graph.microsoft.com']
  if (graph !== undefined)
    for (const origin of ['https://outlook.office.com', 'https://outlook.office365.com']) origins[origin] = graph
  return origins
}

function settingsInvalid(problems: Problem[]): GatewayError {
  return new GatewayError('settings_invalid', 'needs-admin', {
    hint: 'operator',
    status: 500,
    description: `${problems.length} setting${problems.length === 1 ? ' is' : 's are'} wrong: ${problems.map((problem) => `${problem.field} ${problem.message}`).join(' · ')}`,
    remedy: 'Correct the named settings (docs/configuration.md) and start again.',
    problems,
  })
}
