import { createHash, randomBytes } from 'node:crypto'

/** RFC 7636 with S256: the verifier stays here (43 characters, 256 random bits), the challenge is sent. */
export function newPkce(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}
