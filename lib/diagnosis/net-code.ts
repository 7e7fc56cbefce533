/** Of zlib, of Node's HTTP parser and of undici: bytes came, and are no answer. */
const unreadable =
  /^(?:Z_|HPE_|ERR_(?:BROTLI|_ERROR_FORMAT)|ERR_ENCODING|UND_ERR_(?:RES|HEADERS_OVERFLOW|ZLIB|INVALID_RET))/

/** The code of a network fault; Node hides the socket's below fetch's "failed". */
export function netCodeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    if (at.name === 'TimeoutError' || at.name === 'AbortError') return 'ETIMEDOUT'
    const { code } = at as { code?: unknown }
    // Node 24 gives this one no code.
    if (at.name === 'HTTPParserError') return 'UNREADABLE_ANSWER'
    if (code === 'UND_ERR_SOCKET') return 'ECONNRESET'
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') return 'ETIMEDOUT'
    if (typeof code === 'string' && unreadable.test(code)) return 'UNREADABLE_ANSWER'
    if (typeof code === 'string') return code
  }
  return 'ECONNRESET'
}
