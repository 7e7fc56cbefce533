/** Where the deployment is, and what it reaches. */
import type { SettingRow } from './setting-row.js'

export const deploymentSettings = [
  {
    name: 'ENVIRONMENT_ID',
    field: 'environment',
    kind: 'text',
    default: 'mbg',
    pattern: /^[a-z][a-z0-9]{1,7}$/,
    binding: true,
    description:
      'Prefixes every table, queue, container and secret: a letter, then 1 to 7 letters or digits. Two deployments can share a storage account.',
  },
  {
    name: 'PUBLIC_BASE_URL',
    field: 'publicBaseUrl',
    kind: 'url',
    example: 'https://mail.example.com',
    description:
      'Address at which browsers reach the gateway; the redirect URI is this address plus /oauth/callback, for a registration of kind oauth2 with its id behind.',
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
    field: 'managedIdentityClientId',
    kind: 'text',
    default: '',
    example: '11111111-2222-3333-4444-555555555555',
    description: 'Client id of the user-assigned managed identity; empty for the system-assigned one.',
  },
  {
    name: 'KEY_VAULT_URL',
    field: 'keyVaultUrl',
    kind: 'url',
    example: 'https://vault-name.vault.azure.net',
    description: 'Key Vault that holds refresh tokens, passwords, client secrets and the seal keys.',
  },
  {
    name: 'MICROSOFT_LOGIN_ORIGIN',
    kind: 'origin',
    default: 'https://login.microsoftonline.com',
    description: "Origin of Microsoft's sign-in pages and token endpoints.",
  },
  {
    name: 'MICROSOFT_GRAPH_ORIGIN',
    kind: 'origin',
    default: 'https://graph.microsoft.com',
    description: 'Origin of Microsoft Graph.',
  },
  {
    name: 'DNS_RESOLVER_URL',
    field: 'dnsResolverUrl',
    kind: 'url',
    default: 'https://dns.google/resolve',
    description: 'DNS-over-HTTPS (JSON) resolver for the MX lookup of a new mailbox.',
  },
  {
    name: 'AUTOCONFIG_URL',
    field: 'autoconfigUrl',
    kind: 'url',
    default: 'https://autoconfig.thunderbird.net/v1.1/',
    description: 'Thunderbird autoconfig database; the gateway appends the domain.',
  },
  {
    name: 'ALLOW_LOOPBACK_MAIL_HOSTS',
    field: 'allowLoopbackMailHosts',
    kind: 'boolean',
    default: false,
    description:
      'Lets mailboxes use mail servers on this machine, on any port. The gateway refuses it where a managed identity is present.',
  },
  {
    name: 'PERMITTED_MAIL_NETWORKS',
    field: 'permittedMailNetworks',
    kind: 'text',
    default: '',
    example: '10.20.9.0/28,192.168.5.25/32',
    description:
      'Internal networks whose mail servers mailboxes of every tenant may use: CIDR blocks separated by commas. Keep them small, and never name the network of the vault, the storage or another service of the deployment.',
  },
  {
    name: 'PLAIN_TEXT_MAIL_NETWORKS',
    field: 'plainTextMailNetworks',
    kind: 'text',
    default: '',
    example: '10.20.9.4/32',
    description:
      'Those of the permitted networks whose relays may be used without encryption. It never carries a password or a token.',
  },
] as const satisfies readonly SettingRow[]
