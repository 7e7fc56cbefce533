/**
 * Every setting of the gateway, in the order of the documents. The table drives the parser (`lib/config.ts`),
 * `docs/configuration.md`, `local.settings.sample.json` and the parity test with `infra/`.
 */
import { deploymentSettings } from './deployment-settings.js'
import { receivingSettings } from './receiving-settings.js'
import { sendingSettings } from './sending-settings.js'
import type { SettingRow } from './setting-row.js'
import { tenantSettings } from './tenant-settings.js'

export const settingsTable: readonly SettingRow[] = [
  ...deploymentSettings,
  ...receivingSettings,
  ...sendingSettings,
  ...tenantSettings,
]
