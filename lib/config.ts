/**
 * Every setting of the gateway in one table: the table drives this parser, `docs/configuration.md`,
 * `local.settings.sample.json` and the parity test with `infra/`. A wrong start lists every problem at once and never a
 * value. Insecure choices (plain HTTP, loopback mail hosts) are accepted for loopback only and refused where a managed
 * identity is present.
 */
import { GatewayError, type Problem } from './errors.js'

type Kind = 'text' | 'number' | 'boolean' | 'url' | 'origin'

export interface SettingRow {
  name: string
  kind: Kind
  /** Undefined: required. */
  default?: string
  /** Inclusive bounds of numbers. */
  min?: number
  max?: number
  pattern?: RegExp
  /** The pattern in words. */
  form?: string
  example: string
  description: string
  /** Read by the Functions host too (bindings), so it must be an app setting of exactly this name. */
  binding?: boolean
  /** Tenants, purposes and mailboxes may choose their own value, under the name in camel case. */
  adjustable?: boolean
  /** What the deployment says is also the most or the least that they may choose. */
  bound?: 'ceiling' | 'floor'
}

export const settingsTable = [
  {
    name: 'ENVIRONMENT_ID',
    kind: 'text',
    default: 'mbg',
    pattern: /^[a-z][a-z0-9]{1,7}$/,
    example: 'mbg',
    binding: true,
    description:
      'Prefixes every table, queue, container and secret: a letter, then 1 to 7 letters or digits. Two deployments can share a storage account.',
  },
  {
    name: 'PUBLIC_BASE_URL',
    kind: 'url',
    example: 'https://mail.example.com',
    description: 'Address under which browsers reach the gateway; the redirect URI is this plus /oauth/callback.',
  },
  {
    name: 'MailStorage',
    kind: 'text',
    default: '',
    example: 'UseDevelopmentStorage=true',
    binding: true,
    description:
      'Storage connection string. Leave empty in Azure and set the three MailStorage__… addresses, which use the managed identity.',
  },
  {
    name: 'MailStorage__blobServiceUri',
    kind: 'text',
    default: '',
    example: 'https://account.blob.core.windows.net',
    binding: true,
    description: 'Blob endpoint, used with the managed identity.',
  },
  {
    name: 'MailStorage__queueServiceUri',
    kind: 'text',
    default: '',
    example: 'https://account.queue.core.windows.net',
    binding: true,
    description: 'Queue endpoint, used with the managed identity.',
  },
  {
    name: 'MailStorage__tableServiceUri',
    kind: 'text',
    default: '',
    example: 'https://account.table.core.windows.net',
    binding: true,
    description: 'Table endpoint, used with the managed identity.',
  },
  {
    name: 'AZURE_CLIENT_ID',
    kind: 'text',
    default: '',
    example: '11111111-2222-3333-4444-555555555555',
    description: 'Client id of the user-assigned managed identity; empty for the system-assigned one.',
  },
  {
    name: 'KEY_VAULT_URL',
    kind: 'url',
    example: 'https://vault-name.vault.azure.net',
    description: 'Key Vault that holds refresh tokens, passwords, client secrets and the seal keys.',
  },
  {
    name: 'MICROSOFT_LOGIN_ORIGIN',
    kind: 'origin',
    default: 'https://login.microsoftonline.com',
    example: 'https://login.microsoftonline.com',
    description: 'Where sign-in pages and token endpoints of Microsoft are reached.',
  },
  {
    name: 'MICROSOFT_GRAPH_ORIGIN',
    kind: 'origin',
    default: 'https://graph.microsoft.com',
    example: 'https://graph.microsoft.com',
    description: 'Where Microsoft Graph is reached.',
  },
  {
    name: 'DNS_RESOLVER_URL',
    kind: 'url',
    default: 'https://dns.google/resolve',
    example: 'https://dns.google/resolve',
    description: 'DNS over HTTPS (JSON) resolver for the MX look-up of a new mailbox.',
  },
  {
    name: 'AUTOCONFIG_URL',
    kind: 'url',
    default: 'https://autoconfig.thunderbird.net/v1.1/',
    example: 'https://autoconfig.thunderbird.net/v1.1/',
    description: 'Thunderbird autoconfig database; the domain is appended.',
  },
  {
    name: 'ALLOW_LOOPBACK_MAIL_HOSTS',
    kind: 'boolean',
    default: 'false',
    example: 'false',
    description:
      'Lets mailboxes use mail servers on this machine, with any port. Refused where a managed identity is present.',
  },
  {
    name: 'FIRST_SYNC_DAYS',
    kind: 'number',
    default: '7',
    min: 0,
    max: 365,
    example: '7',
    description: 'How many days back the first poll of a mailbox looks.',
    adjustable: true,
  },
  {
    name: 'POLL_MIN_SECONDS',
    kind: 'number',
    default: '60',
    min: 1,
    max: 86400,
    example: '60',
    description: 'Shortest poll interval, used after activity.',
    adjustable: true,
    bound: 'floor',
  },
  {
    name: 'POLL_MAX_SECONDS',
    kind: 'number',
    default: '900',
    min: 1,
    max: 86400,
    example: '900',
    description: 'Longest poll interval of a quiet mailbox.',
    adjustable: true,
  },
  {
    name: 'MAILS_PER_POLL',
    kind: 'number',
    default: '200',
    min: 1,
    max: 1000,
    example: '200',
    description: 'Mails fetched from one mailbox in one poll; the rest follows at once in the next.',
    adjustable: true,
    bound: 'ceiling',
  },
  {
    name: 'AFTER_RECEIVE',
    kind: 'text',
    default: 'leave',
    pattern: /^(leave|mark-read|delete|move:[^\u0000-\u001f\u007f]{1,200})$/,
    form: 'leave, mark-read, delete or move:Folder',
    example: 'leave',
    description: 'What happens at the server to a mail that was handed over: leave, mark-read, delete or move:Folder.',
    adjustable: true,
  },
  {
    name: 'MAX_MAIL_BYTES',
    kind: 'number',
    default: '36700160',
    min: 1024,
    max: 157286400,
    example: '36700160',
    description: 'Largest mail accepted for sending or fetched when receiving, in bytes of MIME.',
    adjustable: true,
    bound: 'ceiling',
  },
  {
    name: 'MAX_RECIPIENTS',
    kind: 'number',
    default: '500',
    min: 1,
    max: 1000,
    example: '500',
    description: 'Recipients (to, cc and bcc) of one mail.',
    adjustable: true,
    bound: 'ceiling',
  },
  {
    name: 'RETRY_BASE_SECONDS',
    kind: 'number',
    default: '30',
    min: 1,
    max: 3600,
    example: '30',
    description: 'First wait after a transient failure; doubles with full jitter.',
  },
  {
    name: 'RETRY_CAP_SECONDS',
    kind: 'number',
    default: '3600',
    min: 1,
    max: 86400,
    example: '3600',
    description: 'Longest wait between two attempts.',
  },
  {
    name: 'MAIL_DEADLINE_HOURS',
    kind: 'number',
    default: '72',
    min: 1,
    max: 720,
    example: '72',
    description: 'A mail that could not be sent for so long is given up.',
    adjustable: true,
  },
  {
    name: 'WHEN_UNKNOWN',
    kind: 'text',
    default: 'stop',
    pattern: /^(stop|resend)$/,
    form: 'stop or resend',
    example: 'stop',
    description:
      'What happens to a mail of unknown outcome that says nothing itself: stop (a person decides) or resend (may arrive twice).',
    adjustable: true,
  },
  {
    name: 'MESSAGES_PER_SESSION',
    kind: 'number',
    default: '3',
    min: 1,
    max: 1000,
    example: '3',
    description: 'Mails sent over one SMTP session before a new one is opened.',
    adjustable: true,
  },
  {
    name: 'LANE_SECONDS',
    kind: 'number',
    default: '60',
    min: 5,
    max: 300,
    example: '60',
    description: 'How long one worker drains one mailbox before it lets go.',
  },
  {
    name: 'LANE_MAILS',
    kind: 'number',
    default: '50',
    min: 1,
    max: 1000,
    example: '50',
    description: 'How many mails one worker sends for one mailbox before it lets go.',
  },
  {
    name: 'RECIPIENTS_PER_DAY',
    kind: 'number',
    default: '100000',
    min: 1,
    max: 10000000,
    example: '100000',
    description:
      'Recipients to whom one mailbox sends within a day; what is more waits for the next. Exchange Online: 10,000.',
    adjustable: true,
    bound: 'ceiling',
  },
  {
    name: 'TENANT_REQUESTS_PER_MINUTE',
    kind: 'number',
    default: '30000',
    min: 10,
    max: 1000000,
    example: '30000',
    description: 'API calls of one tenant that one instance answers in a minute; more get 429 with Retry-After.',
  },
  {
    name: 'TENANT_MAILS_PER_MINUTE',
    kind: 'number',
    default: '10000',
    min: 1,
    max: 1000000,
    example: '10000',
    description: 'Mails that one instance accepts from one tenant in a minute.',
  },
  {
    name: 'TENANT_MAIL_MEGABYTES_PER_MINUTE',
    kind: 'number',
    default: '2000',
    min: 1,
    max: 1000000,
    example: '2000',
    description: 'Megabytes of mail that one instance accepts from one tenant in a minute.',
  },
  {
    name: 'TENANT_CONNECTS_PER_MINUTE',
    kind: 'number',
    default: '120',
    min: 1,
    max: 100000,
    example: '120',
    description: 'Sign-ins, reconnect links, test mails and polls on request of one tenant in a minute and instance.',
  },
  {
    name: 'RETENTION_DAYS',
    kind: 'number',
    default: '30',
    min: 1,
    max: 400,
    example: '30',
    description: 'How long final mails, received mails and log rows are kept.',
  },
  {
    name: 'LINK_HOURS',
    kind: 'number',
    default: '24',
    min: 1,
    max: 168,
    example: '24',
    description: 'How long a connect link works.',
  },
] as const satisfies readonly SettingRow[]

