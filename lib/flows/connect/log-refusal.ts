import type { GatewayError } from '../../errors.js'
import type { Toolbox } from '../../ports/toolbox.js'
import { writeLog } from '../../rows/logs.js'
import type { StoredSignIn } from '../../rows/sign-ins.js'

/**
 * A refused attempt, under the request id that its page shows: the provider's or server's own words, and by which they
 * find it in their logs (M-127). Pages never show them (SEC-11). Without a sign-in nobody's log takes the row.
 */
export async function logRefusal(
  deps: Toolbox,
  { signIn, requestId }: { signIn: StoredSignIn | undefined; requestId: string },
  { code, peerLine, trace }: GatewayError,
): Promise<void> {
  deps.log.warn('sign-in-refused', { signInId: signIn?.id, tenant: signIn?.tenant, code, requestId })
  if (signIn === undefined) return
  const traces = Object.entries(trace ?? {}).map(([name, value]) => `${name}=${value}`)
  await writeLog(deps, 'auditlog', {
    tenant: signIn.tenant,
    action: 'sign-in-refused',
    subject: signIn.id,
    code,
    requestId,
    ...(peerLine ? { peerLine } : {}),
    ...(traces.length > 0 ? { trace: traces.join(' ') } : {}),
    failed: true,
  })
}
