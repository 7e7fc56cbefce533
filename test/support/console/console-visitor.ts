/** A person with a real session of the console, as the browser and the host would bring their requests to a function. */
import { type HttpHandler, HttpRequest, type HttpResponseInit, InvocationContext } from '@azure/functions'
import type { Gateway } from '../../../lib/gateway.js'
import { formToken, newSession, sealSession } from '../../../lib/http/console/console-session.js'

export interface ConsoleVisit {
  /** With its query. */
  path: string
  params?: Record<string, string>
  /** Absent: GET. */
  form?: Record<string, string>
}

const formType = { 'content-type': 'application/x-www-form-urlencoded' }

export type Visitor = (
  handler: HttpHandler,
  visit: ConsoleVisit,
) => Promise<{ status: number; location: string; body: string; headers: Record<string, string> }>

export async function consoleVisitor(gateway: Gateway, key: string): Promise<Visitor> {
  const session = newSession(key, Date.now())
  await gateway.admin.beginConsoleSession(await gateway.authenticate(key), session)
  const cookie = `__Host-console=${sealSession(await gateway.sealer(), session)}`
  return async (handler, { path, params = {}, form }) => {
    const body = form && new URLSearchParams({ csrf: formToken(session), ...form }).toString()
    const url = new URL(path, gateway.config.publicBaseUrl)
    const request = new HttpRequest({
      method: body === undefined ? 'GET' : 'POST',
      url: url.href,
      query: Object.fromEntries(url.searchParams),
      params,
      headers: { cookie, ...(body === undefined ? {} : { ...formType, 'content-length': String(body.length) }) },
      ...(body === undefined ? {} : { body: { string: body } }),
    })
    const context = new InvocationContext({ logHandler: () => undefined })
    const answer = (await handler(request, context)) as HttpResponseInit
    const headers = answer.headers as Record<string, string>
    return {
      status: answer.status ?? 200,
      location: headers['location'] ?? '',
      body: String(answer.body ?? ''),
      headers,
    }
  }
}
