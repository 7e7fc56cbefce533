import type { AfterReceive } from '../../model/mailbox.js'
import { parseAfterReceive } from '../../model/mailbox-settings.js'
import { adjustSettings } from '../../model/setting.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { tenantSettings } from '../../rows/settings.js'

/**
 * Will received mail of a mailbox to be stay as it is at the server? Then reading is all that is asked for (M-140).
 * `after`: its own choice, which counts before what the tenant's settings say.
 */
export async function staysAtServer(deps: Toolbox, tenant: string, after?: AfterReceive): Promise<boolean> {
  const { afterReceive } = adjustSettings(deps.config, [(await tenantSettings(deps, tenant)).tenant])
  return (after ?? parseAfterReceive(afterReceive)).action === 'leave'
}
