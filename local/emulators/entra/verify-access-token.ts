import type { EntraState } from './entra-state.js'
import { resourceNamed } from './scopes.js'

export interface AccessTokenClaims {
  /** Absent for an application's own token. */
  upn?: string
  oid: string
  tid: string
  appid: string
  /** `https://graph.microsoft.com` or `https://outlook.office.com`, whatever its cloud calls it. */
  aud: string
  /** Delegated scopes, space separated. */
  scp: string
  /** Application roles. */
  roles: string[]
  /** Seconds since the epoch. */
  exp: number
}

/** Claims of a token this emulator signed, still valid and not revoked; otherwise `undefined`. */
export function verifyAccessToken(state: EntraState, token: string): AccessTokenClaims | undefined {
  const claims = state.key.verify(token)
  if (!claims?.['appid'] || typeof claims['exp'] !== 'number') return undefined
  if (claims['exp'] * 1000 <= state.now()) return undefined
  const upn = claims['upn'] as string | undefined
  const notBefore = upn ? (state.accessTokensNotBefore.get(upn.toLowerCase()) ?? 0) : 0
  if ((claims['iat'] as number) * 1000 < notBefore) return undefined
  return {
    ...(upn ? { upn } : {}),
    oid: String(claims['oid']),
    tid: String(claims['tid']),
    appid: String(claims['appid']),
    aud: resourceNamed(String(claims['aud']), state.resources),
    scp: String(claims['scp'] ?? ''),
    roles: (claims['roles'] as string[] | undefined) ?? [],
    exp: claims['exp'],
  }
}
