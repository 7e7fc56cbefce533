import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { HostAnswer, HostRequest } from './host-process.js'

export interface HostChild {
  url: string
  functions: number
  pid: number
  /** Runs a timer now. */
  runTimer(name: string): Promise<void>
  stop(): Promise<void>
  /**
   * SIGTERM, and death when it has not ended after `graceMs`, as the platform takes an instance away. True: it ended in
   * time.
   */
  terminate(graceMs: number): Promise<boolean>
  /** Dies at once, as an instance does when its machine is taken away. */
  kill(): Promise<void>
}

export interface HostChildOptions {
  root: string
  /** Folder of the app to run; default `root`. */
  app?: string
  settings: Record<string, string>
  onLog?(line: { level: string; category: string; message: string }): void
}

/** Starts a Functions host in a child process and resolves when it serves. Rejects with the child's own words. */
export function startHostChild(options: HostChildOptions): Promise<HostChild> {
  const child = fork(join(options.root, 'dist/local/host-process.js'), [options.app ?? options.root], {
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...options.settings },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  })
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  let text = ''
  // What the app prints is a log line too, as the real host has it.
  for (const [stream, level] of [
    [child.stdout, 'information'],
    [child.stderr, 'warning'],
  ] as const)
    if (stream !== null)
      createInterface(stream).on('line', (message) => {
        text = `${text}${message}\n`.slice(-4_000)
        options.onLog?.({ level, category: 'Console', message })
      })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  void gone.then(() => process.removeListener('exit', killNow))
  let isWanted = false
  return new Promise((resolve, reject) => {
    const ask = requester(child, gone)
    child.once('exit', (code, signal) => {
      const message = `the Functions host ended (${signal ?? code}); start the gateway again`
      if (!isWanted) options.onLog?.({ level: 'critical', category: 'Host', message })
    })
    child.on('message', (message: HostAnswer) => {
      if ('log' in message) options.onLog?.(message.log)
      else if ('failed' in message) reject(new Error(message.failed))
      else if ('listening' in message)
        resolve({
          url: message.listening,
          functions: message.functions,
          pid: child.pid ?? 0,
          runTimer: (timer) => ask({ id: 0, timer }),
          stop: async () => {
            isWanted = true
            await Promise.race([ask({ id: 0, stop: true }), gone]).catch(() => killNow())
            await gone
          },
          terminate: async (graceMs) => {
            isWanted = true
            child.kill('SIGTERM')
            const dying = setTimeout(killNow, graceMs)
            await gone
            clearTimeout(dying)
            return child.signalCode !== 'SIGKILL'
          },
          kill: async () => {
            isWanted = true
            killNow()
            await gone
          },
        })
    })
    void gone.then(() => reject(new Error(`the Functions host ended before it served:\n${text}`)))
  })
}

function requester(child: ChildProcess, gone: Promise<void>): (request: HostRequest) => Promise<void> {
  let last = 0
  const waiting = new Map<number, { resolve(): void; reject(error: Error): void }>()
  child.on('message', (message: HostAnswer) => {
    if (!('id' in message)) return
    const one = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.ok) one?.resolve()
    else one?.reject(new Error(message.error ?? 'failed'))
  })
  void gone.then(() => {
    for (const one of waiting.values()) one.reject(new Error('the Functions host ended'))
  })
  return (request) =>
    new Promise((resolve, reject) => {
      if (!child.connected) return reject(new Error('the Functions host ended'))
      last += 1
      waiting.set(last, { resolve, reject })
      child.send({ ...request, id: last })
    })
}
