/**
 * Starts one Azurite (blob, queue and table storage) as a child process on 127.0.0.1.
 *
 * The child never outlives this process: SIGTERM on `stop()`, SIGKILL when this process exits, and when this process
 * crashes without running exit handlers, the pipe on the child's standard input closes and the child exits.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { resolve as absolute } from 'node:path'

export interface AzuriteOptions {
  /** Directory to keep the data in. Absent: memory only, gone after `stop()`. */
  folder?: string
  /** Fixed ports; each one defaults to 0, any free port. */
  ports?: { blob?: number; queue?: number; table?: number }
  /**
   * How long the three services may take to listen, in milliseconds. Default 120 000: only what hangs takes so long.
   */
  startTimeoutMs?: number
}

export interface Azurite {
  /** A connection string for `@azure/storage-*` and `@azure/data-tables` (plain http). */
  connectionString: string
  pid: number
  /** Ends the child and resolves when it is gone. May be called more than once. */
  stop(): Promise<void>
}

const services = ['Blob', 'Queue', 'Table'] as const
type ServiceName = (typeof services)[number]
type Endpoints = Record<ServiceName, string>

// The public development account that every Azurite accepts; not a secret.
const accountName = 'devstoreaccount1'
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

const watchParentThenRun =
  "process.stdin.on('end',()=>process.exit(0)).on('error',()=>process.exit(0)).resume();require(process.argv[1])"

/** Starts Azurite and resolves once blob, queue and table listen. Throws with Azurite's own output when they do not. */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  const child = spawn(process.execPath, ['-e', watchParentThenRun, ...azuriteArguments(options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: tmpdir(),
  })
  const killNow = () => child.kill('SIGKILL')
  process.once('exit', killNow)
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    process.removeListener('exit', killNow)
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    const impatience = setTimeout(killNow, 3_000)
    await gone
    clearTimeout(impatience)
  }
  try {
    const endpoints = await listening(child, options.startTimeoutMs ?? 120_000)
    return { connectionString: connectionString(endpoints), pid: child.pid!, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function azuriteArguments(options: AzuriteOptions): string[] {
  const script = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js')
  const ports = options.ports ?? {}
  const flags = ['--silent', '--disableTelemetry', '--skipApiVersionCheck']
  flags.push(...(options.folder === undefined ? ['--inMemoryPersistence'] : ['--location', absolute(options.folder)]))
  for (const service of ['blob', 'queue', 'table'] as const) {
    flags.push(`--${service}Host`, '127.0.0.1', `--${service}Port`, String(ports[service] ?? 0))
  }
  return [script, ...flags]
}

function listening(child: ChildProcess, timeoutMs: number): Promise<Endpoints> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (why: string) => {
      clearTimeout(timer)
      reject(new Error(`Azurite did not start: ${why}\n${output.slice(-2_000)}`))
    }
    const timer = setTimeout(() => fail(`not listening after ${timeoutMs} ms`), timeoutMs)
    const read = (chunk: Buffer) => {
      if (output.length < 20_000) output += chunk.toString('utf8')
      const found = services.map((name) => [name, addressOf(name, output)] as const)
      if (!found.every(([, address]) => address)) return
      clearTimeout(timer)
      resolve(Object.fromEntries(found) as Endpoints)
    }
    child.stdout!.on('data', read)
    child.stderr!.on('data', read)
    child.once('error', (error) => fail(error.message))
    child.once('close', (code) => fail(`it ended with code ${code}`))
  })
}

function addressOf(service: ServiceName, output: string): string | undefined {
  return output.match(new RegExp(`${service} service is successfully listening at (http://\\S+)`))?.[1]
}

function connectionString(endpoints: Endpoints): string {
  const account = `DefaultEndpointsProtocol=http;AccountName=${accountName};AccountKey=${accountKey};`
  return account + services.map((name) => `${name}Endpoint=${endpoints[name]}/${accountName};`).join('')
}