/**
 * App settings that the Functions host reads and our code does not. The deployment sets them; a
 * connection string in `AzureWebJobsStorage` replaces the first three on a developer's machine.
 */
export const hostSettings = [
  { name: 'AzureWebJobsStorage__blobServiceUri', description: "Blob endpoint of the host's own storage account." },
  { name: 'AzureWebJobsStorage__credential', description: '`managedidentity`: no key is kept anywhere.' },
  { name: 'AzureWebJobsStorage__clientId', description: 'Client id of the identity the host uses for its storage.' },
  { name: 'MailStorage__credential', description: '`managedidentity`, for the triggers on the mail queues.' },
  { name: 'MailStorage__clientId', description: 'Client id of the identity the triggers use.' },
  {
    name: 'APPLICATIONINSIGHTS_CONNECTION_STRING',
    description: 'Where log lines go. No secret: the component takes lines from identities with a role only.',
  },
  { name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING', description: 'The identity under which log lines are sent.' },
] as const

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

export interface AdjustableSetting {
  name: string
  kind: 'text' | 'number'
  default: string | number
  /** The deployment's value. */
  value: string | number
  /** The deployment says so itself, instead of leaving the default. */
  chosen: boolean
  min?: number
  max?: number
  description: string
  /** Why a value cannot be had, with the limit and the cure. */
  wrong(value: unknown): string | undefined
}

type Environment = Record<string, string | undefined>

const isLoopback = (url: URL): boolean => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)

