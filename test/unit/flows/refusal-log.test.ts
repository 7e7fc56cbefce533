import { expect, test } from 'vitest'
import { GatewayError } from '../../../lib/errors.js'
import { newId } from '../../../lib/model/ids.js'
import { listLog } from '../../../lib/rows/logs.js'
import { connectHarness } from '../../support/connect/connect-harness.js'

const trace = '0d1f2a3b-4c5d-6e7f-8091-a2b3c4d5e6f7'
const description = `AADSTS65004: User declined to consent. Trace ID: ${trace} Correlation ID: 9e8d7c6b-5a49-3827-1605-f4e3d2c1b0a9 Timestamp: 2026-12-01 10:15:00Z`

test('M-127: the request id of a refused sign-in finds the provider’s own words and ids, and those of no other', async () => {
  const h = await connectHarness()
  const { link, signInId } = await h.start()
  const back = await h.travel(link, { error: 'access_denied', error_description: description })
  await h.flows.completeSignIn(h.deps, back)
  const other = await h.travel(link, { error: 'server_error', error_description: 'AADSTS90033: busy' })
  await h.flows.completeSignIn(h.deps, other)
  const find = (requestId: string) => listLog(h.deps, h.tenant, { log: 'audit', limit: 50, requestId })
  expect(await find(back.requestId)).toMatchObject([
    {
      action: 'sign-in-refused',
      subject: signInId,
      failed: true,
      requestId: back.requestId,
      peerLine: expect.stringContaining('User declined to consent'),
      trace: `trace_id=${trace} correlation_id=9e8d7c6b-5a49-3827-1605-f4e3d2c1b0a9 timestamp=2026-12-01 10:15:00Z`,
    },
  ])
  expect(await find(other.requestId)).toMatchObject([{ peerLine: 'AADSTS90033: busy' }])
  expect(await find(newId())).toEqual([])
  // The page shows the id of the attempt, however often it is loaded.
  for (const _ of ['first', 'again'])
    expect(await h.flows.showRefusal(h.deps, other.link, other.browser)).toMatchObject({
      refused: { requestId: other.requestId },
    })
})

test('M-127, SEC-11: no page gets the words, and no answer of a browser can write more than a bounded text', async () => {
  const h = await connectHarness()
  const { link } = await h.start()
  const back = await h.travel(link, {
    error: 'access_denied',
    error_description: `${'xxx '.repeat(480)} Trace ID: a`,
  })
  await h.flows.completeSignIn(h.deps, back)
  const view = await h.flows.showRefusal(h.deps, back.link, back.browser)
  expect(JSON.stringify(view)).not.toContain('xxx')
  const [row] = await listLog(h.deps, h.tenant, { log: 'audit', limit: 50, requestId: back.requestId })
  expect(row?.peerLine?.length).toBeGreaterThan(400)
  expect(row?.peerLine?.length).toBeLessThan(510)
})

test('M-127: a refused password is found by its request id, and a slip of the pen is not logged', async () => {
  const h = await connectHarness()
  const { link, browser, formToken } = await h.open((await h.start()).link)
  const refused = new GatewayError('wrong_password', 'needs-reconnect', {
    description: 'The server refuses the password.',
    remedy: 'Type it again.',
    peerLine: '535 5.7.8 no',
  })
  const slip = new GatewayError('invalid_input', 'permanent', {
    description: 'The port is none.',
    remedy: 'Correct it.',
  })
  for (const [error, rows] of [
    [refused, [{ action: 'sign-in-refused', code: 'wrong_password', peerLine: '535 5.7.8 no' }]],
    [slip, []],
  ] as const) {
    const requestId = newId()
    await h.flows.keepFormProblem(h.deps, { link, browser, formToken, error, requestId })
    expect(await listLog(h.deps, h.tenant, { log: 'audit', limit: 50, requestId })).toMatchObject(rows)
  }
})
