/** The fastest SMTP server that still speaks SMTP: accepts everything, keeps nothing, counts. For benches. */
import { createServer, type Socket } from 'node:net'

export interface SmtpSink {
  host: '127.0.0.1'
  port: number
  /** Mails accepted. */
  readonly mails: number
  /** Bytes received, protocol included. */
  readonly bytes: number
  readonly connections: number
  stop(): Promise<void>
}

const endOfData = Buffer.from('\r\n.\r\n')
const replies: Record<string, string> = {
  EHLO: '250-sink.example\r\n250-PIPELINING\r\n250-SIZE 157286400\r\n250 AUTH PLAIN XOAUTH2\r\n',
  AUTH: '235 2.7.0 OK\r\n',
  DATA: '354 Go\r\n',
  QUIT: '221 2.0.0 Bye\r\n',
}

/** `replyDelayMs` after each command imitates the distance to a server. Plain text only. */
export async function startSmtpSink(options: { replyDelayMs?: number; port?: number } = {}): Promise<SmtpSink> {
  const sockets = new Set<Socket>()
  const counts = { mails: 0, bytes: 0, connections: 0 }
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    counts.connections += 1
    socket.on('error', () => socket.destroy()).on('close', () => sockets.delete(socket))
    let held = Buffer.alloc(0)
    let inBody = false
    const reply = (text: string) => {
      if (options.replyDelayMs) setTimeout(() => socket.writable && socket.write(text), options.replyDelayMs)
      else socket.write(text)
    }
    socket.on('data', (chunk) => {
      counts.bytes += chunk.length
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      for (;;) {
        const at = held.indexOf(inBody ? endOfData : '\r\n')
        if (at < 0) {
          // Only the beginning of an end mark can matter later: a large body is not collected.
          if (inBody && held.length > endOfData.length) held = held.subarray(-endOfData.length + 1)
          return
        }
        const line = inBody ? '' : held.toString('latin1', 0, Math.min(at, 4)).toUpperCase()
        held = held.subarray(at + (inBody ? endOfData.length : 2))
        if (inBody) counts.mails += 1
        reply(replies[line] ?? '250 2.0.0 OK\r\n')
        inBody = line === 'DATA'
        if (line === 'QUIT') socket.end()
      }
    })
    reply('220 sink.example ESMTP\r\n')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    get mails() {
      return counts.mails
    },
    get bytes() {
      return counts.bytes
    },
    get connections() {
      return counts.connections
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
