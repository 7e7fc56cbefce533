/**
 * The last net: a fault that nothing caught (docs/decisions/0016-the-last-net.md).
 *
 * A connection's fault goes on the account of that connection: whoever uses it sees it end, or runs into its time
 * limit, and the process of all tenants goes on. After any other fault nobody knows what state the process is in, so it
 * must not write another row or hand over another mail: it ends at once, like one whose machine was taken away. The
 * platform starts another, leases expire, and a mail in hand-over is looked for before anybody sends it again.
 *
 * Either way one line is logged, with code and place and without a message: messages may carry data, and the host's own
 * handler, which this one takes the place of, would write them down.
 */
import { placeOf } from './errors.js'
import type { Log } from './log.js'
import { endPeerSession } from './peer-session.js'

/** Installed once per process; one that somebody else has installed stays. */
export function lastNet(log: Log): void {
  if (process.hasUncaughtExceptionCaptureCallback()) return
  // Nobody reads the lines any more: the host is gone. A line about that would fail the same way, and so on for ever.
  for (const output of [process.stdout, process.stderr]) output.on('error', () => process.exit(1))
  // Unhandled rejections arrive here too: Node raises them as exceptions.
  process.setUncaughtExceptionCaptureCallback((fault) => {
    let goesOn = false
    try {
      goesOn = endPeerSession(fault) || isOfConnection(fault)
      log.error('uncaught-fault', { code: codeOf(fault), fault: placeOf(fault), ends: !goesOn })
    } finally {
      if (!goesOn) process.exit(1)
    }
  })
}

/** Of a socket that no session of ours holds: of storage, vault, identity provider, Graph. */
function isOfConnection(fault: unknown): boolean {
  return (fault as NodeJS.ErrnoException | null)?.syscall === 'connect' || connectionCodes.test(codeOf(fault))
}

const connectionCodes =
  /^(E(CONN(RESET|REFUSED|ABORTED)|HOST(UNREACH|DOWN)|NET(UNREACH|DOWN|RESET)|ADDRNOTAVAIL|TIMEDOUT|PIPE|PROTO|NOTFOUND|AI_AGAIN)|ERR_SSL_\w+|ERR_TLS_\w+|UND_ERR_\w+)$/

function codeOf(fault: unknown): string {
  const code = (fault as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^\w{1,60}$/.test(code) ? code : 'none'
}
