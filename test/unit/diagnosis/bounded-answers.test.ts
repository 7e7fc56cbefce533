/** H8: an answer of a token endpoint that was refused for its size or its form has a verdict of its own. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { networkClient } from '../../../lib/providers/network-client.js'
import { listenTo } from '../../../lib/providers/token-call.js'

const open: { close(): void }[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  open.push({
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answers: [what: string, code: string, listener: RequestListener][] = [
  ['too large', 'net_answer_too_large', (_request, response) => response.end(Buffer.alloc(34 * 1024 * 1024, 32))],
  [
    'wrongly compressed',
    'net_answer_unreadable',
    (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
  ],
  [
    'a page of a proxy',
    'net_answer_unreadable',
    (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('<html>Blocked'),
  ],
  // Left open: the end of the connection must not be quicker than the words.
  [
    'no HTTP',
    'net_answer_unreadable',
    (request) => request.resume().once('end', () => request.socket.write('garbage\r\n\r\n')),
  ],
]

test.each(answers)('H8: an answer of the token endpoint that is %s: %s', async (_what, code, listener) => {
  const url = await serve(listener)
  const call = listenTo(networkClient({ origins: { 'https://login.example': url } }))
  const error = await call.network.sendPostRequestAsync('https://login.example/token', { body: 'a=b' }).then(
    () => new Error('MSAL refuses it'),
    (caught: unknown) => caught,
  )
  expect(call.fault(error)).toMatchObject({ code, class: 'transient' })
})
