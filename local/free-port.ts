import { createServer } from 'node:net'

/**
 * Below the range that systems assign to outgoing connections, so that nobody gets one of these ports by chance before
 * it is used.
 */
const [lowest, highest] = [20_000, 32_000]

/** The first of `count` neighbouring ports of 127.0.0.1 where nobody listens now. */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = lowest + Math.floor(Math.random() * (highest - lowest - count))
    const ports = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first
  }
}

export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
