import { HttpRequest, type InvocationContext } from '@azure/functions'
import { describe, expect, test } from 'vitest'
import { consoleSignIn } from '../../../lib/http/console/console-handler.js'
import { redirect } from '../../../lib/http/pages/html-response.js'
import { pageHandler } from '../../../lib/http/pages/page-handler.js'
import { formBody } from '../../../lib/http/request/form-body.js'
import { jsonBody } from '../../../lib/http/request/json-body.js'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const post = (headers: Record<string, string>) =>
  new HttpRequest({ method: 'POST', url: 'http://localhost/x', headers, body: { string: '' } })
const context = { error: () => {}, info: () => {}, log: () => {} } as unknown as InvocationContext
const remedy = /Content-Length instead of Transfer-Encoding: chunked.*LoadIntoBufferAsync\(\).*StringContent/

describe('host 1: a body that did not arrive because nobody said how long it is', () => {
  test('JSON: 411 length_required with the remedy', async () => {
    await expect(jsonBody(post({ 'transfer-encoding': 'chunked' }), 100)).rejects.toMatchObject({
      code: 'length_required',
      status: 411,
      remedy: expect.stringMatching(remedy),
    })
  })

  test('control: an empty body that was announced as empty is the caller’s', async () => {
    await expect(jsonBody(post({ 'content-length': '0' }), 100)).rejects.toMatchObject({ code: 'invalid_input' })
    expect([...(await formBody(post({ ...form, 'content-length': '0' })))]).toEqual([])
  })

  test('a body that may be left out: one that was dropped does not pass for none', async () => {
    const json = { 'content-type': 'application/json' }
    await expect(jsonBody(post(json), 100, {})).rejects.toMatchObject({ code: 'length_required' })
    expect(await jsonBody(post({ ...json, 'content-length': '0' }), 100, {})).toEqual({})
    expect(await jsonBody(post({}), 100, {})).toEqual({})
  })

  test('a form of the connect pages: 411 as a page', async () => {
    const handler = pageHandler(async ({ request }) => redirect((await formBody(request)).get('token') ?? ''))
    const answer = await handler(post({ ...form, 'transfer-encoding': 'chunked' }), context)
    expect(answer).toMatchObject({ status: 411, body: expect.stringMatching(/length_required/) })
  })

  test('a form of the console: 411 as a page', async () => {
    const handler = consoleSignIn(async () => ({ config: { publicBaseUrl: 'http://localhost' } }) as never)
    const answer = await handler(post(form), context)
    expect(answer).toMatchObject({ status: 411, body: expect.stringMatching(/length_required/) })
  })
})
