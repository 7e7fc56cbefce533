import type { receivingSettings } from '../config/receiving-settings.js'
import type { sendingSettings } from '../config/sending-settings.js'
import type { FieldsOf } from '../config/setting-row.js'
import type { SettingRule } from '../config/setting-rule.js'
import type { tenantSettings } from '../config/tenant-settings.js'

type Rows = readonly [...typeof receivingSettings, ...typeof sendingSettings, ...typeof tenantSettings]

/** What flows read of the deployment's settings: all that is about mail and tenants, and how it is reached. */
export interface FlowConfig extends FieldsOf<Rows> {
  publicBaseUrl: string
  /** Real origin → where the browser reaches it (local mode); empty in Azure. */
  origins: Record<string, string>
  /** What tenants and mailboxes may choose for themselves. */
  adjustable: readonly SettingRule[]
}
