/**
 * A proxy in front of the three services of a storage account: the same protocol on other ports, and an outage when a
 * test wants one. Requests are passed on byte by byte; signatures hold, because they do not cover the host.
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `reset`: the connection breaks. `hang`: silence. A number: that status, without the request being passed on. */
export type StorageFault = 'reset' | 'hang' | 500 | 503

export interface StorageProxy {
  connectionString: string
  /** What to do with a request; `undefined` passes it on. Absent: all pass. `after`: pass it on, then lose the answer. */
  fault: ((path: string, method: string) => StorageFault | { after: 'reset' } | undefined) | undefined
  /** Requests that met a fault. */
  readonly refused: number
  stop(): Promise<void>
}

const kinds = ['Blob', 'Queue', 'Table'] as const

export async function startStorageProxy(connectionString: string): Promise<StorageProxy> {
  let refused = 0
  let changed = connectionString
  const servers = await Promise.all(
    kinds.map(async (kind) => {
      const endpoint = new RegExp(`${kind}Endpoint=(http://[^/;]+)`).exec(connectionString)?.[1] ?? ''
      const target = new URL(endpoint)
      const server = createServer((incoming, outgoing) => {
        const fault = proxy.fault?.(incoming.url ?? '', incoming.method ?? '')
        if (fault !== undefined) refused += 1
        if (fault === 'reset') incoming.socket.destroy()
        else if (typeof fault === 'number') fail(incoming, outgoing, fault)
        else if (fault !== 'hang') pass(target, incoming, outgoing, fault !== undefined)
      })
      server.keepAliveTimeout = 60_000
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      changed = changed.replace(endpoint, `http://127.0.0.1:${port}`)
      return server
    }),
  )
  const proxy: StorageProxy = {
    connectionString: changed,
    fault: undefined,
    get refused() {
      return refused
    },
    async stop() {
      for (const server of servers) server.closeAllConnections()
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
  return proxy
}

function fail(incoming: IncomingMessage, outgoing: ServerResponse, status: number): void {
  incoming.resume()
  const code = status === 503 ? 'ServerBusy' : 'InternalError'
  outgoing.writeHead(status, { 'x-ms-error-code': code, 'content-type': 'application/json' })
  outgoing.end(JSON.stringify({ 'odata.error': { code, message: { lang: 'en-US', value: 'An outage.' } } }))
}

function pass(target: URL, incoming: IncomingMessage, outgoing: ServerResponse, loseAnswer: boolean): void {
  const { method = 'GET', url = '/', headers } = incoming
  const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
    if (loseAnswer) {
      answer.resume().once('end', () => incoming.socket.destroy())
      return
    }
    outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
    answer.pipe(outgoing)
  })
  onward.on('error', () => incoming.socket.destroy())
  incoming.pipe(onward)
}
