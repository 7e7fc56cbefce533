import type { Caller } from '../../model/caller.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { writeLog } from '../../rows/logs.js'

/** Who changed what; ids only. */
export async function audit(
  deps: Toolbox,
  caller: Caller,
  tenant: string,
  action: string,
  subject: string,
): Promise<void> {
  await writeLog(deps, 'auditlog', { tenant, action, subject, role: caller.role, keyId: caller.keyId })
}
