import { translate } from '../../diagnosis/translate.js'
import type { GatewayError } from '../../errors.js'
import type { ProviderRules } from '../../ports/provider.js'
import type { ReturnedAnswer } from './return-callback.js'

/** The provider's words choose the catalogue entry; they are never shown (SEC-11). */
export function providerError({ context }: ProviderRules, answer: ReturnedAnswer): GatewayError {
  const error = translate({
    context,
    oauthError: answer.error,
    ...(answer.suberror === '' ? {} : { suberror: answer.suberror }),
    text: `${answer.errorText} ${answer.subcode}`.trim(),
    operation: 'connect',
  })
  return error.with({ status: 400, peerLine: undefined })
}
