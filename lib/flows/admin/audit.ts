import type { Caller } from '../../model/caller.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { writeLog } from '../../rows/logs.js'

interface AuditedAction {
  tenant: string
  action: string
  /** Id of what it was done to. */
  subject: string
}

/** Who changed what; ids only. */
export async function audit(deps: Toolbox, caller: Caller, { tenant, action, subject }: AuditedAction): Promise<void> {
  await writeLog(deps, 'auditlog', { tenant, action, subject, role: caller.role, keyId: caller.keyId })
}
