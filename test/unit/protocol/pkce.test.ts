import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { newPkce } from '../../../lib/protocol/pkce.js'

test('SEC-06: ten thousand verifiers have length, alphabet and challenge of RFC 7636, and are all different', () => {
  const seen = new Set<string>()
  for (let count = 0; count < 10_000; count++) {
    const { verifier, challenge } = newPkce()
    if (!/^[A-Za-z0-9._~-]{43,128}$/.test(verifier)) throw new Error(verifier)
    if (challenge !== createHash('sha256').update(verifier).digest('base64url')) throw new Error(challenge)
    seen.add(verifier)
  }
  expect(seen.size).toBe(10_000)
})
