import { createHash } from 'node:crypto'
import type { Cookie, HttpResponseInit } from '@azure/functions'
import { consoleStyle } from '../../pages/console/style.js'
import { everyAnswer } from '../request/security-headers.js'

const styleHash = createHash('sha256').update(consoleStyle).digest('base64')

/** Headers of every answer of the console (SEC-15): nothing loads but its own style, no framing, nothing is cached. */
const consoleHeaders: Readonly<Record<string, string>> = {
  ...everyAnswer,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

/** What a console function gives back: a page, where to go after an action, or its form again with what was refused. */
export type ConsoleAnswer = string | { redirect: string } | { form: string; status: number }

export function consoleAnswer(
  answer: ConsoleAnswer,
  requestId: string,
  { status = 200, cookies = [] }: { status?: number; cookies?: Cookie[] } = {},
): HttpResponseInit {
  const headers: Record<string, string> = { ...consoleHeaders, 'x-request-id': requestId }
  if (typeof answer === 'string') return { status, headers, body: answer, cookies }
  if ('form' in answer) return { status: answer.status, headers, body: answer.form, cookies }
  // 303: the browser follows with GET, so that reloading the page repeats no action.
  return { status: 303, headers: { ...headers, location: answer.redirect }, body: '', cookies }
}
