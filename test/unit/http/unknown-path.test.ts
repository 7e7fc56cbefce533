import { HttpRequest } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../../lib/http/api/operation.js'
import { operations } from '../../../lib/http/api/operations.js'
import { answerUnknown } from '../../../lib/http/api/unknown-path.js'

const ask = (
  method: 'GET' | 'HEAD' | 'POST' | 'OPTIONS' | 'DELETE',
  path: string,
  headers: Record<string, string> = {},
) => {
  const { status, body, ...rest } = answerUnknown(
    new HttpRequest({ method, url: `http://localhost${path}`, headers }),
    'r1',
  )
  return { status, body: String(body), headers: rest.headers as Record<string, string> }
}

describe('host 2: where no function answers', () => {
  test.each(['/api', '/api/v2/mails', '/favicon.ico', '/api/v1/mails/a/b/c'])('%s: 404 unknown_path', (path) => {
    const { status, body, headers } = ask('GET', path)
    expect([status, headers['content-type'], headers['allow']]).toEqual([404, 'application/problem+json', undefined])
    expect(JSON.parse(body)).toMatchObject({ code: 'unknown_path', detail: expect.stringContaining('openapi.json') })
  })

  test.each((Object.values(operations) as Operation[]).map(({ route }) => route.replace(/\{\w+\}/g, 'x')))(
    'HEAD %s: 405 with the methods it takes, whatever the capitals',
    (path) => {
      const { status, body, headers } = ask('HEAD', `/${path.toUpperCase()}/`)
      expect(status).toBe(405)
      expect(headers['allow']).toMatch(/^(GET|POST|PUT|PATCH|DELETE)(, (GET|POST|PUT|PATCH|DELETE))*$/)
      expect(JSON.parse(body)).toMatchObject({ code: 'method_not_allowed' })
    },
  )

  test('several methods at one address are all named', () => {
    expect(ask('OPTIONS', '/api/v1/mailboxes').headers['allow']?.split(', ').sort()).toEqual(['GET', 'POST'])
  })

  test('a browser gets a page outside the API, and a problem document inside', () => {
    const accept = { accept: 'text/html,application/xhtml+xml' }
    const page = ask('GET', '/conect/abc', accept)
    expect([page.status, page.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(ask('GET', '/api/v1/nothing', accept).headers['content-type']).toBe('application/problem+json')
  })

  test('host 4, N4: `/` says what this is and where to go', () => {
    const { status, body, headers } = ask('GET', '/')
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    for (const path of ['/console', '/api/openapi.json', '/api/health']) expect(body).toContain(`href="${path}"`)
    expect(ask('DELETE', '/').status).toBe(404)
  })
})
