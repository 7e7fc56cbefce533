/** Reading request bodies and writing answers and cookies of buffered HTTP functions. */
import type http from 'node:http'
import type { RpcCookie, RpcHttp } from './functions-core.js'

/** Largest request body the platform takes, in bytes. */
export const bodyLimitBytes = 104_857_600

/** Thrown when a request body exceeds the limit. */
export class TooLarge extends Error {
  constructor() {
    super(`the request body exceeds ${bodyLimitBytes} bytes`)
  }
}

/** Reads a whole request body. Throws `TooLarge` beyond the limit, before reading when the length is announced. */
export async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > bodyLimitBytes) throw new TooLarge()
  const chunks: Buffer[] = []
  let size = 0
  // The connection stays open on the way out of this loop, so that the refusal can be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > bodyLimitBytes) throw new TooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Writes the answer of a function; a function without one answers 204. */
export function writeAnswer(response: http.ServerResponse, answer: RpcHttp | undefined, isHead: boolean): void {
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
  const bodyless = [204, 205, 304].includes(response.statusCode)
  if (!bodyless) response.setHeader('content-length', body?.length ?? 0)
  response.end(isHead || bodyless ? undefined : body)
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
