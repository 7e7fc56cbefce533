/**
 * Writes what is generated from the code's own tables: settings, remedies, outbound connections, sample settings and
 * the OpenAPI document.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hostSettings } from '../../lib/config/host-settings.js'
import { exampleOf } from '../../lib/config/setting-row.js'
import { adjustableName } from '../../lib/config/setting-rule.js'
import { settingsTable } from '../../lib/config/settings-table.js'
import { readConfig } from '../../lib/config.js'
import { openApi } from '../../lib/http/api/open-api.js'
import { version } from '../../lib/http/api/version.js'
import { costsPage } from './costs/costs-page.js'
import { datesPage } from './dates-page.js'
import { errorsPage } from './errors-page.js'
import { layerTable } from './layers.mjs'
import { outboundEndpoints, tenantNamedEndpoints } from './preflight/outbound-endpoints.js'
import { remedies } from './preflight/remedies.js'

const limits = {
  freely: '',
  ceiling: ', at most that of the deployment',
  floor: ', at least that of the deployment',
}

export function configurationPage(table = settingsTable): string {
  const rows = table.map((row) => {
    const bounds = row.kind === 'number' ? `${row.kind}, ${row.min} to ${row.max}` : row.kind
    const fallback = row.default === undefined ? '**required**' : row.default === '' ? 'empty' : `\`${row.default}\``
    const own = row.adjustable ? `\`${adjustableName(row.name)}\`` : ''
    const limit = row.adjustable === undefined ? '' : limits[row.adjustable]
    return `| \`${row.name}\` | ${bounds} | ${fallback} | ${own}${limit} | ${row.description} |`
  })
  return [
    '# Settings',
    '',
    'Generated from the settings table in `lib/config/` by `npm run docs`; a test compares them. All settings are app',
    'settings (environment variables). Secrets are never settings: they are in Key Vault. A start with wrong settings lists every',
    'problem at once, names the setting and never prints its value. Plain `http://` addresses are accepted only for this',
    'machine, and not at all where a managed identity is present.',
    '',
    'A tenant, a purpose of mailboxes and a single mailbox can also choose a setting that has a name in the fourth column',
    '(`PUT /api/v1/settings`, `PUT /api/v1/settings?purpose=…`, `PUT /api/v1/mailboxes/{id}/settings`). The most',
    'specific choice applies: mailbox, purpose, tenant, deployment, default; `GET` shows each value with its source. A',
    'change takes effect everywhere within a minute.',
    '',
    '| setting | kind | default | tenants and mailboxes | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Settings of the Functions host',
    '',
    'The host reads these, not the code. The deployment (`infra/`) sets them; `AzureWebJobsStorage` with a connection',
    "string replaces the first three on a developer's machine, and the last two are optional there.",
    '',
    '| setting | meaning |',
    '|---|---|',
    ...hostSettings.map((row) => `| \`${row.name}\` | ${row.description} |`),
    '',
  ].join('\n')
}

export function sampleSettings(table = settingsTable): string {
  const values: Record<string, string> = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
    AzureWebJobsDisableHomepage: 'true',
  }
  const local: Record<string, string> = {
    PUBLIC_BASE_URL: 'http://localhost:7071',
    MailStorage: 'UseDevelopmentStorage=true',
    KEY_VAULT_URL: 'http://127.0.0.1:7074',
  }
  for (const row of table) values[row.name] = local[row.name] ?? String(row.default ?? row.example)
  return `${JSON.stringify({ IsEncrypted: false, Values: values }, null, 2)}\n`
}

/** Values that only the deployment knows (`infra/modules/app.bicep` sets them), and the one it never sets. */
const setByModule: string[] = [
  'ENVIRONMENT_ID',
  'PUBLIC_BASE_URL',
  'MailStorage',
  'MailStorage__blobServiceUri',
  'MailStorage__queueServiceUri',
  'MailStorage__tableServiceUri',
  'AZURE_CLIENT_ID',
  'KEY_VAULT_URL',
]

