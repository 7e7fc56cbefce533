import type { HttpRequest } from '@azure/functions'
import { invalidInput } from '../../errors.js'
import { requireLength } from './length-required.js'
import { requireFewFields } from './query-limits.js'

const longest = 65_536

/** Fields of a form post, bounded; anything but a plain form is refused. */
export async function formBody(request: HttpRequest): Promise<URLSearchParams> {
  requireFormType(request)
  if (Number(request.headers.get('content-length') ?? '0') > longest) throw tooLarge()
  const text = await request.text()
  if (text === '') requireLength(request)
  if (text.length > longest) throw tooLarge()
  requireFewFields(text)
  return new URLSearchParams(text)
}

/** Another type is sent by no form of ours, and some of them by other sites without asking. */
export function requireFormType(request: HttpRequest): void {
  const type = (request.headers.get('content-type') ?? '').toLowerCase()
  if (!type.startsWith('application/x-www-form-urlencoded')) throw invalidInput('body', 'must be a form.')
}

/** One field; an absent or doubled one is empty. */
export function fieldOf(form: URLSearchParams, name: string): string {
  const values = form.getAll(name)
  return values.length === 1 ? values[0]! : ''
}

const tooLarge = (): Error => invalidInput('body', `is larger than the limit of ${longest} bytes.`, { status: 413 })

/** As a form posts them, or as an address carries them. */
export const parametersOf = (request: HttpRequest): Promise<URLSearchParams> | URLSearchParams =>
  request.method === 'POST' ? formBody(request) : new URL(request.url).searchParams
