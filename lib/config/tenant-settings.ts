/** What one tenant may use of an instance, and how long things last. */
import type { SettingRow } from './setting-row.js'

export const tenantSettings = [
  {
    name: 'TENANT_REQUESTS_PER_MINUTE',
    field: 'requestsPerMinute',
    kind: 'number',
    default: 30000,
    min: 10,
    max: 1000000,
    description:
      'API calls of one tenant that one instance answers per minute; further calls get 429 with Retry-After.',
  },
  {
    name: 'TENANT_MAILS_PER_MINUTE',
    field: 'mailsPerMinute',
    kind: 'number',
    default: 10000,
    min: 1,
    max: 1000000,
    description: 'Mails that one instance accepts from one tenant per minute.',
  },
  {
    name: 'TENANT_MAIL_MEGABYTES_PER_MINUTE',
    field: 'mailBytesPerMinute',
    kind: 'number',
    unit: 'megabytes',
    default: 500,
    min: 1,
    max: 1000000,
    description:
      'Megabytes of mail that one instance accepts from one tenant per minute; reading one takes up to 22 ms of a core.',
  },
  {
    name: 'TENANT_CONNECTS_PER_MINUTE',
    field: 'connectsPerMinute',
    kind: 'number',
    default: 120,
    min: 1,
    max: 100000,
    description:
      'Sign-ins, reconnect links, test mails and polls on request that one instance accepts from one tenant per minute.',
  },
  {
    name: 'RETENTION_DAYS',
    field: 'retentionDays',
    kind: 'number',
    default: 30,
    min: 1,
    max: 400,
    description: 'How long the gateway keeps final mails, received mails and log rows.',
  },
  {
    name: 'LINK_HOURS',
    field: 'linkMs',
    kind: 'number',
    unit: 'hours',
    default: 24,
    min: 1,
    max: 168,
    description: 'How long a connect link is valid.',
  },
] as const satisfies readonly SettingRow[]
