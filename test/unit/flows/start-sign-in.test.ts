import { expect, test } from 'vitest'
import { addReturnUrl } from '../../../lib/flows/admin/return-urls.js'
import { addEndpoint } from '../../../lib/flows/admin/webhook-endpoints.js'
import { listEndpoints } from '../../../lib/rows/webhook-endpoints.js'
import { guardedLookup, isForbiddenHost } from '../../../lib/transports/guarded-lookup.js'
import { codeOf, connectHarness } from '../../support/connect/connect-harness.js'

test('A13: a registration that is unknown, or another tenant’s, is refused when the link is asked for', async () => {
  const h = await connectHarness()
  for (const registrationId of ['unknown', 'reg2', '~'])
    await expect(h.start({ registrationId })).rejects.toMatchObject({ status: 400, field: 'registrationId' })
  const consent = { mode: 'delegated', receive: true, send: true } as const
  for (const registrationId of ['unknown', 'reg2', '~'])
    await expect(h.flows.startAdminConsent(h.deps, h.tenant, { ...consent, registrationId })).rejects.toMatchObject({
      status: 400,
      field: 'registrationId',
    })
  for await (const row of h.stores.tables.query(h.names.table('signins'), { partitionRange: ['', '~'] }))
    expect.fail(`${row.rowKey} was made`)
  expect(await codeOf(h.start({ registrationId: 'reg' }))).toBe('fine')
})

test('A13, D10: a webhook to a private or reserved address is refused when it is saved', async () => {
  const h = await connectHarness()
  const hosts: Record<string, string> = { 'inside.example': '10.0.0.7', 'mixed.example': '192.168.1.1' }
  const resolve = async (host: string) => {
    const address =
      hosts[host] ?? (host === 'nobody.example' ? undefined : /[:.]\d|::/.test(host) ? host : '93.184.216.34')
    if (address === undefined) throw Object.assign(new Error('none'), { code: 'ENOTFOUND' })
    return [{ address, family: address.includes(':') ? 6 : 4 }]
  }
  const deps = (allowLoopback: boolean) => ({
    ...h.deps,
    isForbiddenHost: isForbiddenHost(guardedLookup({ allowLoopback, resolve })),
  })
  const add = (url: string, allowLoopback = false) => addEndpoint(deps(allowLoopback), h.tenant, url)
  const inside = [
    '10.1.2.3',
    '192.168.0.1',
    '172.16.0.1',
    '169.254.169.254',
    '127.0.0.1',
    '[::1]',
    '[fd00::1]',
    '100.64.0.1',
  ]
  for (const host of [...inside, 'inside.example', 'mixed.example'])
    await expect(add(`https://${host}/hook`), host).rejects.toMatchObject({ status: 400, field: 'url' })
  expect((await listEndpoints(h.deps, h.tenant, { limit: 50 })).webhooks).toEqual([])
  // Control: on the internet, not known yet, and what the deployment permits.
  await add('https://app.example/hook')
  await add('https://nobody.example/hook')
  await add('https://127.0.0.1/hook', true)
  expect((await listEndpoints(h.deps, h.tenant, { limit: 50 })).webhooks).toHaveLength(3)
})

test('A13: what is tested before a confirmation opens no mail', async () => {
  const h = await connectHarness()
  const asked: string[] = []
  const graph = { listen: (to: string) => asked.push(to) }
  const { graphReceiver } = await import('../../../lib/transports/graph-receiver.js')
  const { graphSender } = await import('../../../lib/transports/graph-sender.js')
  const { probeMailbox } = await import('../../../lib/flows/connect/probe-mailbox.js')
  const { createServer } = await import('node:http')
  const server = createServer((request, response) => {
    graph.listen(`${request.method} ${request.url}`)
    response.setHeader('content-type', 'application/json')
    response.end('{"id":"f"}')
  })
  server.listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as import('node:net').AddressInfo
  const options = { origins: { 'https://graph.microsoft.com': `http://127.0.0.1:${port}` } }
  const authority = { kind: 'bearer' as const, user: h.address, token: async () => h.peers.tokens.accessToken }
  await probeMailbox(
    {
      receivers: { ...h.deps.receivers, graph: graphReceiver(options) },
      senders: { ...h.deps.senders, graph: graphSender(options) },
    },
    {
      authority,
      receive: { transport: 'graph', graph: { mailbox: 'me' }, folder: 'inbox' },
      send: { transport: 'graph', graph: { mailbox: 'me' } },
      signal: AbortSignal.timeout(5_000),
    },
  )
  await new Promise((done) => server.close(done))
  expect(asked.length).toBeGreaterThan(0)
  for (const one of asked) expect(one).toMatch(/^GET \/v1\.0\/me\/mailFolders\/\w+\?\$select=id$/)
})

test('D8: what is wrong with a start is one answer, whichever check found it', async () => {
  const h = await connectHarness()
  const more = {
    binding: undefined,
    returnUrl: 'https://nobody.example/',
    mailboxUser: 'info@acme.example',
    registrationId: 'reg2',
  }
  await expect(h.start({ ...more, confirmation: 'result-code' })).rejects.toMatchObject({
    status: 400,
    problems: [{ field: 'binding' }, { field: 'mailboxUser' }, { field: 'returnUrl' }, { field: 'registrationId' }],
  })
})

test('D14: a return URL that was registered in another spelling is refused with the one that counts', async () => {
  const h = await connectHarness()
  await addReturnUrl(h.deps, h.tenant, 'https://app.example')
  const start = (returnUrl: string) => h.start({ returnUrl, binding: 'b'.repeat(20), confirmation: 'result-code' })
  await expect(start('https://app.example')).rejects.toMatchObject({
    code: 'return_url_not_registered',
    remedy: 'Send it exactly as it is registered: https://app.example/',
  })
  await expect(start('https://other.example')).rejects.toMatchObject({ remedy: expect.stringMatching(/^Register/) })
  expect(await codeOf(start('https://app.example/'))).toBe('fine')
})
