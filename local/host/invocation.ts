/**
 * One run of one function: arguments, preInvocation hooks, the handler, postInvocation hooks, response, queue outputs.
 * Outputs are written before the run counts as successful, so a queue message is deleted, and an HTTP caller answered,
 * only when everything the function produced is stored.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import type { LoadedApp, LogLevel, RegisteredFunction, RpcResponse, RpcValue } from './functions-core.js'

export interface InvocationInput {
  data: RpcValue
  triggerMetadata?: Record<string, RpcValue>
  retryContext?: { retryCount: number; maxRetryCount: number; exception?: { message: string } }
  invocationId?: string
  /** W3C trace context of the caller. */
  traceParent?: string
}

export type LogLine = (line: { level: string; category: string; message: string }) => void
export type WriteOutputs = (fn: RegisteredFunction, response: RpcResponse) => Promise<void>
export type Invoke = (fn: RegisteredFunction, input: InvocationInput) => Promise<RpcResponse>

/** Makes the function that runs functions of `app`. It rejects with the handler's error when a run fails. */
export function makeInvoke(app: LoadedApp, writeOutputs: WriteOutputs, log: LogLine): Invoke {
  return async (fn, input) => {
    const started = performance.now()
    const invocationId = input.invocationId ?? randomUUID()
    const finished = (how: string) =>
      `Executed 'Functions.${fn.name}' (${how}, Id=${invocationId}, Duration=${Math.round(performance.now() - started)}ms)`
    try {
      const response = await run(app, fn, { ...input, invocationId }, log)
      await writeOutputs(fn, response)
      log({ level: 'debug', category: `Function.${fn.name}`, message: finished('Succeeded') })
      return response
    } catch (error) {
      const why = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log({ level: 'error', category: `Function.${fn.name}`, message: `${finished('Failed')}\n${why}` })
      throw error
    }
  }
}

async function run(
  app: LoadedApp,
  fn: RegisteredFunction,
  input: InvocationInput & { invocationId: string },
  log: LogLine,
): Promise<RpcResponse> {
  const hookData = {}
  let context: unknown
  const coreContext = {
    invocationId: input.invocationId,
    metadata: fn,
    state: 'preInvocationHooks',
    request: {
      invocationId: input.invocationId,
      inputData: [{ name: triggerOf(fn).name, data: input.data }],
      triggerMetadata: input.triggerMetadata ?? {},
      retryContext: input.retryContext,
      traceContext: { traceParent: continueTrace(input.traceParent), traceState: '', attributes: {} },
    },
    log: (level: LogLevel, category: string, message: string) => {
      const entry = { level, category, message, invocationContext: context, hookData }
      app.runLogHooks(entry)
      const suffix = category === 'user' ? '.User' : ''
      log({ level: entry.level, category: `Function.${fn.name}${suffix}`, message: entry.message })
    },
  }
  const model = app.model.getInvocationModel(coreContext)
  const { context: invocationContext, inputs } = await model.getArguments()
  context = invocationContext
  const before = { hookData, invocationContext, inputs, functionCallback: fn.callback }
  await app.runHooks('preInvocation', before)

  coreContext.state = 'invocation'
  const after: Record<string, unknown> = { hookData, invocationContext, inputs: before.inputs }
  try {
    after['result'] = await model.invokeFunction(invocationContext, before.inputs, before.functionCallback)
  } catch (error) {
    after['error'] = error ?? new Error('the function failed without an error')
  }
  coreContext.state = 'postInvocationHooks'
  await app.runHooks('postInvocation', after)
  if (after['error'] !== undefined && after['error'] !== null) throw after['error']
  return model.getResponse(invocationContext, after['result'])
}

/** The trigger of a function, with its generated binding name. */
export function triggerOf(fn: RegisteredFunction) {
  const found = Object.entries(fn.bindings).find(([, binding]) => /trigger$/i.test(binding.type))
  if (!found) throw new Error(`function "${fn.name}" has no trigger`)
  return { name: found[0], binding: found[1] }
}

function continueTrace(traceParent: string | undefined): string {
  const given = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(traceParent ?? '')
  return `00-${given?.[1] ?? randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${given?.[2] ?? '00'}`
}
