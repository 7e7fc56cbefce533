/** Every host the gateway opens a connection to, from its settings: for firewall teams and for the DNS check. */
import type { Config } from '../../../lib/config.js'

export interface OutboundEndpoint {
  host: string
  port: number
  purpose: string
  /** When it is contacted: each minute, or only for mailboxes or actions that need it. */
  when: 'always' | 'microsoft' | 'connecting' | 'large-attachments'
  /** Setting that moves it elsewhere. */
  setting: string
}

type StorageKind = 'blob' | 'queue' | 'table'

/**
 * Hosts that are fixed by settings. Mail servers and webhooks that tenants name come on top: `tenantNamedEndpoints`.
 */
export function outboundEndpoints(config: Config): OutboundEndpoint[] {
  const reached = (origin: string): string => config.origins[origin] ?? origin
  const rows: [url: string, purpose: string, when: OutboundEndpoint['when'], setting: string][] = [
    [storageUrl(config, 'blob'), 'raw mails and cursors', 'always', 'MailStorage__blobServiceUri'],
    [storageUrl(config, 'queue'), 'work and events', 'always', 'MailStorage__queueServiceUri'],
    [storageUrl(config, 'table'), 'everything the gateway remembers', 'always', 'MailStorage__tableServiceUri'],
    [config.keyVaultUrl, 'refresh tokens, passwords, client secrets, seal keys', 'always', 'KEY_VAULT_URL'],
    [
      reached('https://login.microsoftonline.com'),
      'sign-in and tokens of Microsoft accounts',
      'microsoft',
      'MICROSOFT_LOGIN_ORIGIN',
    ],
    [
      reached('https://graph.microsoft.com'),
      'sending and receiving through Microsoft Graph',
      'microsoft',
      'MICROSOFT_GRAPH_ORIGIN',
    ],
    ...['https://outlook.office.com', 'https://outlook.office365.com'].map(
      (origin): [string, string, OutboundEndpoint['when'], string] => [
        reached(origin),
        'attachments above 3 MB, at the address Microsoft Graph answers',
        'large-attachments',
        'MICROSOFT_GRAPH_ORIGIN',
      ],
    ),
    [config.dnsResolverUrl, 'mail servers of a new mailbox: MX records', 'connecting', 'DNS_RESOLVER_URL'],
    [config.autoconfigUrl, 'mail servers of a new mailbox: autoconfig database', 'connecting', 'AUTOCONFIG_URL'],
  ]
  return rows.map(([url, purpose, when, setting]) => {
    const { hostname, port, protocol } = new URL(url)
    return { host: hostname, port: Number(port || (protocol === 'http:' ? 80 : 443)), purpose, when, setting }
  })
}

/** What tenants may name besides; the addresses are public ones only (no internal network can be reached). */
export const tenantNamedEndpoints = [
  {
    host: 'IMAP servers of password and OAuth 2.0 mailboxes; outlook.office365.com for Microsoft accounts',
    ports: '993, 143',
  },
  {
    host: 'SMTP servers of password and OAuth 2.0 mailboxes; smtp.office365.com for Microsoft accounts',
    ports: '465, 587, 25',
  },
  { host: 'OAuth 2.0 servers of registrations of kind oauth2: metadata, tokens, userinfo', ports: '443' },
  { host: 'webhook addresses', ports: '443' },
] as const

/** `UseDevelopmentStorage=true` stands for the emulator's well-known ports. */
const developmentPorts: Record<StorageKind, number> = { blob: 10_000, queue: 10_001, table: 10_002 }

function storageUrl({ storage }: Config, kind: StorageKind): string {
  if (!('connectionString' in storage)) return storage[kind]
  const parts = new Map(
    storage.connectionString
      .split(';')
      .map((part) => part.split(/=(.*)/s))
      .map(([name = '', value = '']) => [name.toLowerCase(), value]),
  )
  if (parts.get('usedevelopmentstorage') === 'true') return `http://127.0.0.1:${developmentPorts[kind]}`
  const suffix = parts.get('endpointsuffix') ?? 'core.windows.net'
  return parts.get(`${kind}endpoint`) ?? `https://${parts.get('accountname')}.${kind}.${suffix}`
}
