/**
 * Reads the settings of the table in `lib/config/`. A wrong start lists every problem at once and never a value.
 * Insecure choices (plain HTTP, loopback mail hosts) are accepted for loopback only and refused where a managed
 * identity is present.
 */
import { type AdjustableSetting, adjustableSetting } from './config/adjustable-setting.js'
import type { SettingRow } from './config/setting-row.js'
import { settingsTable } from './config/settings-table.js'
import { wrongValue } from './config/wrong-value.js'
import { GatewayError, type Problem } from './errors.js'

export interface Config {
  environment: string
  publicBaseUrl: string
  storage: { connectionString: string } | { blob: string; queue: string; table: string }
  managedIdentityClientId: string
  keyVaultUrl: string
  /** Real origin → where it is reached; empty in Azure. */
  origins: Record<string, string>
  dnsResolverUrl: string
  autoconfigUrl: string
  allowLoopbackMailHosts: boolean
  firstSyncDays: number
  pollMinMs: number
  pollMaxMs: number
  mailsPerPoll: number
  maxMailBytes: number
  maxRecipients: number
  retryBaseMs: number
  retryCapMs: number
  deadlineMs: number
  afterReceive: string
  whenUnknown: 'stop' | 'resend'
  keepSubject: 'yes' | 'no'
  messagesPerSession: number
  laneSeconds: number
  laneMails: number
  recipientsPerDay: number
  tenantLimits: {
    requestsPerMinute: number
    mailsPerMinute: number
    mailBytesPerMinute: number
    connectsPerMinute: number
  }
  retentionDays: number
  linkMs: number
  /** What tenants and mailboxes may choose for themselves. */
  adjustable: AdjustableSetting[]
}

type Environment = Record<string, string | undefined>

/** Reads and checks everything; throws one GatewayError `settings_invalid` that lists every problem. */
export function readConfig(environment: Environment = process.env): Config {
  const problems: Problem[] = []
  const managedIdentity = Boolean(environment['IDENTITY_ENDPOINT'])
  const values = new Map<string, string>()
  for (const row of settingsTable) {
    const value = environment[row.name] ?? ''
    const problem = value === '' ? missing(row) : wrongValue(row, value, managedIdentity)
    if (problem) problems.push({ field: row.name, message: `${problem} Example: ${row.example}` })
    values.set(row.name, value === '' ? (row.default ?? '') : value)
  }
  const text = (name: string): string => values.get(name) ?? ''
  const number = (name: string): number => Number(text(name))
  const addresses = {
    blob: text('MailStorage__blobServiceUri'),
    queue: text('MailStorage__queueServiceUri'),
    table: text('MailStorage__tableServiceUri'),
  }
  const hasAddresses = Object.values(addresses).every((value) => value !== '')
  if (text('MailStorage') === '' && !hasAddresses)
    problems.push({
      field: 'MailStorage',
      message:
        'is missing. Set it, or all three of MailStorage__blobServiceUri, MailStorage__queueServiceUri and MailStorage__tableServiceUri.',
    })
  if (managedIdentity && text('ALLOW_LOOPBACK_MAIL_HOSTS') === 'true')
    problems.push({
      field: 'ALLOW_LOOPBACK_MAIL_HOSTS',
      message:
        "must not be true in Azure: it opens the platform's own loopback services to tenants. Remove the setting.",
    })
  if (number('POLL_MIN_SECONDS') > number('POLL_MAX_SECONDS'))
    problems.push({ field: 'POLL_MIN_SECONDS', message: 'is greater than POLL_MAX_SECONDS. Lower it.' })
  if (problems.length > 0) throw settingsInvalid(problems)
  const origins: Record<string, string> = {}
  const map = (real: string, setting: string): void => {
    const reached = new URL(text(setting)).origin
    if (reached !== real) origins[real] = reached
  }
  map('https://login.microsoftonline.com', 'MICROSOFT_LOGIN_ORIGIN')
  map('https://graph.microsoft.com', 'MICROSOFT_GRAPH_ORIGIN')
  // Upload sessions of Graph live on Outlook's host; where Graph is reached elsewhere, so are they.
  const graph = origins['https://graph.microsoft.com']
  if (graph !== undefined)
    for (const origin of ['https://outlook.office.com', 'https://outlook.office365.com']) origins[origin] = graph
  return {
    environment: text('ENVIRONMENT_ID'),
    publicBaseUrl: text('PUBLIC_BASE_URL').replace(/\/+$/, ''),
    storage: text('MailStorage') === '' ? addresses : { connectionString: text('MailStorage') },
    managedIdentityClientId: text('AZURE_CLIENT_ID'),
    keyVaultUrl: text('KEY_VAULT_URL'),
    origins,
    dnsResolverUrl: text('DNS_RESOLVER_URL'),
    autoconfigUrl: text('AUTOCONFIG_URL'),
    allowLoopbackMailHosts: text('ALLOW_LOOPBACK_MAIL_HOSTS') === 'true',
    firstSyncDays: number('FIRST_SYNC_DAYS'),
    pollMinMs: number('POLL_MIN_SECONDS') * 1000,
    pollMaxMs: number('POLL_MAX_SECONDS') * 1000,
    mailsPerPoll: number('MAILS_PER_POLL'),
    maxMailBytes: number('MAX_MAIL_BYTES'),
    maxRecipients: number('MAX_RECIPIENTS'),
    retryBaseMs: number('RETRY_BASE_SECONDS') * 1000,
    retryCapMs: number('RETRY_CAP_SECONDS') * 1000,
    deadlineMs: number('MAIL_DEADLINE_HOURS') * 3_600_000,
    afterReceive: text('AFTER_RECEIVE'),
    whenUnknown: text('WHEN_UNKNOWN') === 'resend' ? 'resend' : 'stop',
    keepSubject: text('KEEP_SUBJECT') === 'yes' ? 'yes' : 'no',
    messagesPerSession: number('MESSAGES_PER_SESSION'),
    laneSeconds: number('LANE_SECONDS'),
    laneMails: number('LANE_MAILS'),
    recipientsPerDay: number('RECIPIENTS_PER_DAY'),
    tenantLimits: {
      requestsPerMinute: number('TENANT_REQUESTS_PER_MINUTE'),
      mailsPerMinute: number('TENANT_MAILS_PER_MINUTE'),
      mailBytesPerMinute: number('TENANT_MAIL_MEGABYTES_PER_MINUTE') * 1_000_000,
      connectsPerMinute: number('TENANT_CONNECTS_PER_MINUTE'),
    },
    retentionDays: number('RETENTION_DAYS'),
    linkMs: number('LINK_HOURS') * 3_600_000,
    adjustable: settingsTable
      .filter((row) => row.adjustable)
      .map((row) => adjustableSetting(row, text(row.name), (environment[row.name] ?? '') !== '')),
  }
}

function missing(row: SettingRow): string | undefined {
  return row.default === undefined ? 'is missing.' : undefined
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
