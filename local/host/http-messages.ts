/** Reading request bodies and writing answers and cookies of buffered HTTP functions. */
import type http from 'node:http'
import type { RpcCookie, RpcHttp } from './functions-core.js'

/** Whether the real host lets a function see nothing of the body: it hands over only what Content-Length announced. */
export function dropsBody(request: http.IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || !(Number(request.headers['content-length']) > 0)
}

/**
 * Reads a whole request body; undefined when it exceeds the limit. The real host judges the size only when the upload
 * is over, also when it was announced.
 */
export async function readBody(request: http.IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limitBytes) chunks.length = 0
    else chunks.push(chunk)
  }
  return size > limitBytes ? undefined : Buffer.concat(chunks)
}

/**
 * What the real host's server refuses with a bare 400: other targets than a path, `%00` in it, headers beyond ASCII.
 */
export function isAcceptable({ url = '', rawHeaders }: http.IncomingMessage): boolean {
  return url.startsWith('/') && !url.split('?')[0]!.includes('%00') && rawHeaders.every((text) => plain.test(text))
}

const plain = /^[\t\x20-\x7e]*$/

/** Request headers, repeated ones joined by commas: Authorization and Cookie too. */
export function headersOf(request: http.IncomingMessage): Record<string, string> {
  const entries = Object.entries(request.headersDistinct).map(([name, values]) => [name, (values ?? []).join(',')])
  return Object.fromEntries(entries) as Record<string, string>
}

/** Writes the answer of a function; a function without one answers 204. */
export function writeAnswer(response: http.ServerResponse, answer: RpcHttp | undefined): void {
  if (!answer) {
    response.statusCode = 204
    response.end()
    return
  }
  response.statusCode = Number(answer.statusCode ?? 200)
  for (const [name, value] of Object.entries(answer.headers ?? {})) {
    // The host frames the message itself.
    if (!/^(transfer-encoding|connection|keep-alive|content-length)$/i.test(name)) response.setHeader(name, value)
  }
  if (answer.cookies?.length) response.setHeader('set-cookie', answer.cookies.map(serializeCookie))
  const body = answer.body?.bytes ?? (answer.body?.string === undefined ? undefined : Buffer.from(answer.body.string))
  // The real host writes what it has without counting it first: an answer with a body has no Content-Length.
  if (body && body.length > 0) response.write(body)
  response.end()
}

/** One Set-Cookie line, as ASP.NET Core writes it: value escaped, path `/` unless given, attributes in lower case. */
function serializeCookie(cookie: RpcCookie): string {
  const attributes = [
    `${encodeURIComponent(cookie.name)}=${escapeData(cookie.value)}`,
    cookie.expires && `expires=${new Date(cookie.expires.value.seconds * 1000).toUTCString()}`,
    cookie.maxAge && `max-age=${Math.trunc(cookie.maxAge.value)}`,
    cookie.domain && `domain=${cookie.domain.value}`,
    `path=${cookie.path?.value ?? '/'}`,
    cookie.secure?.value && 'secure',
    cookie.sameSite && cookie.sameSite !== 'none' && `samesite=${cookie.sameSite.replace('explicitNone', 'none')}`,
    cookie.httpOnly?.value && 'httponly',
  ]
  return attributes.filter(Boolean).join('; ')
}

// .NET also escapes the five characters that encodeURIComponent leaves alone.
function escapeData(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
}
