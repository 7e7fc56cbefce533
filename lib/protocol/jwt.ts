const longestToken = 20_000

/**
 * Claims of a JWT without any verification: for judging our own tokens, never for trusting somebody. `undefined` for
 * opaque ones.
 */
export function decodeJwt(token: string): Record<string, unknown> | undefined {
  const payload = token.length > longestToken ? undefined : token.split('.')[1]
  if (payload === undefined) return undefined
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
