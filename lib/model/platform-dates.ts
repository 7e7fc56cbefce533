/**
 * What the gateway depends on and when its support ends: one table for the page `docs/dates.md`, for the test that
 * fails six months before an end, and for the deployed app, which tells its operators. Dates are the vendors'; each row
 * names its source, last read on `readOn`. A row may be accepted although its end is near: it then says why, and until
 * when nobody needs to look again.
 */
export interface PlatformDate {
  /** `thing@version`, as the repository names it: `node@24`, `actions/checkout@v7`, `Microsoft.Web@2025-03-01`. */
  id: string
  what: string
  /** Last day, ISO; empty: no end was announced. */
  ends: string
  /** What to do before that day. */
  action: string
  /**
   * Who is told besides the page: operators of a deployment that uses it, the owner of a mailbox, or the developers.
   */
  told: 'operators' | 'mailbox owners' | 'developers'
  source: string
  /** Why an end that is near, or past, is all right; ISO day until which that holds. */
  accepted?: { until: string; why: string }
}

export const readOn = '2026-11-30'

const node = (
  major: number,
  ends: string,
  more: Pick<PlatformDate, 'action'> & Partial<PlatformDate>,
): PlatformDate => ({
  id: `node@${major}`,
  what: `Node.js ${major}`,
  ends,
  told: 'operators',
  source: 'https://github.com/nodejs/release#release-schedule',
  ...more,
})

/** A management API of Azure that `infra/` speaks; Azure announces an end a year before. */
const azureApi = (id: string, more: Partial<PlatformDate> = {}): PlatformDate => ({
  id,
  what: `Management API of ${id.split('@')[0]}`,
  ends: '',
  action: 'Raise the version in infra/, compare the properties, and check the what-if of the next deployment.',
  told: 'developers',
  source: 'https://learn.microsoft.com/azure/templates/',
  ...more,
})

/** An action of the workflow. GitHub ends a major when the Node inside it ends. */
const action = (id: string): PlatformDate => ({
  id,
  what: `GitHub action ${id.split('@')[0]}, runs on Node.js 24`,
  ends: '2028-04-30',
  action: 'Use the next major version in .github/workflows/ci.yml; Dependabot proposes it.',
  told: 'developers',
  source: `https://github.com/${id.split('@')[0]}/releases`,
})

export const platformDates: readonly PlatformDate[] = [
  node(20, '2026-04-30', {
    action: 'Install Node.js 24.',
    accepted: {
      until: '2027-06-30',
      why: 'Never deployed: developers may still run and test with it.',
    },
  }),
  node(22, '2027-04-30', {
    action: 'Deploy with `nodeVersion` 24; nothing else changes.',
    accepted: {
      until: '2027-04-30',
      why: 'A deployment runs 24 unless it chose 22; a card and an alert tell one that did.',
    },
  }),
  node(24, '2028-04-30', {
    action: 'Add the next even version to `nodeVersion`, run the test suite on it, then make it the default.',
  }),
  {
    id: 'functions-host@4',
    what: 'Azure Functions host 4',
    ends: '',
    action: 'Follow the migration guide of the next version; the functions use the Node.js model v4.',
    told: 'operators',
    source: 'https://learn.microsoft.com/azure/azure-functions/functions-versions',
  },
  {
    id: 'extension-bundle@4',
    what: 'Azure Functions extension bundle 4 (queue trigger)',
    ends: '',
    action: 'Raise the range in host.json and run the queue tests with Core Tools.',
    told: 'operators',
    source: 'https://learn.microsoft.com/azure/azure-functions/functions-bindings-register#extension-bundles',
  },
  {
    id: 'smtp-auth@password',
    what: 'SMTP AUTH with a password at Exchange Online',
    ends: '2026-12-31',
    action: 'The mailbox owner must open a reconnect link and reconnect the mailbox with Microsoft.',
    told: 'mailbox owners',
    source: 'https://aka.ms/exchangesmtpauthdeprecation',
    accepted: {
      until: '2027-06-30',
      why: 'Off by default from then on, but an administrator may turn it on; Microsoft is to name the final day in the second half of 2027. Each such mailbox carries a warning. Other mail servers keep passwords.',
    },
  },
  {
    id: 'tls@1.2',
    what: 'TLS 1.2, the oldest the gateway speaks or accepts',
    ends: '',
    action: 'Raise the minimum in infra/ and in the mail transports.',
    told: 'developers',
    source: 'https://learn.microsoft.com/purview/tls-1-2-in-office-365-gcc',
  },
  {
    id: 'graph@v1.0',
    what: 'Microsoft Graph v1.0',
    ends: '',
    action: 'Microsoft announces the end of a Graph version two years in advance.',
    told: 'developers',
    source: 'https://learn.microsoft.com/graph/versioning-and-support',
  },
  {
    id: '@microsoft/microsoft-graph-client@3.0.7',
    what: 'Client library of Microsoft Graph; no release since 2023',
    ends: '',
    action: 'Keep it in its one file (lib/transports/), so that a successor can replace it there.',
    told: 'developers',
    source: 'https://github.com/microsoftgraph/msgraph-sdk-javascript/releases',
  },
  azureApi('Microsoft.KeyVault@2026-02-01', {
    action: 'None before it end on 2027-02-27; raise the version when a newer one is required.',
    source: 'https://learn.microsoft.com/azure/key-vault/general/migrate-api-version',
  }),
  azureApi('Microsoft.Authorization@2020-05-01'),
  azureApi('Microsoft.Authorization@2022-04-01'),
  azureApi('Microsoft.Consumption@2024-08-01'),
  azureApi('Microsoft.Insights@2018-03-01'),
  azureApi('Microsoft.Insights@2020-02-02'),
  azureApi('Microsoft.Insights@2021-05-01-preview'),
  azureApi('Microsoft.Insights@2023-01-01'),
  azureApi('Microsoft.Insights@2023-06-01'),
  azureApi('Microsoft.Insights@2023-12-01'),
  azureApi('Microsoft.ManagedIdentity@2024-11-30'),
  azureApi('Microsoft.Network@2024-06-01'),
  azureApi('Microsoft.Network@2025-07-01'),
  azureApi('Microsoft.OperationalInsights@2025-07-01'),
  azureApi('Microsoft.Resources@2025-04-01'),
  azureApi('Microsoft.Storage@2025-08-01'),
  azureApi('Microsoft.Web@2025-03-01'),
  action('actions/checkout@v7'),
  action('actions/upload-artifact@v7'),
  action('actions/download-artifact@v8'),
  action('azure/login@v3'),
]

const dayMs = 86_400_000

/** Whole days until the end of the last day; negative once it is past, undefined when no end was announced. */
export function daysLeft({ ends }: Pick<PlatformDate, 'ends'>, now: number): number | undefined {
  return ends === '' ? undefined : Math.floor((Date.parse(ends) + dayMs - now) / dayMs)
}

/** Six months. */
export const nearDays = 183

export const isNear = (date: PlatformDate, now: number): boolean => (daysLeft(date, now) ?? nearDays + 1) <= nearDays

export const isAccepted = ({ accepted }: PlatformDate, now: number): boolean =>
  accepted !== undefined && now < Date.parse(accepted.until) + dayMs
