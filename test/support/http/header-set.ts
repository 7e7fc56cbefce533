/** A12: what every answer carries, whatever its route and status. The calls of all tests are checked on their way back. */
import type { HttpResponseInit } from '@azure/functions'
import { everyAnswer } from '../../../lib/http/request/security-headers.js'

/** Throws with all that is missing. */
export function assertHeaderSet({ status, headers }: HttpResponseInit, where: string): void {
  const given = new Headers(headers as Record<string, string>)
  const problems = Object.entries(everyAnswer)
    // Pages with forms of our own tell their origin to themselves (`same-origin`), to nobody else.
    .filter(
      ([name, value]) =>
        given.get(name) !== value && !(name === 'referrer-policy' && given.get(name) === 'same-origin'),
    )
    .map(([name]) => `${name}: ${given.get(name)}`)
  const policy = given.get('content-security-policy') ?? ''
  if (!/default-src 'none'.*frame-ancestors 'none'/.test(policy)) problems.push(`content-security-policy: ${policy}`)
  if (problems.length > 0) throw new Error(`${where} answers ${status} without the header set: ${problems.join(' · ')}`)
}
