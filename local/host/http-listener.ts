/**
 * The HTTP front of the host: finds the function for a request, checks its key, runs it and writes its answer.
 *
 * As in the real host, the first function by name whose route and method match gets the request, however specific its
 * route is (azure-functions-host, FunctionMetadataManager and WebScriptHostHttpRoutesManager), and a body that came
 * without Content-Length does not reach it (azure-functions-host issue 7930).
 *
 * Without streaming, request and answer travel as whole buffers. If the app turned on `enableHttpStream`, the library
 * runs its own small server, and the host forwards the request to it while the invocation runs.
 */
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Binding, RegisteredFunction, RpcHttp } from './functions-core.js'
import { forwardToApp } from './http-forward.js'
import { dropsBody, headersOf, isAcceptable, readBody, writeAnswer } from './http-messages.js'
import type { Invoke } from './invocation.js'
import { compileRoute, type Route } from './routes.js'

export interface HttpFunction {
  fn: RegisteredFunction
  route: Route
  methods: string[]
  authLevel: string
}

export interface HttpListenerOptions {
  functions: HttpFunction[]
  port: number
  /** Where the library waits for forwarded requests when the app streams. */
  streamUri?: string
  maxOutstandingRequests: number
  /** Largest request body, in bytes. */
  bodyLimitBytes: number
  /** Answers 204 for `/` where no function answers, instead of the host's own page. */
  homepageDisabled: boolean
  keys: HostKeys
  invoke: Invoke
  /** Answers requests below `/admin/`; resolves to the status and JSON body. */
  admin(request: { method: string; path: string; body: string }): Promise<{ status: number; body?: unknown }>
  log(level: string, message: string): void
  /** Called after every request. */
  finished(): void
}

export interface HostKeys {
  /**
   * Tells whether `given` opens a function of that level: `function` takes function and master key, `admin` the master
   * key.
   */
  accepts(given: string | undefined, level: string): boolean
}

export interface HttpListener {
  port: number
  /** Answers 503 to new requests. */
  drain(): void
  /** Closes the port and what is left of connections. */
  close(): Promise<void>
}

// Request headers the real host takes, in bytes.
const headerLimitBytes = 32_768

/** The order in which the real host tries routes: by function name, capitals as small letters, by code unit. */
function byName(left: RegisteredFunction, right: RegisteredFunction): number {
  const [one, other] = [left.name.toUpperCase(), right.name.toUpperCase()]
  return one < other ? -1 : one > other ? 1 : 0
}

/** Prepares an HTTP trigger for routing. Throws when the real host would refuse the route. */
export function toHttpFunction(
  fn: RegisteredFunction,
  binding: Binding,
  template: string,
  prefix: string,
): HttpFunction {
  const full = [prefix, template.replace(/^\//, '')].filter((part) => part !== '').join('/')
  if (/^(admin|runtime)(\/|$)/i.test(full)) {
    throw new Error(`function "${fn.name}": the route "${full}" conflicts with one of the host's own`)
  }
  return {
    fn,
    route: compileRoute(full),
    methods: (binding.methods?.length ? binding.methods : ['GET', 'POST']).map((method) => method.toUpperCase()),
    authLevel: (binding.authLevel ?? 'anonymous').toLowerCase(),
  }
}

/** Listens on 127.0.0.1. */
export async function startHttpListener(options: HttpListenerOptions): Promise<HttpListener> {
  const functions = [...options.functions].sort((left, right) => byName(left.fn, right.fn))
  let outstanding = 0
  let draining = false

  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const url = isAcceptable(request) ? parseUrl(request) : undefined
    if (!url) return end(response.setHeader('connection', 'close'), 400)
    if (draining) return end(response.setHeader('connection', 'close'), 503)
    if (outstanding > options.maxOutstandingRequests) return end(response, 429)
    if (/^\/admin\/(host|functions)(\/|$)/i.test(url.pathname)) return answerAdmin(options, request, response, url)
    if (/^\/runtime\/webhooks(\/|$)/i.test(url.pathname)) return end(response, 401)
    for (const { fn, route, methods, authLevel } of functions) {
      if (!methods.includes(request.method ?? '')) continue
      const params = route.match(url.pathname)
      if (params === undefined) continue
      if (!options.keys.accepts(givenKey(request, url), authLevel)) return end(response, 401)
      if (options.streamUri) return forwardToApp(options, fn, params, request, response, url)
      return answerBuffered(options, fn, params, request, response, url)
    }
    if (url.pathname !== '/') return end(response, 404)
    if (options.homepageDisabled) return end(response, 204)
    response.setHeader('content-type', 'text/html')
    response.end('<!DOCTYPE html><title>Your Functions app is up and running</title>')
  }

  // The lenient parser takes Content-Length together with Transfer-Encoding, as the real host does.
  const server = http.createServer(
    { maxHeaderSize: headerLimitBytes, insecureHTTPParser: true },
    (request, response) => {
      outstanding++
      response.once('close', () => {
        outstanding--
        if (draining) setImmediate(() => server.closeIdleConnections())
      })
      answer(request, response)
        .catch((error: unknown) => {
          if (response.headersSent) response.destroy()
          else end(response.setHeader('connection', 'close'), error instanceof URIError ? 400 : 500)
        })
        .finally(options.finished)
    },
  )
  server.requestTimeout = 0
  // Longer than the pause of any client that keeps its connection, so that we never close it under a request.
  server.keepAliveTimeout = 65_000
  server.listen(options.port, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true
      server.closeIdleConnections()
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      // Answers that are still on their way get a moment; then the rest is cut.
      const cut = setTimeout(() => server.closeAllConnections(), 1_000)
      await closed
      clearTimeout(cut)
    },
  }
}

