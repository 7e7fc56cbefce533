/** Keys of the host and its endpoints below `/admin/`. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { hostVersion } from './functions-core.js'
import type { HostKeys } from './http-listener.js'

/**
 * Keys from the settings `FUNCTIONS_KEY` (opens level function) and `FUNCTIONS_MASTER_KEY` (opens everything). Without
 * the settings those levels stay shut.
 */
export function makeHostKeys(settings: Record<string, string>): HostKeys {
  const equals = (given: string, expected: string | undefined) => {
    if (!expected) return false
    const digest = (text: string) => createHash('sha256').update(text).digest()
    return timingSafeEqual(digest(given), digest(expected))
  }
  return {
    accepts: (given, level) => {
      if (level === 'anonymous') return true
      if (given === undefined) return false
      if (equals(given, settings['FUNCTIONS_MASTER_KEY'])) return true
      return level === 'function' && equals(given, settings['FUNCTIONS_KEY'])
    },
  }
}

export interface FunctionSummary {
  name: string
  type: 'http' | 'timer' | 'queue'
  /** With the route prefix, without leading slash. */
  route?: string
  methods?: string[]
  authLevel?: string
  schedule?: string
  queueName?: string
}

export interface HostAdminOptions {
  functions: FunctionSummary[]
  url(): string
  /** Starts a run in the background; `undefined` when a function of this type cannot be started by hand. */
  start(functionName: string, input: string): Promise<unknown> | undefined
}

/** Makes the handler of `/admin/host/status`, `/admin/functions` and `POST /admin/functions/{name}`. */
export function makeHostAdmin(options: HostAdminOptions) {
  const startedAt = performance.now()
  const status = () => ({
    id: 'local',
    state: 'Running',
    version: hostVersion,
    versionDetails: `${hostVersion} local`,
    processUptime: Math.round(performance.now() - startedAt),
  })
  const describe = (summary: FunctionSummary) => ({
    name: summary.name,
    isDisabled: false,
    ...(summary.type === 'http' ? { invoke_url_template: `${options.url()}/${summary.route}` } : {}),
    config: { bindings: [{ direction: 'in', ...summary, type: `${summary.type}Trigger` }] },
  })
  return async (request: {
    method: string
    path: string
    body: string
  }): Promise<{ status: number; body?: unknown }> => {
    const path = request.path.replace(/\/$/, '').toLowerCase()
    if (path === '/admin/host/status' && request.method === 'GET') return { status: 200, body: status() }
    if (path === '/admin/functions' && request.method === 'GET') {
      return { status: 200, body: options.functions.map(describe) }
    }
    const name = /^\/admin\/functions\/([^/]+)$/.exec(path)?.[1]
    const summary = options.functions.find((candidate) => candidate.name.toLowerCase() === name)
    if (!summary) return { status: 404 }
    if (request.method === 'GET') return { status: 200, body: describe(summary) }
    if (request.method !== 'POST') return { status: 405 }
    const input = inputOf(request.body)
    if (input === undefined) return { status: 400, body: { error: 'the body must be JSON such as {"input":"text"}' } }
    const run = options.start(summary.name, input)
    if (!run) return { status: 400, body: { error: `call ${options.url()}/${summary.route} instead` } }
    // The caller learns only that the run started; the host logs how it ends.
    run.catch(() => {})
    return { status: 202 }
  }
}

function inputOf(body: string): string | undefined {
  try {
    const { input } = JSON.parse(body || '{}') as { input?: unknown }
    return typeof input === 'string' ? input : JSON.stringify(input ?? '')
  } catch {
    return undefined
  }
}
