/** A socket read by pulling: lines, counted bytes, or everything up to a delimiter. For text protocols. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import type { ServerCertificate } from './certificate.js'

const crlf = Buffer.from('\r\n')

export class Wire {
  secure = false
  /** Bytes received since the connection began (after TLS: decrypted). */
  bytesRead = 0
  #socket: Socket
  #buffer = Buffer.alloc(8192)
  #start = 0
  #end = 0
  #over = false
  #wake: (() => void) | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    this.#listen()
  }

  get socket(): Socket {
    return this.#socket
  }

  get over(): boolean {
    return this.#over
  }

  /** The next line without its CRLF; `undefined` when the peer is gone. */
  async line(): Promise<string | undefined> {
    return (await this.until(crlf))?.toString('utf8')
  }

  /** Everything before `delimiter`, which is consumed; `undefined` when the peer leaves first. */
  async until(delimiter: Buffer): Promise<Buffer | undefined> {
    let from = 0
    for (;;) {
      const at = this.#buffer.subarray(this.#start, this.#end).indexOf(delimiter, from)
      if (at >= 0) return this.#take(at, delimiter.length)
      from = Math.max(0, this.#end - this.#start - delimiter.length + 1)
      if (!(await this.#more())) return undefined
    }
  }

  /** Exactly `count` bytes; `undefined` when the peer leaves first. */
  async exactly(count: number): Promise<Buffer | undefined> {
    while (this.#end - this.#start < count) if (!(await this.#more())) return undefined
    return this.#take(count, 0)
  }

  /** Resolves when at least one unread byte is there; false when the peer is gone. */
  async readable(): Promise<boolean> {
    return this.#end > this.#start || this.#more()
  }

  write(data: string | Buffer): void {
    if (this.#socket.writable) this.#socket.write(data)
  }

  /** Resolves when the peer has taken what was written, or is gone. */
  async drained(): Promise<void> {
    const socket = this.#socket
    if (!socket.writableNeedDrain || socket.destroyed) return
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done).off('close', done)
        resolve()
      }
      socket.on('drain', done).on('close', done)
    })
  }

  /** Resolves when the connection is over. */
  closed(): Promise<void> {
    return this.#socket.destroyed ? Promise.resolve() : new Promise((resolve) => this.#socket.once('close', resolve))
  }

  /** Becomes a TLS server on the same connection; bytes already received in clear text are thrown away. */
  async startTls(certificate: ServerCertificate): Promise<void> {
    this.#socket.removeAllListeners('data')
    this.#start = this.#end = 0
    const plain = this.#socket
    const secured = new TLSSocket(plain, {
      isServer: true,
      secureContext: createSecureContext({ ...certificate, minVersion: 'TLSv1.2' }),
    })
    this.#socket = secured
    this.#listen()
    // A handshake that fails is the end of this connection and of nothing else: whoever reads is told so.
    await Promise.race([once(secured, 'secure'), once(secured, 'close'), once(plain, 'close')]).catch(() => undefined)
    this.secure = true
  }

  /** Stops reading: the peer's bytes pile up on its own side. */
  pause(): void {
    this.#socket.pause()
  }

  end(): void {
    this.#socket.end()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  reset(): void {
    // Under TLS only the raw socket can send a reset.
    const raw = this.#socket as Socket & { _parent?: Socket }
    ;(raw._parent ?? raw).resetAndDestroy()
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => this.#append(chunk))
    const over = () => {
      this.#over = true
      this.#wake?.()
    }
    this.#socket.on('end', over).on('close', over).on('error', over)
  }

  #append(chunk: Buffer): void {
    this.bytesRead += chunk.length
    if (this.#end + chunk.length > this.#buffer.length) {
      const held = this.#end - this.#start
      const next =
        held + chunk.length > this.#buffer.length / 2 ? Buffer.alloc((held + chunk.length) * 2) : this.#buffer
      this.#buffer.copy(next, 0, this.#start, this.#end)
      this.#buffer = next
      this.#start = 0
      this.#end = held
    }
    chunk.copy(this.#buffer, this.#end)
    this.#end += chunk.length
    this.#wake?.()
  }

  #take(count: number, skip: number): Buffer {
    const taken = Buffer.from(this.#buffer.subarray(this.#start, this.#start + count))
    this.#start += count + skip
    if (this.#start === this.#end) this.#start = this.#end = 0
    return taken
  }

  async #more(): Promise<boolean> {
    if (this.#over) return false
    const before = this.bytesRead
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = undefined
    return this.bytesRead > before || !this.#over
  }
}

export interface WireServer {
  host: '127.0.0.1'
  port: number
  /** Connections accepted so far. */
  readonly connections: number
  /** Connections open now. */
  readonly open: number
  /** Closes all connections, keeps listening. */
  dropConnections(): void
  stop(): Promise<void>
}

/**
 * Serves each connection by `talk`; when `talk` returns the connection is ended. With `tls`: TLS from the first byte.
 */
export async function startWireServer(
  talk: (wire: Wire, connection: number) => Promise<void>,
  options: { port?: number | undefined; tls?: ServerCertificate | undefined } = {},
): Promise<WireServer> {
  const sockets = new Set<Socket>()
  let connections = 0
  const server: Server = createServer({ noDelay: true }, async (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    const connection = ++connections
    const wire = new Wire(socket)
    if (options.tls) await wire.startTls(options.tls)
    if (!wire.over) await talk(wire, connection)
    wire.end()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const dropConnections = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    host: '127.0.0.1',
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections
    },
    get open() {
      return sockets.size
    },
    dropConnections,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        dropConnections()
      }),
  }
}
