import type { HttpRequest } from '@azure/functions'
import { invalidInput } from '../errors.js'
import { requireLength } from './length-required.js'

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype'])

/** The request's JSON body, bounded in size; keys that could reach a prototype are refused at any depth (SEC-23). No bytes at all are an error, or `whenEmpty`. */
export async function jsonBody(request: HttpRequest, maxBytes: number, whenEmpty?: object): Promise<unknown> {
  const announced = Number(request.headers.get('content-length') ?? '0')
  if (announced > maxBytes) throw tooLarge(maxBytes)
  const bytes = await request.arrayBuffer()
  if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
  if (bytes.byteLength === 0) {
    if (whenEmpty === undefined || mentionsBody(request)) requireLength(request)
    if (whenEmpty !== undefined) return whenEmpty
    throw invalidInput('body', 'is empty; send a JSON object.')
  }
  let hostile: string | undefined
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), (key, inner) => {
      if (forbiddenKeys.has(key)) hostile = key
      return inner
    })
  } catch {
    throw invalidInput('body', 'is not valid JSON in UTF-8; check quotes, commas and the encoding.')
  }
  if (hostile !== undefined) throw invalidInput(hostile, 'is not an allowed key.')
  return value
}

/** Where a body may be left out, one that was dropped must not pass for none. */
const mentionsBody = ({ headers }: HttpRequest): boolean =>
  headers.has('content-type') || headers.has('transfer-encoding')

function tooLarge(maxBytes: number): Error {
  return invalidInput('body', `is larger than the limit of ${maxBytes} bytes; send less.`, { status: 413 })
}
