/**
 * The Functions host as a process of its own, so that it can be killed and restarted like an instance in Azure.
 * Settings arrive as environment variables, as they do there; the parent talks to it over the process channel, and it
 * exits when the parent is gone.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FunctionsHost, startFunctionsHost } from './host/functions-host.js'

export type HostRequest = { id: number; timer: string } | { id: number; wake: string } | { id: number; stop: true }
export type HostAnswer =
  | { listening: string; functions: number }
  | { failed: string }
  | { id: number; ok: boolean; error?: string }
  | { log: { level: string; category: string; message: string } }

const send = (answer: HostAnswer): void => {
  if (process.connected) process.send?.(answer)
}

async function main(root: string): Promise<void> {
  const { main: entry } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { main: string }
  const settings = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? '']))
  const host = await startFunctionsHost({
    entry: [join(root, entry)],
    hostJson: JSON.parse(readFileSync(join(root, 'host.json'), 'utf8')),
    settings,
    port: Number(settings['HOST_PORT'] ?? '0'),
    log: (log) => send({ log }),
  })
  process.on('message', (request: HostRequest) => void answer(host, request))
  process.on('disconnect', () => void host.stop(1_000).finally(() => process.exit(0)))
  process.on('SIGINT', () => {})
  let isStopping = false
  process.on('SIGTERM', () => {
    if (isStopping) process.exit(1)
    isStopping = true
    void host.stop().finally(() => process.exit(0))
  })
  send({ listening: host.url, functions: host.functions.length })
}

async function answer(host: FunctionsHost, request: HostRequest): Promise<void> {
  try {
    if ('timer' in request) await host.runTimer(request.timer)
    else if ('wake' in request) host.wake(request.wake)
    else await host.stop()
    send({ id: request.id, ok: true })
    if ('stop' in request) process.exit(0)
  } catch (error) {
    send({ id: request.id, ok: false, error: error instanceof Error ? error.message : String(error) })
  }
}

main(process.argv[2] ?? process.cwd()).catch((error: unknown) => {
  send({ failed: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  process.exitCode = 1
})
