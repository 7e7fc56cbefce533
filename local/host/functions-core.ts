/**
 * The module `@azure/functions-core`, which the real worker supplies to `@azure/functions`.
 *
 * The library loads it with a plain `require` and caches it for the life of the process. So the module is installed
 * before the app is imported, there is one registry per process, and one process can run one app.
 */
import Module from 'node:module'

/** One value on the worker protocol; exactly one property is set. */
export interface RpcValue {
  string?: string
  json?: string
  bytes?: Uint8Array
  int?: number
  double?: number
  http?: RpcHttp
}

export interface RpcHttp {
  url?: string
  method?: string
  nullableHeaders?: Record<string, { value: string }>
  nullableQuery?: Record<string, { value: string }>
  nullableParams?: Record<string, { value: string }>
  headers?: Record<string, string>
  statusCode?: string
  cookies?: RpcCookie[]
  body?: RpcValue | null
}

export interface RpcCookie {
  name: string
  value: string
  domain?: { value: string }
  path?: { value: string }
  expires?: { value: { seconds: number } }
  secure?: { value: boolean }
  httpOnly?: { value: boolean }
  sameSite?: 'none' | 'lax' | 'strict' | 'explicitNone'
  maxAge?: { value: number }
}

/** What a function declared about one trigger, input or output. */
export interface Binding {
  type: string
  direction: 'in' | 'out'
  authLevel?: string
  methods?: string[]
  route?: string
  schedule?: string
  useMonitor?: boolean
  runOnStartup?: boolean
  queueName?: string
  connection?: string
  /** `binary`: the function gets the bytes of a message; else its text, or its value where that is JSON. */
  dataType?: string
}

export interface RetryOptions {
  retryStrategy: 'fixedDelay' | 'exponentialBackoff'
  maxRetryCount: number
  delayInterval?: { seconds: number }
  minimumInterval?: { seconds: number }
  maximumInterval?: { seconds: number }
}

export type Callback = (...args: unknown[]) => unknown

export interface RegisteredFunction {
  name: string
  bindings: Record<string, Binding>
  retryOptions?: RetryOptions
  callback: Callback
}

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical' | 'none'
export type CoreLog = (level: LogLevel, category: string, message: string) => void
type HookName = 'appStart' | 'appTerminate' | 'preInvocation' | 'postInvocation' | 'log'
type HookCallback = (context: Record<string, unknown>) => unknown

/** One run of one function, as the library wants to be driven. */
export interface InvocationModel {
  getArguments(): Promise<{ context: unknown; inputs: unknown[] }>
  invokeFunction(context: unknown, inputs: unknown[], handler: Callback): Promise<unknown>
  getResponse(context: unknown, result: unknown): Promise<RpcResponse>
}

export interface RpcResponse {
  outputData?: { name: string; data: RpcValue }[]
  returnValue?: RpcValue | null
}

export interface ProgrammingModel {
  name: string
  version: string
  getInvocationModel(coreContext: Record<string, unknown>): InvocationModel
  getCapabilities(capabilities: Record<string, string>): Promise<Record<string, string>>
}

/** Everything the app registered while it was imported. */
export interface LoadedApp {
  model: ProgrammingModel
  /** Capabilities the app asked for; `HttpUri` is present when it turned on HTTP streaming. */
  capabilities: Record<string, string>
  functions: RegisteredFunction[]
  runHooks(name: HookName, context: Record<string, unknown>): Promise<void>
  /** Log hooks are synchronous by contract: they may change `level` and `message` in place. */
  runLogHooks(context: Record<string, unknown>): void
  /** Allows the next host of this process to take over. */
  release(): void
}

const coreModuleId = '@azure/functions-core'
export const hostVersion = '4.1037.0'

const functions = new Map<string, RegisteredFunction>()
const hooks = new Map<HookName, HookCallback[]>()
let model: ProgrammingModel | undefined
let capabilities: Record<string, string> | undefined
let log: CoreLog = () => {}
let inUse = false

class Disposable {
  constructor(readonly dispose: () => void) {}
}

const coreModule = {
  version: '3.9.1',
  hostVersion,
  Disposable,
  registerFunction(metadata: Omit<RegisteredFunction, 'callback'>, callback: Callback): Disposable {
    if (capabilities) throw new Error(`function "${metadata.name}" was registered after the app had started`)
    if (functions.has(metadata.name)) throw new Error(`a function named "${metadata.name}" already exists`)
    functions.set(metadata.name, { ...metadata, callback })
    return new Disposable(() => functions.delete(metadata.name))
  },
  registerHook(name: HookName, callback: HookCallback): Disposable {
    const registered = hooks.get(name) ?? []
    hooks.set(name, [...registered, callback])
    return new Disposable(() => {
      hooks.set(name, hooks.get(name)?.filter((candidate) => candidate !== callback) ?? [])
    })
  },
  setProgrammingModel: (given: ProgrammingModel) => {
    model = given
  },
  getProgrammingModel: () => model,
  log: (level: LogLevel, category: string, message: string) => log(level, category, message),
}

const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown }
let supplied = false

function supplyCoreModule(): void {
  if (supplied) return
  supplied = true
  const loadOriginal = loader._load
  loader._load = (request, ...rest) =>
    request === coreModuleId ? coreModule : Reflect.apply(loadOriginal, loader, [request, ...rest])
}

/**
 * Imports the app through `load` and returns what it registered. The same app may be started again after `release()`:
 * its modules are cached, so the first registrations are used again. Throws when another host of this process still
 * runs, or when nothing was registered.
 */
export async function loadApp(load: () => Promise<unknown>, logTo: CoreLog): Promise<LoadedApp> {
  if (inUse) throw new Error('a functions host already runs in this process; stop it first')
  inUse = true
  log = logTo
  try {
    supplyCoreModule()
    await load()
    if (!model || functions.size === 0) {
      throw new Error(
        'the app registered no function: @azure/functions was imported before the host, or it was bundled without a working require("@azure/functions-core")',
      )
    }
    capabilities ??= await model.getCapabilities({})
  } catch (error) {
    inUse = false
    throw error
  }
  return {
    model,
    capabilities,
    functions: [...functions.values()],
    runHooks: async (name, context) => {
      for (const hook of hooks.get(name) ?? []) await hook(context)
    },
    runLogHooks: (context) => {
      for (const hook of hooks.get('log') ?? []) hook(context)
    },
    release: () => {
      inUse = false
      log = () => {}
    },
  }
}
