import { createPrivateKey, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import type { Directory } from '../directory.js'

export interface SigningKey {
  publicJwk: JWK
  /** RS256, `kid` in the header. */
  sign(claims: Record<string, unknown>): Promise<string>
  /** Claims of a token with a good signature of this key; time is not looked at. */
  verify(token: string): Record<string, unknown> | undefined
}

// Making an RSA key takes a third of a second, so all directories born in this process share one.
let processKey: Promise<JWK> | undefined

/** The key of this directory; made once and kept with it, so that tokens outlive a restart. */
export async function signingKey(directory: Pick<Directory, 'signingKey'>): Promise<SigningKey> {
  processKey ??= newPrivateJwk()
  directory.signingKey ??= { ...(await processKey), kid: 'entra-emulator-1' }
  const jwk = directory.signingKey as JWK
  const { kty, n, e, kid } = jwk
  const privateKey = createPrivateKey({ key: jwk as Record<string, unknown>, format: 'jwk' })
  const publicKey = createPublicKey(privateKey)
  // The same token comes with every request; its signature does not change.
  const proven = new Map<string, Record<string, unknown>>()
  const header = { alg: 'RS256', typ: 'JWT', kid: String(kid) }
  return {
    publicJwk: { kty: kty!, n: n!, e: e!, kid: String(kid), use: 'sig', alg: 'RS256' },
    sign: (claims) => new SignJWT(claims).setProtectedHeader(header).sign(privateKey),
    verify: (token) => {
      const known = proven.get(token)
      if (known) return known
      const claims = verified(token, publicKey)
      if (proven.size >= 10_000) proven.clear()
      if (claims) proven.set(token, claims)
      return claims
    },
  }
}

async function newPrivateJwk(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return exportJWK(privateKey)
}

// Synchronous on purpose: mail servers ask in the middle of a protocol step.
function verified(token: string, publicKey: KeyObject): Record<string, unknown> | undefined {
  const [header, payload, signature] = token.split('.')
  if (!header || !payload || !signature) return undefined
  const good = verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), publicKey, Buffer.from(signature, 'base64url'))
  return good ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>) : undefined
}
