import type { Caller } from '../../model/caller.js'
import type { Dependencies } from '../common/dependencies.js'
import { writeLog } from '../common/log-row.js'

/** Who changed what; ids only. */
export async function audit(
  deps: Dependencies,
  caller: Caller,
  tenant: string,
  action: string,
  subject: string,
): Promise<void> {
  await writeLog(deps, 'auditlog', { tenant, action, subject, role: caller.role, keyId: caller.keyId })
}
