/** C11: no client ends an emulator, and with it `npm start`: whatever it sends, and whenever it resets. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { beforeAll, test } from 'vitest'
import { type Certificates, makeCertificates } from '../../local/emulators/certificate.js'
import { demoDirectory } from '../../local/emulators/demo-directory.js'
import { startDiscovery } from '../../local/emulators/discovery/start-discovery.js'
import { startEntra } from '../../local/emulators/entra/start-entra.js'
import { startImap } from '../../local/emulators/imap/start-imap.js'
import { startKeyVault } from '../../local/emulators/key-vault/start-key-vault.js'
import { startScriptedSmtp } from '../../local/emulators/smtp/scripted-smtp.js'
import { startSmtp } from '../../local/emulators/smtp/start-smtp.js'

let tls: Certificates
beforeAll(async () => {
  tls = await makeCertificates()
})

interface Running {
  port: number
  stop(): Promise<unknown>
}

const nobody = { accounts: () => undefined, verifyToken: () => undefined }
const byUrl = (server: { url: string; stop(): Promise<unknown> }): Running => ({
  port: Number(new URL(server.url).port),
  stop: () => server.stop(),
})

/** What comes before TLS: a line of the client, and what the server's answer to it ends with. */
const smtpUpgrade = [
  ['', /^220 .*\r\n/],
  ['EHLO client.example\r\n', /^250 .*\r\n/m],
  ['STARTTLS\r\n', /^220 .*\r\n/],
] as const
const imapUpgrade = [
  ['', /^\* OK.*\r\n/],
  ['a STARTTLS\r\n', /^a OK.*\r\n/],
] as const

type Upgrade = readonly (readonly [string, RegExp])[]

const emulators: { name: string; start(): Promise<Running>; upgrade?: Upgrade }[] = [
  { name: 'SMTP, implicit TLS', start: () => startSmtp({ ...nobody, mode: 'implicit', tls }), upgrade: [] },
  { name: 'SMTP, STARTTLS', start: () => startSmtp({ ...nobody, mode: 'starttls', tls }), upgrade: smtpUpgrade },
  { name: 'scripted SMTP', start: () => startScriptedSmtp({ tls }), upgrade: smtpUpgrade },
  { name: 'IMAP, implicit TLS', start: () => startImap({ ...nobody, mode: 'implicit', tls }), upgrade: [] },
  { name: 'IMAP, STARTTLS', start: () => startImap({ ...nobody, mode: 'starttls', tls }), upgrade: imapUpgrade },
  { name: 'Entra', start: async () => byUrl(await startEntra({ directory: demoDirectory({ redirectUris: [] }) })) },
  { name: 'Key Vault', start: async () => byUrl(await startKeyVault()) },
  { name: 'discovery', start: async () => byUrl(await startDiscovery()) },
]

const hello = Buffer.from('16030100c8010000c40303', 'hex')
const sent: Record<string, Buffer> = {
  nothing: Buffer.alloc(0),
  'the begin of a TLS handshake': hello,
  'garbage for a handshake': Buffer.alloc(3_000, 0xfe),
  'half a request': Buffer.from('POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{'),
  'a request that is none': Buffer.from('\0\r\n\r\n//\r\n'),
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** With or without an error. */
const closed = (socket: Socket): Promise<void> => new Promise((done) => void socket.once('close', () => done()))

/** Through the clear text, to where TLS begins. */
async function upTo(socket: Socket, upgrade: Upgrade): Promise<void> {
  for (const [line, answer] of upgrade) {
    if (line !== '') socket.write(line)
    let heard = ''
    while (!answer.test(heard)) heard += String((await once(socket, 'data'))[0])
  }
}

async function leave(socket: Socket): Promise<void> {
  const gone = closed(socket)
  socket.resetAndDestroy()
  await gone
}

test.each(emulators)('C11: $name outlives clients that reset, talk nonsense or refuse its certificate', async (one) => {
  const { port, stop } = await one.start()
  for (const bytes of Object.values(sent)) {
    const begun = await dial(port)
    await new Promise<void>((done) => void begun.write(bytes, () => done()))
    await leave(begun)
    const ended = await dial(port)
    ended.resume().end(bytes)
  }
  if (one.upgrade !== undefined) {
    for (const bytes of [hello, Buffer.alloc(3_000, 0xfe)]) {
      const inside = await dial(port)
      await upTo(inside, one.upgrade)
      await new Promise<void>((done) => void inside.write(bytes, () => done()))
      await leave(inside)
    }
    for (const resets of [true, false]) {
      const socket = await dial(port)
      await upTo(socket, one.upgrade)
      // One resets in the middle, when the server's certificate is there; the other one reads it and does not trust it.
      const client = connectTls({ socket, servername: 'localhost' }).on('error', () => undefined)
      if (resets) socket.once('data', () => socket.resetAndDestroy())
      await closed(client)
    }
  }
  // Still listening; a fault that nobody caught fails this run. Whoever is accepted while it stops ends nothing either.
  const last = await dial(port)
  last.destroy()
  await stop()
})
