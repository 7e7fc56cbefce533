import { Agent, createServer, request } from 'node:http'

export interface StorageCounter {
  /** Like the one given, through the counter. */
  connectionString: string
  /** Requests since the last `take`, by service: `table`, `queue`, `blob`; with each request's method and path. */
  take(): { table: string[]; queue: string[]; blob: string[]; all: string[] }
  stop(): Promise<void>
}

/** Stands before Azurite and writes down every request that reaches the wire, the client's own retries included. */
export async function countStorage(connectionString: string): Promise<StorageCounter> {
  const seen: { service: 'table' | 'queue' | 'blob'; what: string }[] = []
  const agent = new Agent({ keepAlive: true })
  const stops: (() => Promise<void>)[] = []
  let counted = connectionString
  for (const service of ['table', 'queue', 'blob'] as const) {
    const name = `${service[0]!.toUpperCase()}${service.slice(1)}Endpoint`
    const target = new URL(new RegExp(`${name}=([^;]+)`).exec(connectionString)?.[1] ?? '')
    const server = createServer((incoming, outgoing) => {
      const { method = '', url = '', headers } = incoming
      seen.push({ service, what: `${service} ${method} ${decodeURIComponent(url)}` })
      const { hostname: host, port } = target
      // The signature covers path and headers, not the host.
      const onward = request({ host, port, method, path: url, headers, agent }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      })
      onward.on('error', () => outgoing.destroy())
      incoming.pipe(onward)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    counted = counted.replace(`${name}=http://${target.host}/`, `${name}=http://127.0.0.1:${port}/`)
    stops.push(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
  }
  return {
    connectionString: counted,
    take() {
      const all = seen.splice(0)
      const of = (service: string) => all.filter((one) => one.service === service).map((one) => one.what)
      return { table: of('table'), queue: of('queue'), blob: of('blob'), all: all.map((one) => one.what) }
    },
    async stop() {
      await Promise.all(stops.map((stop) => stop()))
      agent.destroy()
    },
  }
}
