import { expect, test } from 'vitest'
import {
  endedSessionCookie,
  formToken,
  isFormToken,
  newSession,
  openSession,
  sealSession,
  sessionCookie,
  sessionMs,
  sessionValue,
} from '../../../lib/http/console/console-session.js'
import { sealer } from '../../../lib/protocol/seal.js'

const seals = sealer([{ id: '202611', key: new Uint8Array(32).fill(7) }])
const at = Date.UTC(2026, 10, 21)

test('SEC-14: the session cookie is __Host-, Secure, HttpOnly, Lax, Path=/ and without Domain', () => {
  for (const cookie of [sessionCookie('x'), endedSessionCookie()]) {
    expect(cookie).toMatchObject({ name: '__Host-console', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
    expect(cookie).not.toHaveProperty('domain')
  }
  expect(endedSessionCookie().expires).toEqual(new Date(0))
})

test('a session opens until its end and only untouched', () => {
  const session = newSession('mbg_acme_abcdefgh_key', at)
  const value = sealSession(seals, session)
  expect(value).not.toContain('mbg_')
  expect(openSession(seals, value, at + sessionMs - 1)).toEqual(session)
  expect(openSession(seals, value, at + sessionMs)).toBeUndefined()
  // Never the character that stands there: one value in some hundred does end in any two that are chosen beforehand.
  const touched = value.slice(0, -3) + (value.at(-3) === 'A' ? 'B' : 'A') + value.slice(-2)
  expect(openSession(seals, touched, at)).toBeUndefined()
  expect(openSession(seals, seals.seal(JSON.stringify(session), 'another/place'), at)).toBeUndefined()
  expect(openSession(seals, '', at)).toBeUndefined()
})

test('SEC-15: a form token belongs to one session', () => {
  const [mine, other] = [newSession('a', at), newSession('a', at)]
  expect(isFormToken(mine, formToken(mine))).toBe(true)
  expect(isFormToken(mine, formToken(other))).toBe(false)
  expect(isFormToken(mine, '')).toBe(false)
})

test('the cookie header: found among others; twice is none', () => {
  expect(sessionValue('a=1; __Host-console=v1.x.y%3D; b=2')).toBe('v1.x.y=')
  expect(sessionValue('__Host-console=a; __Host-console=b')).toBe('')
  expect(sessionValue('__Host-console=%E0%A4%A')).toBe('')
  expect(sessionValue(null)).toBe('')
})
