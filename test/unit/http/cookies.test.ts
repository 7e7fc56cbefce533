import { expect, test } from 'vitest'
import { browserCookie, clearCookie, readCookie, returnCookie, setCookie } from '../../../lib/http/request/cookies.js'
import { securityHeaders } from '../../../lib/http/request/security-headers.js'

test('SEC-14: every attribute, always', () => {
  for (const cookie of [
    setCookie(browserCookie, 'a', 60),
    setCookie(returnCookie('abcdefgh'), 'v1.k.x_-~', 120),
    clearCookie(browserCookie),
  ]) {
    expect(cookie).toMatchObject({ path: '/', secure: true, httpOnly: true, sameSite: 'Lax' })
    expect(cookie.domain).toBeUndefined()
  }
  expect(clearCookie(browserCookie)).toMatchObject({ value: '', maxAge: 0 })
})

test('SEC-14: names and values that do not belong in a cookie are refused', () => {
  for (const name of ['browser', '__Host-', '__Host-a;b', '__Secure-a', '__Host-A b'])
    expect(() => setCookie(name, 'a', 1)).toThrow()
  for (const value of ['a;b', 'a b', 'a\r\nb', 'ü', 'a,b', 'x'.repeat(3_901)])
    expect(() => setCookie(browserCookie, value, 1)).toThrow()
})

test('a cookie is read whole; doubled, foreign and absent ones are not read', () => {
  expect(readCookie('a=b; __Host-browser=xyz; c=d', browserCookie)).toBe('xyz')
  for (const header of [
    null,
    '',
    'a=b',
    '__Host-browser=1; __Host-browser=2',
    '__Host-browser=',
    'x__Host-browser=1',
    '__Host-browser=a b',
  ])
    expect(readCookie(header, browserCookie)).toBeUndefined()
})

test('SEC-15: the policy allows one style and, where a button leads there, one other origin', () => {
  const policy = (formTargets?: string[]) =>
    securityHeaders({ styleHash: 'sha256-x', ...(formTargets ? { formTargets } : {}) })['content-security-policy']
  expect(policy()).toBe(
    "default-src 'none'; style-src 'sha256-x'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  )
  expect(policy(['https://login.microsoftonline.com'])).toContain(
    "form-action 'self' https://login.microsoftonline.com;",
  )
})
