/** Somebody with a connect link types hosts and ports to find out what listens where (SEC-25). */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { probeMailbox } from '../../lib/flows/connect/probe-mailbox.js'
import type { ServerAddress } from '../../lib/model/mailbox.js'
import { Secret } from '../../lib/secret.js'
import { guardedLookup } from '../../lib/transports/guarded-lookup.js'
import { imapReceiver } from '../../lib/transports/imap-receiver.js'
import { smtpSender } from '../../lib/transports/smtp-sender.js'
import { everyReceiver, everySender, nobody } from '../support/general/toolbox.js'

const servers: Server[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const server of servers.splice(0)) server.close()
})

async function listen(act: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => {}))
    act(socket)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function codes(server: ServerAddress, allowLoopback = true): Promise<string[]> {
  const lookup = guardedLookup({ allowLoopback })
  const verdicts = await probeMailbox(
    {
      receivers: { ...everyReceiver(nobody), imap: imapReceiver({ lookup }) },
      senders: { ...everySender(nobody), smtp: smtpSender({ lookup }) },
    },
    {
      authority: { kind: 'password', user: 'ana', password: new Secret('x') },
      receive: { transport: 'imap', imap: { ...server, folder: 'INBOX' } },
      send: { transport: 'smtp', smtp: server },
      signal: AbortSignal.timeout(600),
    },
  )
  return [verdicts.signIn, verdicts.reading, verdicts.sending].map((one) => ('code' in one ? one.code : one.verdict))
}

const host = '127.0.0.1'
const same = ['server_unreachable', 'server_unreachable', 'server_unreachable']

test.each(['implicit', 'starttls'] as const)(
  'SEC-25: %s: closed, open, silent and foreign ports look the same',
  async (tls) => {
    const closed = await listen(() => {})
    servers.pop()!.close()
    const ports = {
      closed,
      silent: await listen(() => {}),
      web: await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      ssh: await listen((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')),
      cut: await listen((socket) => socket.destroy()),
      noise: await listen((socket) => socket.write(Buffer.alloc(300_000, 0x41))),
    }
    for (const [name, port] of Object.entries(ports)) expect(await codes({ host, port, tls }), name).toEqual(same)
  },
  60_000,
)

test('SEC-25: a name nobody has and a name inside look the same', async () => {
  expect(await codes({ host: 'nobody.invalid', port: 993, tls: 'implicit' }, false)).toEqual(same)
  expect(await codes({ host: '10.0.0.1', port: 993, tls: 'implicit' }, false)).toEqual(same)
  expect(await codes({ host: 'metadata.internal', port: 993, tls: 'implicit' }, false)).toEqual(same)
})

test('SEC-25: control: a mail server without encryption is told apart, because somebody can act on it', async () => {
  const port = await listen((socket) => {
    socket.write('* OK ready\r\n')
    socket.on('data', (data) => {
      const [tag] = data.toString().split(' ')
      socket.write(
        /CAPABILITY/i.test(data.toString()) ? `* CAPABILITY IMAP4rev1\r\n${tag} OK\r\n` : `${tag} BAD no\r\n`,
      )
    })
  })
  const [, reading] = await codes({ host, port, tls: 'starttls' })
  expect(reading).toBe('starttls_not_offered')
})
