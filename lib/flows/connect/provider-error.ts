import { translate } from '../../diagnosis/translate.js'
import type { GatewayError } from '../../errors.js'
import type { ProviderRules } from '../../ports/provider.js'
import type { ReturnedAnswer } from './return-callback.js'

/** The provider's words choose the catalogue entry; no page shows them (SEC-11), the log keeps them (M-127). */
export function providerError({ context }: ProviderRules, answer: ReturnedAnswer): GatewayError {
  const trace = traceIn(answer.errorText)
  const error = translate({
    context,
    oauthError: answer.error,
    ...(answer.suberror === '' ? {} : { suberror: answer.suberror }),
    text: `${answer.errorText} ${answer.subcode}`.trim(),
    operation: 'connect',
    ...(trace ? { trace } : {}),
  })
  return error.with({ status: 400 })
}

/** A redirect carries Microsoft's ids only at the end of its text, one behind the other. */
function traceIn(text: string): Record<string, string> | undefined {
  const found = [
    ...text.slice(0, 4_000).matchAll(/\b(Trace ID|Correlation ID|Timestamp): ([\w:-]{1,40}(?: \d\d:[\d:]{2,9}Z)?)/g),
  ]
  if (found.length === 0) return undefined
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name.toLowerCase().replace(' ', '_'), value]))
}
