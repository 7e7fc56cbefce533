/** The code of a network fault; Node hides the socket's below fetch's "failed". */
export function netCodeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at.name === 'TimeoutError' || at.name === 'AbortError') return 'ETIMEDOUT'
    const { code } = at as { code?: unknown }
    if (code === 'UND_ERR_SOCKET') return 'ECONNRESET'
    if (typeof code === 'string') return code
  }
  return 'ECONNRESET'
}