/** What `infra/modules/app.bicep` loads: every other setting, left to its default. */
export function deployedSettings(table = settingsTable): string {
  const names = table.map((row) => row.name).filter((name) => !setByModule.includes(name))
  return `${JSON.stringify(Object.fromEntries(names.map((name) => [name, ''])), null, 2)}\n`
}

export const openApiDocument = async (): Promise<string> =>
  `${JSON.stringify(await openApi('https://mail.example.com', version), null, 2)}\n`

export function preflightPage(): string {
  const rows = Object.entries(remedies).map(([id, [meaning, cure]]) => `| \`${id}\` | ${meaning} | ${cure} |`)
  return [
    '# Preflight',
    '',
    'Generated from `local/tools/preflight/remedies.ts` by `npm run docs`; a test compares them. `npm run preflight` reads',
    '`local.settings.json`, else the environment, else what a running `npm start` wrote (`.gateway/state/local.settings.json`;',
    'with `--port` or `--state` its terminal prints the command), and says which. `npm run preflight -- --settings F` reads a',
    'file with the settings of a deployed app (docs/deploy.md). It prints pass, warn or fail for Node, settings, host names,',
    'tables, queues, blobs, vault, clock, timers, identity provider, Microsoft Graph, discovery, the public address, the',
    'redirect URI and each registration. It changes nothing. Exit code: 0 if nothing fails, 1 if something fails, 2 if',
    'it cannot start. Each line that is not a pass names one of these:',
    '',
    '| remedy | means | do |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

export function endpointsPage(): string {
  const examples = Object.fromEntries(settingsTable.map((row) => [row.name, exampleOf(row)]))
  const config = readConfig({ ...examples, MailStorage: '' })
  const rows = outboundEndpoints(config).map(
    ({ host, port, purpose, when, setting }) => `| \`${host}\` | ${port} | ${purpose} | ${when} | \`${setting}\` |`,
  )
  return [
    '# Outbound connections',
    '',
    'For firewall teams. Generated from `local/tools/preflight/outbound-endpoints.ts` by `npm run docs`; a test runs the whole',
    'story, records every connection and compares. `account` and `vault-name` stand for your own names;',
    '`npm run preflight -- --endpoints` prints the list with the names of your settings.',
    '',
    '| host | port | for | when | setting |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    'Named by tenants, public addresses only:',
    '',
    '| host | port |',
    '|---|---|',
    ...tenantNamedEndpoints.map(({ host, ports }) => `| ${host} | ${ports} |`),
    '',
    'The Functions host and the platform have connections of their own (deployment package and `AzureWebJobsStorage` in the',
    'storage account above, the managed identity on the machine itself, telemetry to the addresses in the connection string',
    'of Application Insights). This code does not make them, and the tables do not list them.',
    '',
  ].join('\n')
}

/** `page` is docs/architecture.md; only the table between its two marks is generated. */
export const architecturePage = (page: string): string =>
  page.replace(
    /(<!-- layers: [^>]* -->\n)[\s\S]*?(<!-- \/layers -->)/,
    (_, begin, end) => `${begin}\n${layerTable()}\n\n${end}`,
  )

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.cwd()
  writeFileSync(join(root, 'docs/configuration.md'), configurationPage())
  writeFileSync(join(root, 'local.settings.sample.json'), sampleSettings())
  writeFileSync(join(root, 'docs/errors.md'), errorsPage(root))
  writeFileSync(join(root, 'docs/openapi.json'), await openApiDocument())
  writeFileSync(join(root, 'infra/settings.json'), deployedSettings())
  writeFileSync(join(root, 'docs/preflight.md'), preflightPage())
  writeFileSync(join(root, 'docs/costs.md'), costsPage())
  writeFileSync(join(root, 'docs/outbound-endpoints.md'), endpointsPage())
  writeFileSync(join(root, 'docs/dates.md'), datesPage())
  const architecture = join(root, 'docs/architecture.md')
  writeFileSync(architecture, architecturePage(readFileSync(architecture, 'utf8')))
  console.log('wrote the generated pages in docs, local.settings.sample.json and infra/settings.json')
}
