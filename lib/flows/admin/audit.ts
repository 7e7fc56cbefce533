import type { Caller } from '../../model/caller.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { mapInBatches } from '../../rows/delete-rows.js'
import { writeLog } from '../../rows/logs.js'

interface AuditedAction {
  tenant: string
  action: string
  /** Ids of what it was done to; a row for each, or one without any. */
  subjects: readonly string[]
}

/** Who changed what; ids only. */
export async function audit(deps: Toolbox, caller: Caller, { tenant, action, subjects }: AuditedAction): Promise<void> {
  const { role, keyId } = caller
  await mapInBatches(subjects.length === 0 ? [''] : subjects, (subject) =>
    writeLog(deps, 'auditlog', { tenant, action, subject, role, keyId }),
  )
}
