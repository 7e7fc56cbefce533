import type { HttpRequest } from '@azure/functions'
import { invalidInput } from '../../errors.js'
import { mailJson, smallJson, strictJson } from '../../model/strict-json.js'
import { requireLength } from './length-required.js'

const largestSmall = 1_048_576

/**
 * The request's JSON body, bounded in bytes and in what it is made of (`strict-json.ts`). No bytes at all are an error,
 * or `whenEmpty`.
 */
export async function jsonBody(request: HttpRequest, maxBytes: number, whenEmpty?: object): Promise<unknown> {
  refuseOtherType(request)
  refuseCompressed(request)
  const announced = Number(request.headers.get('content-length') ?? '0')
  if (announced > maxBytes) throw tooLarge(maxBytes)
  // What says nothing of its length was admitted as nothing: no mail passes that way, on any host.
  if (maxBytes > largestSmall) requireLength(request)
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
  if (bytes.byteLength === 0) {
    if (whenEmpty === undefined || mentionsBody(request)) requireLength(request)
    if (whenEmpty !== undefined) return whenEmpty
    throw invalidInput('body', 'is empty; send a JSON object.')
  }
  return strictJson(new Uint8Array(bytes), maxBytes > largestSmall ? mailJson : smallJson)
}

/** What says that it is something else is not read as JSON; what says nothing is. */
function refuseOtherType({ headers }: HttpRequest): void {
  const type = headers.get('content-type') ?? ''
  // The platform's own word for a text of which the caller said nothing.
  if (type === '' || type === 'text/plain;charset=UTF-8') return
  if (/^application\/([\w.+-]+\+)?json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) return
  const message =
    'must be application/json (in UTF-8): send the header "content-type: application/json" and a JSON body.'
  throw invalidInput('content-type', message, { status: 415 })
}

/**
 * Nothing unpacks a body: a compressed one would be called bad JSON, and one that is not compressed says so wrongly.
 */
function refuseCompressed({ headers }: HttpRequest): void {
  if (/^(identity)?$/i.test(headers.get('content-encoding')?.trim() ?? '')) return
  const message = 'must be left out: the gateway does not decompress bodies; send yours without compression.'
  throw invalidInput('content-encoding', message, { status: 415 })
}

/** Where a body may be left out, one that was dropped must not pass for none. */
const mentionsBody = ({ headers }: HttpRequest): boolean =>
  headers.has('content-type') || headers.has('transfer-encoding')

function tooLarge(maxBytes: number): Error {
  return invalidInput('body', `is larger than the limit of ${maxBytes} bytes; send less.`, { status: 413 })
}