async function answerBuffered(
  options: HttpListenerOptions,
  fn: RegisteredFunction,
  params: Record<string, string>,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  url: URL,
): Promise<void> {
  const bytes = await bodyOf(request, options)
  if (bytes === undefined) {
    options.log('error', 'BadHttpRequestException: Request body too large.')
    return end(response, 500)
  }
  const data: RpcHttp = {
    url: url.href,
    method: request.method!,
    nullableHeaders: nullable(headersOf(request)),
    nullableQuery: nullable(joinedQuery(url)),
    nullableParams: nullable(params),
    ...(bytes.length > 0 ? { body: { bytes } } : {}),
  }
  const traceParent = request.headers['traceparent']
  const input = { data: { http: data }, ...(typeof traceParent === 'string' ? { traceParent } : {}) }
  const result = await options.invoke(fn, input)
  writeAnswer(response, result.returnValue?.http)
}

/** What the function gets to see of a body: nothing of one without Content-Length; undefined when it is too large. */
async function bodyOf(request: http.IncomingMessage, options: HttpListenerOptions): Promise<Buffer | undefined> {
  if (!dropsBody(request)) return readBody(request, options.bodyLimitBytes)
  request.resume()
  return Buffer.alloc(0)
}

async function answerAdmin(
  options: HttpListenerOptions,
  request: http.IncomingMessage,
  response: http.ServerResponse,
  url: URL,
): Promise<void> {
  if (!options.keys.accepts(givenKey(request, url), 'admin')) return end(response, 401)
  const body = (await bodyOf(request, options))?.toString('utf8')
  if (body === undefined) return end(response, 500)
  const result = await options.admin({ method: request.method ?? 'GET', path: url.pathname, body })
  response.statusCode = result.status
  if (result.body === undefined) return void response.end()
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(result.body))
}

// Plain concatenation: a path that starts with two slashes must not become a host name.
function parseUrl(request: http.IncomingMessage): URL | undefined {
  try {
    const url = new URL(`http://${request.headers.host ?? '127.0.0.1'}${request.url ?? '/'}`)
    // `Host: a@b` is no host; the real one refuses it before a function sees it.
    return url.username === '' && url.password === '' ? url : undefined
  } catch {
    return undefined
  }
}

function givenKey(request: http.IncomingMessage, url: URL): string | undefined {
  const header = request.headers['x-functions-key']
  return typeof header === 'string' ? header : (url.searchParams.get('code') ?? undefined)
}

// The .NET host hands repeated parameters over as one value joined by commas.
function joinedQuery(url: URL): Record<string, string> {
  const names = new Set(url.searchParams.keys())
  return Object.fromEntries([...names].map((name) => [name, url.searchParams.getAll(name).join(',')]))
}

function nullable(values: Record<string, string>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]))
}

function end(response: http.ServerResponse, status: number): void {
  response.statusCode = status
  response.end()
}
