/**
 * Every setting of the gateway, in the order of the documents. The table drives `Config` and its parser
 * (`lib/config.ts`), what tenants and mailboxes may adjust, `docs/configuration.md`, `local.settings.sample.json`,
 * `infra/settings.json` and the parity test with `infra/`.
 */
import { deploymentSettings } from './deployment-settings.js'
import { receivingSettings } from './receiving-settings.js'
import { sendingSettings } from './sending-settings.js'
import type { SettingRow } from './setting-row.js'
import { tenantSettings } from './tenant-settings.js'

/** With the literal types that `Config` is made of. */
export const exactSettings = [
  ...deploymentSettings,
  ...receivingSettings,
  ...sendingSettings,
  ...tenantSettings,
] as const

export const settingsTable: readonly SettingRow[] = exactSettings