/** Reads and checks everything; throws one GatewayError `settings_invalid` that lists every problem. */
export function readConfig(environment: Environment = process.env): Config {
  const problems: Problem[] = []
  const managedIdentity = Boolean(environment['IDENTITY_ENDPOINT'])
  const values = new Map<string, string>()
  for (const row of settingsTable as readonly SettingRow[]) {
    const value = environment[row.name] ?? ''
    const problem = value === '' ? missing(row) : wrong(row, value, managedIdentity)
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
    adjustable: (settingsTable as readonly SettingRow[])
      .filter((row) => row.adjustable)
      .map((row) => adjustable(row, text(row.name), (environment[row.name] ?? '') !== '')),
  }
}

/** Name of an adjustable setting for tenants and mailboxes: FIRST_SYNC_DAYS → firstSyncDays. */
export const adjustableName = (name: string): string =>
  name.toLowerCase().replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

function adjustable(row: SettingRow, deployed: string, chosen: boolean): AdjustableSetting {
  const isNumber = row.kind === 'number'
  const typed = (text: string): string | number => (isNumber ? Number(text) : text)
  const min = row.bound === 'floor' ? Number(deployed) : row.min
  const max = row.bound === 'ceiling' ? Number(deployed) : row.max
  return {
    name: adjustableName(row.name),
    kind: isNumber ? 'number' : 'text',
    default: typed(row.default ?? ''),
    value: typed(deployed),
    chosen,
    ...(isNumber && min !== undefined && max !== undefined ? { min, max } : {}),
    description: row.description,
    wrong(value) {
      if (typeof value !== (isNumber ? 'number' : 'string'))
        return isNumber ? `must be a whole number from ${min} to ${max}.` : `must be ${row.form}.`
      const narrowed = { ...row, ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) }
      return wrong(narrowed, String(value), false)
    },
  }
}

function missing(row: SettingRow): string | undefined {
  return row.default === undefined ? 'is missing.' : undefined
}

function wrong(row: SettingRow, value: string, managedIdentity: boolean): string | undefined {
  if (value.startsWith('@Microsoft.KeyVault('))
    return "is an unresolved Key Vault reference; check the identity's role on the vault."
  if (row.kind === 'number') {
    const number = Number(value)
    if (!Number.isInteger(number) || number < (row.min ?? 0) || number > (row.max ?? Number.MAX_SAFE_INTEGER))
      return `must be a whole number from ${row.min} to ${row.max}.`
  }
  if (row.kind === 'boolean' && value !== 'true' && value !== 'false') return 'must be true or false.'
  if (row.pattern && !row.pattern.test(value))
    return row.form === undefined ? 'does not have the allowed form.' : `must be ${row.form}.`
  if (row.kind === 'url' || row.kind === 'origin') return wrongUrl(row.kind, value, managedIdentity)
  return undefined
}

function wrongUrl(kind: Kind, value: string, managedIdentity: boolean): string | undefined {
  if (!URL.canParse(value)) return 'is not a URL.'
  const url = new URL(value)
  if (url.username !== '' || url.password !== '') return 'must not contain a user name or password.'
  if (kind === 'origin' && (url.pathname !== '/' || url.search !== '')) return 'must be an origin without a path.'
  if (url.protocol === 'https:') return undefined
  if (url.protocol !== 'http:') return 'must begin with https://.'
  if (!isLoopback(url)) return 'must begin with https://; plain http is allowed for this machine only.'
  return managedIdentity ? 'must begin with https:// in Azure.' : undefined
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
