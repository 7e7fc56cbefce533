import { json, type Reply, type Request } from './loopback-server.js'

/**
 * `POST /__control` with `{"fail": {…}, "setRotation": "strict"}` calls those methods in order; GET only reads. Both
 * answer the counters, and with `?requests` the request log.
 */
export async function controlEndpoint(control: object, request: Request): Promise<Reply> {
  const methods = control as Record<string, unknown>
  const orders =
    request.method === 'POST' ? (JSON.parse(request.body.toString() || '{}') as Record<string, unknown>) : {}
  for (const [name, argument] of Object.entries(orders)) {
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined
    if (typeof method !== 'function') return json(400, { error: `No control is called ${name}` })
    await method(argument)
  }
  const requests = request.url.searchParams.has('requests') ? { requests: methods['requests'] } : {}
  return json(200, { counters: methods['counters'], ...requests })
}
