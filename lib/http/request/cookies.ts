import type { Cookie } from '@azure/functions'

/**
 * The only cookies of the gateway: bound to this host, unreadable to scripts, absent from cross-site posts (SEC-14).
 */

const namePattern = /^__Host-[a-z0-9-]{1,40}$/
// The host escapes other characters on the way out and nobody undoes it on the way in.
const valuePattern = /^[A-Za-z0-9._~-]{0,3900}$/

export const browserCookie = '__Host-browser'
export const returnCookie = (short: string): string => `__Host-return-${short}`
/** A day, like the longest link. */
export const browserSeconds = 86_400

/** Value of a cookie of the request; `undefined` when it is absent, doubled or not of our alphabet. */
export function readCookie(header: string | null, name: string): string | undefined {
  const values = (header ?? '')
    .slice(0, 32_768)
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
  return values.length === 1 && values[0] !== '' && valuePattern.test(values[0]!) ? values[0] : undefined
}

/** A cookie for the answer; throws for names and values that do not belong in one. */
export function setCookie(name: string, value: string, maxAgeSeconds: number): Cookie {
  if (!namePattern.test(name) || !valuePattern.test(value)) throw new Error('Not a cookie of the gateway')
  return { name, value, maxAge: Math.floor(maxAgeSeconds), path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }
}

export const clearCookie = (name: string): Cookie => ({ ...setCookie(name, '', 0), expires: new Date(0) })
