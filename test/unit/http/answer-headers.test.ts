/**
 * A12: one header set on every answer of every route. The functions are found in their folder, so a new one is in here by
 * itself. The settings are wrong on purpose: then every route has an answer without a storage, and it must carry the set too.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { json, problem } from '../../../lib/http/api/problem.js'
import { consoleAnswer } from '../../../lib/http/console/console-answer.js'
import { htmlResponse, redirect } from '../../../lib/http/pages/html-response.js'
import { assertHeaderSet } from '../../support/http/header-set.js'

const folder = new URL('../../../functions/', import.meta.url)
const routes = readdirSync(folder)
  .map((file) => ({ file, text: readFileSync(new URL(file, folder), 'utf8') }))
  .filter(({ text }) => /app\.http\(|apiFunction\(/.test(text))

const check = (answer: HttpResponseInit): void => assertHeaderSet(answer, 'it')

test('A12: there are routes to look at', () => {
  expect(routes.length).toBeGreaterThan(60)
})

test.each(routes)('A12: $file answers with the header set', async ({ file }) => {
  const made = (await import(`../../../functions/${file.replace('.ts', '.js')}`)) as Record<string, HttpHandler>
  const handlers = Object.values(made).filter((one) => typeof one === 'function')
  expect(handlers.length).toBeGreaterThan(0)
  for (const handler of handlers)
    for (const method of ['GET', 'POST']) {
      const init = {
        method,
        url: 'https://gateway.example/x',
        ...(method === 'POST' ? { body: { string: 'a=b' } } : {}),
      }
      const answer = await handler(new HttpRequest(init), new InvocationContext({ logHandler: () => undefined }))
      check(answer as HttpResponseInit)
    }
})

describe('A12: every kind of answer', () => {
  const fault = (status: number) => new GatewayError('x', 'permanent', { status, description: 'x', remedy: 'y' })
  test.each<[string, HttpResponseInit]>([
    ['a page', htmlResponse('<p>')],
    ['an error page', htmlResponse('<p>', { status: 500 })],
    ['a redirect', redirect('/connect/x')],
    ['JSON', json({})],
    ['created', json({}, 201)],
    ...[400, 401, 403, 404, 409, 413, 422, 429, 500, 503].map((status): [string, HttpResponseInit] => [
      `a problem ${status}`,
      problem(fault(status), 'id'),
    ]),
    ['a page of the console', consoleAnswer('<p>', 'id')],
    ['a redirect of the console', consoleAnswer({ redirect: '/console' }, 'id')],
    ['a refusal of the console', consoleAnswer('<p>', 'id', { status: 403 })],
  ])('A12: %s', (_name, answer) => check(answer))
})

test.each(['x-content-type-options', 'cache-control', 'strict-transport-security', 'content-security-policy'])(
  'A12: an answer without %s is found out',
  (name) => {
    const { [name]: _, ...rest } = htmlResponse('<p>').headers as Record<string, string>
    expect(() => check({ headers: rest })).toThrow(name)
  },
)
