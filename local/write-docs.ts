/** Writes what is generated from the code's own tables: the settings page, the sample settings and the OpenAPI document. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { adjustableName, hostSettings, type SettingRow, settingsTable } from '../lib/config.js'
import { openApi } from '../lib/http/open-api.js'
import { version } from '../lib/http/version.js'
import { errorsPage } from './errors-page.js'

export function configurationPage(): string {
  const rows = (settingsTable as readonly SettingRow[]).map((row) => {
    const bounds = row.kind === 'number' ? `${row.kind}, ${row.min} to ${row.max}` : row.kind
    const fallback = row.default === undefined ? '**required**' : row.default === '' ? 'empty' : `\`${row.default}\``
    const own = row.adjustable ? `\`${adjustableName(row.name)}\`` : ''
    const bound = { ceiling: ', at most that of the deployment', floor: ', at least that of the deployment' }
    const limit = row.bound === undefined ? '' : bound[row.bound]
    return `| \`${row.name}\` | ${bounds} | ${fallback} | ${own}${limit} | ${row.description} |`
  })
  return [
    '# Settings',
    '',
    'Generated from the settings table in `lib/config.ts` by `npm run docs`; a test compares them. All settings are app',
    'settings (environment variables). Secrets are never settings: they live in Key Vault. A wrong start lists every',
    'problem at once, names the setting and never prints its value. Plain `http://` addresses are accepted for this',
    'machine only, and not at all where a managed identity is present.',
    '',
    'A setting with a name in the fourth column can also be chosen by a tenant, by a purpose of mailboxes and by a single',
    'mailbox (`PUT /api/v1/settings`, `PUT /api/v1/settings?purpose=…`, `PUT /api/v1/mailboxes/{id}/settings`). The most',
    'specific choice counts: mailbox, purpose, tenant, deployment, default; `GET` shows each value with its source. A',
    'change counts everywhere within a minute.',
    '',
    '| setting | kind | default | tenants and mailboxes | meaning |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    '## Settings of the Functions host',
    '',
    'Read by the host, not by the code. The deployment (`infra/`) sets them; `AzureWebJobsStorage` with a connection',
    "string stands for the first five on a developer's machine, and the last two are optional there.",
    '',
    '| setting | meaning |',
    '|---|---|',
    ...hostSettings.map((row) => `| \`${row.name}\` | ${row.description} |`),
    '',
  ].join('\n')
}

export function sampleSettings(): string {
  const values: Record<string, string> = {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  }
  const local: Record<string, string> = {
    PUBLIC_BASE_URL: 'http://localhost:7071',
    MailStorage: 'UseDevelopmentStorage=true',
    KEY_VAULT_URL: 'http://127.0.0.1:7074',
  }
  for (const row of settingsTable as readonly SettingRow[])
    values[row.name] = local[row.name] ?? row.default ?? row.example
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
export function deployedSettings(): string {
  const names = settingsTable.map((row) => row.name).filter((name) => !setByModule.includes(name))
  return `${JSON.stringify(Object.fromEntries(names.map((name) => [name, ''])), null, 2)}\n`
}

export const openApiDocument = async (): Promise<string> =>
  `${JSON.stringify(await openApi('https://mail.example.com', version), null, 2)}\n`

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = process.cwd()
  writeFileSync(join(root, 'docs/configuration.md'), configurationPage())
  writeFileSync(join(root, 'local.settings.sample.json'), sampleSettings())
  writeFileSync(join(root, 'docs/errors.md'), errorsPage())
  writeFileSync(join(root, 'docs/openapi.json'), await openApiDocument())
  writeFileSync(join(root, 'infra/settings.json'), deployedSettings())
  console.log('wrote docs/configuration.md, docs/openapi.json, local.settings.sample.json and infra/settings.json')
}
