/**
 * The small amount of HTTP plumbing that every emulator needs: one handler, whole bodies, plain answers, loopback only.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { atPace } from './at-pace.js'

export interface Request {
  method: string
  url: URL
  path: string
  headers: Record<string, string>
  body: Buffer
}

export interface Reply {
  status: number
  headers?: Record<string, string>
  body?: string | Buffer
  /** Close the socket instead of answering. */
  drop?: boolean
  /** The announced length is this much off. */
  lengthOff?: number
  /** The body comes at this pace. */
  bytesPerSecond?: number
}

export interface LoopbackServer {
  url: string
  port: number
  stop(): Promise<void>
}

/** Serves `answer` on 127.0.0.1; a throwing handler answers 500 with the error's message. */
export async function loopbackServer(
  answer: (request: Request) => Promise<Reply> | Reply,
  options: { port?: number | undefined; host?: string | undefined } = {},
): Promise<LoopbackServer> {
  const server = createServer(async (incoming, outgoing) => {
    try {
      write(outgoing, await answer(await read(incoming)))
    } catch (error) {
      if (!outgoing.headersSent)
        write(outgoing, { status: 500, body: String(error instanceof Error ? error.stack : error) })
    }
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(incoming: IncomingMessage): Promise<Request> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  // A request target such as `//host/x` would otherwise be read as another origin.
  const url = new URL((incoming.url ?? '/').replace(/^\/+/, '/'), 'http://emulator.invalid')
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([k, v]) => [k, String(v)]))
  return { method: incoming.method ?? 'GET', url, path: url.pathname, headers, body: Buffer.concat(chunks) }
}

function write(outgoing: ServerResponse, reply: Reply): void {
  if (reply.drop) {
    outgoing.destroy()
    return
  }
  const length = Buffer.byteLength(reply.body ?? '') + (reply.lengthOff ?? 0)
  outgoing.writeHead(reply.status, { ...reply.headers, 'content-length': Math.max(length, 0) })
  if (reply.bytesPerSecond !== undefined) {
    const peer = { write: (part: Buffer) => outgoing.write(part), isOver: () => outgoing.destroyed }
    void atPace(Buffer.from(reply.body ?? ''), reply.bytesPerSecond, peer).then(() => outgoing.end())
    return
  }
  outgoing.end(reply.body)
  // What was announced never comes.
  if ((reply.lengthOff ?? 0) > 0) outgoing.socket?.end()
}

export const json = (status: number, value: unknown, headers: Record<string, string> = {}): Reply => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(value),
})

/** A page: escaped by its author, never cached, nothing loaded from elsewhere. */
export const page = (status: number, html: string, scriptHash = ''): Reply => ({
  status,
  headers: {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'${scriptHash && `; script-src '${scriptHash}'`}; base-uri 'none'; frame-ancestors 'none'`,
  },
  body: html,
})

export const seeOther = (location: string): Reply => ({
  status: 302,
  headers: { location, 'cache-control': 'no-store' },
})

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
