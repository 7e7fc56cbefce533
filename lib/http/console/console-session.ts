/**
 * The console's session is its cookie, sealed by the gateway: the API key, an end, and the id of the session's row. The
 * row is what a sign-out removes, so that a copied cookie is worth nothing afterwards; a revoked key ends them all. The
 * form token is derived from a secret inside the seal; a page of another origin can neither read the cookie nor compute
 * it.
 */
import { createHmac } from 'node:crypto'
import type { Cookie } from '@azure/functions'
import { newId, newSecret } from '../../model/ids.js'
import { sameText } from '../../protocol/same-text.js'

const sessionCookieName = '__Host-console'
export const sessionMs = 8 * 3_600_000
const associated = 'cookie/console'

/** What the session needs of the gateway's sealer; `open` throws for anything it did not seal. */
export interface SessionSealer {
  seal(plain: string, associated: string): string
  open(text: string, associated: string): Uint8Array
}

export interface Session {
  /** Names the session's row. */
  id: string
  credential: string
  /** Milliseconds. */
  until: number
  /** Never leaves the sealed value; form tokens are derived from it. */
  secret: string
}

/** A session of 8 hours from `now` (milliseconds). */
export function newSession(credential: string, now: number): Session {
  return { id: newId(), credential, until: now + sessionMs, secret: newSecret() }
}

export function sealSession(sealer: SessionSealer, session: Session): string {
  return sealer.seal(JSON.stringify(session), associated)
}

/** Undefined for a value that was not sealed here, was changed, belongs elsewhere or is over. */
export function openSession(sealer: SessionSealer, value: string, now: number): Session | undefined {
  if (value === '') return undefined
  try {
    const session = JSON.parse(Buffer.from(sealer.open(value, associated)).toString()) as Session
    return session.until > now && typeof session.id === 'string' ? session : undefined
  } catch {
    return undefined
  }
}

/** The anti-CSRF token of a session, for every form of its pages. */
export function formToken(session: Pick<Session, 'secret'>): string {
  return createHmac('sha256', session.secret).update('console-form').digest('base64url')
}

export function isFormToken(session: Pick<Session, 'secret'>, given: string): boolean {
  return sameText(given, formToken(session))
}

/** `__Host-` needs Secure, Path=/ and no Domain (SEC-14). */
export function sessionCookie(value: string): Cookie {
  return {
    name: sessionCookieName,
    value,
    path: '/',
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
    maxAge: sessionMs / 1000,
  }
}

/** Ends the session in this browser. */
export function endedSessionCookie(): Cookie {
  return { ...sessionCookie('ended'), maxAge: 0, expires: new Date(0) }
}

/** The session's value in a `cookie` header; empty when absent or given twice. */
export function sessionValue(header: string | null): string {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${sessionCookieName}=`))
    .map((pair) => pair.slice(sessionCookieName.length + 1))
  if (values.length !== 1) return ''
  try {
    return decodeURIComponent(values[0] ?? '')
  } catch {
    return ''
  }
}
