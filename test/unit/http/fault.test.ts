/** A fault of ours in any handler (SEC-39): a generic answer, one line, and never a way on. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type HttpHandler, HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { apiHandler } from '../../../lib/http/api/api-handler.js'
import { operations } from '../../../lib/http/api/operations.js'
import { consoleSignIn } from '../../../lib/http/console/console-handler.js'

const canary = 'canary-3f9a SELECT * FROM secrets'
const folder = fileURLToPath(new URL('../../../functions', import.meta.url))
const overHttp = readdirSync(folder).filter((file) =>
  /app\.http\(|apiFunction\(/.test(readFileSync(join(folder, file), 'utf8')),
)
/** They read nothing of the request. */
const deaf = ['health.ts', 'version.ts', 'openapi-show.ts']

/** Whatever is asked of it, something breaks in a way nobody foresaw. */
const breaking = new Proxy({} as HttpRequest, {
  get() {
    throw new TypeError(canary)
  },
})

function listening() {
  const lines: string[] = []
  const note = (...words: unknown[]) => void lines.push(words.map(String).join(' '))
  const context = { error: note, warn: note, info: note, log: note, trace: note, debug: note }
  return { lines, context: context as unknown as InvocationContext }
}

const names = ['PUBLIC_BASE_URL', 'MailStorage', 'KEY_VAULT_URL'] as const
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]))
beforeAll(async () => {
  const nobody = 'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5'
  const at = (kind: string) => `${kind}Endpoint=http://127.0.0.1:9/a`
  process.env['PUBLIC_BASE_URL'] = 'http://localhost:9'
  process.env['KEY_VAULT_URL'] = 'http://127.0.0.1:9'
  process.env['MailStorage'] = [nobody, at('Blob'), at('Queue'), at('Table')].join(';')
  // Reading the sources and wiring them takes its time, which is not that of the first test.
  for (const file of overHttp) await import(join(folder, file))
  await (await import('../../../lib/gateway.js')).gateway()
})
afterAll(() => {
  for (const name of names)
    if (before[name] === undefined) delete process.env[name]
    else process.env[name] = before[name]
})

describe('SEC-39: errors', () => {
  test.each(overHttp.filter((file) => !deaf.includes(file)))(
    '%s answers a fault without its text, and logs it once',
    async (file) => {
      const module = (await import(join(folder, file))) as Record<string, HttpHandler>
      const handler = Object.values(module).find((one) => typeof one === 'function')!
      const { lines, context } = listening()
      const answer = (await handler(breaking, context)) as HttpResponseInit
      // The console asks the vault for the key of its cookies first, and nobody is there.
      expect(file.startsWith('console-') ? [500, 503] : [500]).toContain(answer.status)
      const headers = answer.headers as Record<string, string>
      expect(headers['x-request-id']).toMatch(/^[a-z2-7]{26}$/)
      expect(headers['cache-control']).toBe('no-store')
      for (const text of [String(answer.body), JSON.stringify(headers)]) {
        expect(text).not.toMatch(/canary|SELECT|TypeError|\.ts:|at Object/)
      }
      expect(String(answer.body)).toContain(headers['x-request-id'])
      expect(lines).toHaveLength(1)
      expect(lines[0]).toContain(headers['x-request-id'])
      expect(lines[0]).not.toContain('canary')
    },
  )

  test('every other function over HTTP is known not to look at its request', () => {
    expect(overHttp).toEqual(expect.arrayContaining(deaf))
    for (const file of overHttp)
      expect(readFileSync(join(folder, file), 'utf8'), file).toMatch(
        /\b(apiFunction|pageHandler|consoleHandler|consoleActionHandler|consoleSignIn as signIn|consoleSignOut as signOut)\b/,
      )
  })

  test('M-127: a request that is refused leaves one line with the request id that its caller was shown', async () => {
    const refusing = {
      authenticate: async () => {
        throw new GatewayError('unauthenticated', 'permanent', {
          status: 401,
          description: 'Nobody.',
          remedy: 'Sign in.',
        })
      },
      readTenant: async () => ({}),
      admit: () => {},
      audit: async () => {},
    }
    const handler = apiHandler(
      async () => refusing,
      operations.tenantShow,
      async () => ({ id: 'acme', name: 'Acme', createdAt: '', state: 'active' as const }),
    )
    const { lines, context } = listening()
    const request = new HttpRequest({ method: 'GET', url: 'http://localhost/x' })
    const { headers = {} } = (await handler(request, context)) as { headers?: Record<string, string> }
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      {
        event: 'request-refused',
        level: 'info',
        operation: 'tenant-show',
        tenant: '~',
        code: 'unauthenticated',
        requestId: headers['x-request-id'],
      },
    ])
  })

  test.each(['authenticate', 'readTenant', 'admit'] as const)(
    'an unknown fault of %s never means that the call goes on',
    async (broken) => {
      let acted = 0
      const working = {
        authenticate: async () => ({ role: 'operator' as const, tenant: '~', keyId: 'k' }),
        readTenant: async () => ({}),
        admit: () => {},
        audit: async () => {},
      }
      const call = async (over: object) => {
        const handler = apiHandler(
          async () => ({ ...working, ...over }),
          operations.tenantShow,
          async () => {
            acted++
            return { id: 'acme', name: 'Acme', createdAt: '', state: 'active' as const }
          },
        )
        const request = { method: 'GET', url: 'http://localhost/x', headers: { 'x-tenant': 'acme' } }
        return (await handler(new HttpRequest(request), listening().context)) as HttpResponseInit
      }
      const fault = () => {
        throw new TypeError(canary)
      }
      const answer = await call({ [broken]: fault })
      expect(answer.status).toBe(500)
      expect(JSON.parse(String(answer.body))).toMatchObject({ code: 'unexpected', class: 'transient' })
      expect(String(answer.body)).not.toContain('canary')
      expect(acted).toBe(0)
      expect((await call({})).status).toBe(200)
      expect(acted).toBe(1)
    },
  )

  test('a console whose check of keys is out of order signs nobody in', async () => {
    const gateway = {
      authenticate: async () => {
        throw new TypeError(canary)
      },
      sealer: async () => {
        throw new TypeError(canary)
      },
      config: { publicBaseUrl: 'http://localhost' },
      admit: () => {},
      admin: {
        beginConsoleSession: async () => {},
        isConsoleSession: async () => true,
        endConsoleSession: async () => {},
      },
      readTenant: async () => ({}),
      audit: async () => {},
    }
    const request = new HttpRequest({
      method: 'POST',
      url: 'http://localhost/console/sign-in',
      headers: { cookie: '__Host-console-sign-in=t', 'content-type': 'application/x-www-form-urlencoded' },
      body: { string: 'token=t&key=mbg_acme_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
    })
    const answer = (await consoleSignIn(async () => gateway)(request, listening().context)) as HttpResponseInit
    expect(answer.status).toBe(500)
    expect(answer.cookies ?? []).toEqual([])
    expect(String(answer.body)).not.toContain('canary')
  })
})
